//! Sounds on pages: their names and pictures.

use anyhow::ensure;
use mynah_report::figure::Mel;
use mynah_signal::{MelExtractor, MelProfile, Waveform};

/// Computes the spectrogram of a waveform, without a title.
pub(crate) fn picture(waveform: &Waveform) -> anyhow::Result<Mel> {
    // Of the samples: the floor of a logarithm may hide what is not a number.
    let is_finite = waveform.samples().iter().all(|sample| sample.is_finite());
    ensure!(is_finite, "it has samples that are not finite numbers");
    let config = MelProfile::Vits.config(waveform.sample_rate());
    let hop_seconds = config.hop_length as f64 / f64::from(waveform.sample_rate());
    let mel = MelExtractor::new(&config)?.log_mel(waveform.samples());
    let n_bands = mel.n_bins();
    let values = mel.into_data();
    Ok(Mel { title: String::new(), n_bands, hop_seconds, values, labels: Vec::new() })
}

/// Replaces the characters of a name that a URL would have to escape.
pub(crate) fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_only_numbers() {
        let picture = |sample: f32| picture(&Waveform::new(vec![sample; 4000], 22_050));
        let mel = picture(0.1).unwrap();
        assert_eq!((mel.n_bands, mel.values.len()), (80, 80 * (4000 / 256)));
        assert!(picture(f32::NAN).unwrap_err().to_string().contains("not finite"));
    }

    #[test]
    fn names_need_no_escapes() {
        assert_eq!(plain("a b/ü.1"), "a_b__.1");
    }
}
