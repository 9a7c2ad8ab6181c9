//! One channel of sound.

/// One channel of samples and the rate at which they were taken.
///
/// Full scale is 1: samples of integer files lie in [-1, 1), those of floating-point files and of synthesis may lie
/// outside, and are clipped only when they are encoded.
///
/// # Examples
///
/// ```
/// use mynah_signal::Waveform;
///
/// let waveform = Waveform::new(vec![0.0; 11_025], 22_050);
/// assert_eq!(waveform.len(), 11_025);
/// assert_eq!(waveform.seconds(), 0.5);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Waveform {
    samples: Vec<f32>,
    sample_rate: u32,
}

impl Waveform {
    /// Takes samples at `sample_rate` hertz.
    #[must_use]
    pub fn new(samples: Vec<f32>, sample_rate: u32) -> Self {
        Self { samples, sample_rate }
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// Gives the samples away.
    #[must_use]
    pub fn into_samples(self) -> Vec<f32> {
        self.samples
    }

    /// Samples per second.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// The number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The duration: samples / sample rate; 0 when the rate is 0, which no decoded file has.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        if self.sample_rate == 0 { 0.0 } else { self.samples.len() as f64 / f64::from(self.sample_rate) }
    }
}
