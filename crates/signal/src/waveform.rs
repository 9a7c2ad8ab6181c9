//! One channel of sound.

/// Samples of one channel and their sample rate.
///
/// Full scale is 1. Samples of integer files lie in [-1, 1); those of floating-point files and of synthesis
/// may lie outside, and are clipped only when encoded.
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
    /// Wraps samples at `sample_rate` hertz.
    #[must_use]
    pub fn new(samples: Vec<f32>, sample_rate: u32) -> Self {
        Self { samples, sample_rate }
    }

    /// Returns the samples.
    #[must_use]
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// Consumes the waveform and returns its samples.
    #[must_use]
    pub fn into_samples(self) -> Vec<f32> {
        self.samples
    }

    /// Returns the sample rate in hertz.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Returns the number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Returns true if there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Returns the duration in seconds: samples / sample rate, or 0 if the rate is 0, which no decoded file
    /// has.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        if self.sample_rate == 0 { 0.0 } else { self.samples.len() as f64 / f64::from(self.sample_rate) }
    }
}
