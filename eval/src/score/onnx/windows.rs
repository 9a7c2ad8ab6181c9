//! Windows of a sound, as graphs with inputs of a fixed length take them.

use serde::{Deserialize, Serialize};

/// Arrangement of the windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Windows {
    /// Every window that fits; a shorter sound is repeated until it fills one.
    #[default]
    All,
    /// Those of DNSMOS: a shorter sound is doubled until it fills one, the rest after the last whole hop is left out, and so is a
    /// window that loses a sample because its end in seconds is rounded.
    Dnsmos,
}

/// Returns the windows of a sound, of which there is at least one; the whole sound if no length is given.
#[cfg(any(feature = "onnx", test))]
pub(super) fn windows(
    samples: &[f32],
    sample_rate: u32,
    (window, hop): (Option<f64>, Option<f64>),
    arrangement: Windows,
) -> Vec<Vec<f32>> {
    let Some(window) = window else { return vec![samples.to_vec()] };
    let rate = f64::from(sample_rate);
    let hop = hop.unwrap_or(window);
    let length = match arrangement {
        Windows::All => (window * rate).round() as usize,
        Windows::Dnsmos => (window * rate) as usize,
    };
    let mut samples = samples.to_vec();
    if samples.is_empty() {
        return Vec::new();
    }
    while samples.len() < length {
        let missing = match arrangement {
            Windows::All => length - samples.len(),
            Windows::Dnsmos => samples.len(),
        };
        samples.extend_from_within(..missing.min(samples.len()));
    }
    let starts: Vec<usize> = match arrangement {
        // A hop has a sample or more, so there are no more windows than samples.
        Windows::All => (0..samples.len())
            .map(|index| (index as f64 * hop * rate).round() as usize)
            .take_while(|start| start + length <= samples.len())
            .collect(),
        Windows::Dnsmos => {
            // As the package rounds, so that no window more or less is in the mean.
            let whole = (samples.len() as f64 / rate / hop).floor() * hop;
            let count = ((whole - window) / hop) as i32 + 1;
            (0..count)
                .map(|index| (f64::from(index) * hop * rate, (f64::from(index) * hop + window) * rate))
                .map(|(start, end)| (start as usize, (end as usize).min(samples.len())))
                .filter(|(start, end)| end - start >= length)
                .map(|(start, _)| start)
                .collect()
        }
    };
    starts.into_iter().map(|start| samples[start..start + length].to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the first samples and the common length of the windows of a rising sound.
    fn starts(n: u16, rate: u32, window: f64, hop: f64, arrangement: Windows) -> (Vec<f32>, usize) {
        let samples: Vec<f32> = (0..n).map(f32::from).collect();
        let found = windows(&samples, rate, (Some(window), Some(hop)), arrangement);
        assert!(found.iter().all(|window| window.len() == found[0].len()));
        (found.iter().map(|window| window[0]).collect(), found[0].len())
    }

    #[test]
    fn all_windows_that_fit_are_taken() {
        assert_eq!(starts(10, 1, 4.0, 2.0, Windows::All), (vec![0.0, 2.0, 4.0, 6.0], 4));
        assert_eq!(starts(11, 1, 4.0, 3.0, Windows::All), (vec![0.0, 3.0, 6.0], 4));
        assert_eq!(starts(4, 1, 4.0, 3.0, Windows::All), (vec![0.0], 4));
        let short = windows(&[1.0, 2.0, 3.0], 1, (Some(8.0), None), Windows::All);
        assert_eq!(short, [[1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0]]);
        assert_eq!(windows(&[1.0, 2.0], 1, (None, None), Windows::All), [[1.0, 2.0]]);
        assert!(windows(&[], 1, (Some(8.0), None), Windows::All).is_empty());
    }

    /// The beginnings of the windows of `speechmos`, with its own rounding: `int(idx * 16000)` to `int((idx + 9.01) * 16000)`.
    #[test]
    fn windows_of_dnsmos_are_those_of_the_package() {
        let count = |n: usize| windows(&vec![0.5; n], 16_000, (Some(9.01), Some(1.0)), Windows::Dnsmos).len();
        // Printed by a loop of Python over the lines of the package.
        for (n, expected) in [
            (144_160, 1),
            (144_159, 7),
            (159_999, 1),
            (176_000, 2),
            (175_999, 1),
            (80_000, 1),
            (28_000, 5),
            (16_000, 7),
            (320_000, 7),
            (560_000, 9),
            (1, 7),
        ] {
            assert_eq!(count(n), expected, "{n}");
        }
    }
}
