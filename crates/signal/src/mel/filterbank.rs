//! Triangular bands on Slaney's mel scale.

use crate::{Error, MelConfig};

/// Hertz per mel in the linear part of Slaney's scale.
const LINEAR_HZ_PER_MEL: f64 = 200.0 / 3.0;
/// Frequency at which the scale changes from linear to logarithmic.
const LOGARITHMIC_FROM_HZ: f64 = 1000.0;
/// Number of mels per factor of 6.4 in the logarithmic part.
const MELS_PER_FACTOR: f64 = 27.0;
/// Frequency ratio of the definition above.
const FACTOR: f64 = 6.4;

/// One band, with its weights over the bins it touches.
#[derive(Debug, Clone)]
pub(super) struct Band {
    pub(super) first_bin: usize,
    pub(super) weights: Vec<f32>,
}

/// Computes the bands of a configuration, lowest first.
///
/// ```text
/// weight_m(f) = 2 / (e_{m+2} - e_m) · max(0, min((f - e_m) / (e_{m+1} - e_m), (e_{m+2} - f) / (e_{m+2} - e_{m+1})))
/// ```
///
/// The edges `e` are equally spaced on the mel scale from `f_min_hz` to `f_max_hz`; the bins are at `bin ·
/// sample_rate / n_fft`. The leading factor (Slaney's area norm) gives every band the same area over hertz.
pub(super) fn bands(config: &MelConfig) -> Result<Vec<Band>, Error> {
    let nyquist = f64::from(config.sample_rate) / 2.0;
    let (low, high) = (config.f_min_hz, config.f_max_hz.unwrap_or(nyquist));
    if config.sample_rate == 0 {
        return Err(Error::setting("sample_rate", "0 is not a sample rate"));
    }
    if config.n_mels == 0 || config.n_mels > config.n_fft / 2 {
        let why = format!("{} is not between 1 and half of `n_fft`, {}", config.n_mels, config.n_fft / 2);
        return Err(Error::setting("n_mels", why));
    }
    if !(high > 0.0 && high <= nyquist) {
        let why =
            format!("expected a value above 0 and at most half the sample rate ({nyquist}), got {high}");
        return Err(Error::setting("f_max_hz", why));
    }
    if !(low >= 0.0 && low < high) {
        return Err(Error::setting(
            "f_min_hz",
            format!("expected a value from 0 to below `f_max_hz` ({high}), got {low}"),
        ));
    }

    let (low_mel, high_mel) = (hz_to_mel(low), hz_to_mel(high));
    let step = (high_mel - low_mel) / (config.n_mels + 1) as f64;
    let edges: Vec<f64> =
        (0..config.n_mels + 2).map(|index| mel_to_hz(low_mel + step * index as f64)).collect();
    let bin_hz = f64::from(config.sample_rate) / config.n_fft as f64;
    edges
        .windows(3)
        .enumerate()
        .map(|(index, edge)| {
            let area_norm = 2.0 / (edge[2] - edge[0]);
            let weight = |bin: usize| {
                let f = bin as f64 * bin_hz;
                let rising = (f - edge[0]) / (edge[1] - edge[0]);
                let falling = (edge[2] - f) / (edge[2] - edge[1]);
                (rising.min(falling) * area_norm) as f32
            };
            let first_bin = (0..=config.n_fft / 2).find(|&bin| weight(bin) > 0.0);
            let Some(first_bin) = first_bin else {
                let why = format!("band {index} of {} falls between two bins", config.n_mels);
                return Err(Error::setting("n_mels", why));
            };
            let weights = (first_bin..=config.n_fft / 2).map(weight).take_while(|&w| w > 0.0).collect();
            Ok(Band { first_bin, weights })
        })
        .collect()
}

/// Converts hertz to Slaney's mel scale: linear up to 1000 Hz, logarithmic above.
fn hz_to_mel(hz: f64) -> f64 {
    if hz < LOGARITHMIC_FROM_HZ {
        hz / LINEAR_HZ_PER_MEL
    } else {
        LOGARITHMIC_FROM_HZ / LINEAR_HZ_PER_MEL
            + (hz / LOGARITHMIC_FROM_HZ).ln() / FACTOR.ln() * MELS_PER_FACTOR
    }
}

/// Inverts [`hz_to_mel`].
fn mel_to_hz(mel: f64) -> f64 {
    let turn = LOGARITHMIC_FROM_HZ / LINEAR_HZ_PER_MEL;
    if mel < turn {
        mel * LINEAR_HZ_PER_MEL
    } else {
        LOGARITHMIC_FROM_HZ * ((mel - turn) / MELS_PER_FACTOR * FACTOR.ln()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MelProfile;

    #[test]
    fn mel_to_hz_inverts_hz_to_mel() {
        for hz in [0.0, 60.0, 999.0, 1000.0, 1001.0, 11_025.0] {
            assert!((mel_to_hz(hz_to_mel(hz)) - hz).abs() < 1e-9, "{hz}");
        }
        // librosa 0.11.0: hz_to_mel(6400) = 15 + 27.
        assert!((hz_to_mel(6400.0) - 42.0).abs() < 1e-12);
    }

    #[test]
    fn rejects_impossible_bands() {
        let check = |config: MelConfig, expected| match bands(&config) {
            Err(Error::Setting { setting, .. }) => assert_eq!(setting, expected),
            _ => panic!("{expected} was accepted"),
        };
        let good = MelProfile::Vits.config(22_050);
        check(MelConfig { sample_rate: 0, ..good.clone() }, "sample_rate");
        check(MelConfig { n_mels: 0, ..good.clone() }, "n_mels");
        check(MelConfig { f_max_hz: Some(11_026.0), ..good.clone() }, "f_max_hz");
        check(MelConfig { f_max_hz: Some(f64::NAN), ..good.clone() }, "f_max_hz");
        check(MelConfig { f_min_hz: -1.0, ..good.clone() }, "f_min_hz");
        check(MelConfig { f_min_hz: 11_025.0, ..good.clone() }, "f_min_hz");
        check(MelConfig { n_mels: usize::MAX, ..good.clone() }, "n_mels");
        check(MelConfig { n_mels: 400, ..good }, "n_mels");
        check(MelProfile::Hifigan.config(8000), "f_max_hz");
    }
}
