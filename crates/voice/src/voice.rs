//! Voices.

use std::path::Path;

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use mynah_ops::Precision;
use mynah_signal::Waveform;
use mynah_text::Symbol;

use crate::Error;
use crate::builder::Builder;
use crate::naturalspeech::Speaker;
use crate::speak::SpeakConfig;
use crate::tensors::MODEL_FILE;
use crate::vits::Vits;
use crate::voice_file::{Architecture, VoiceInfo, read_symbols, read_voice};

/// Trained model with its vocabulary.
#[derive(Debug)]
pub struct Voice {
    info: VoiceInfo,
    model: Model,
}

#[derive(Debug)]
enum Model {
    NaturalSpeech(Box<Speaker>),
    Vits(Box<Vits>),
}

impl Voice {
    /// Opens the voice in a directory.
    ///
    /// # Errors
    ///
    /// Fails if a file is missing, malformed or inconsistent with the others; the weights must match the fingerprint
    /// and be finite.
    pub fn open(directory: &Path, device: &Device) -> Result<Self, Error> {
        let (info, tensors) = read_voice(directory, device)?;
        let path = directory.join(MODEL_FILE);
        let vb = Builder::new(VarBuilder::from_tensors(tensors, DType::F32, device), Precision::F32);
        let model = match &info.architecture {
            Architecture::NaturalSpeech { model, memory } => {
                let (vocabulary, sup_phones) = read_symbols(directory)?;
                let speaker = Speaker::new(model, *memory, vocabulary, sup_phones, &vb);
                Model::NaturalSpeech(Box::new(speaker.map_err(Error::file(&path))?))
            }
            Architecture::Vits(vits) | Architecture::Heatz(vits) => {
                Model::Vits(Box::new(Vits::new(vits, &vb).map_err(Error::file(&path))?))
            }
        };
        Ok(Self { info, model })
    }

    /// Returns the model of an imported voice, which also speaks characters.
    #[must_use]
    pub fn vits(&self) -> Option<&Vits> {
        match &self.model {
            Model::Vits(vits) => Some(vits),
            Model::NaturalSpeech(_) => None,
        }
    }

    /// Returns the contents of `voice.toml`.
    #[must_use]
    pub fn info(&self) -> &VoiceInfo {
        &self.info
    }

    /// Speaks a sequence of symbols; `word_index` is the word of each.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if there are no symbols, [`Error::Config`] for settings out of range
    /// ([`SpeakConfig::validate`]), and [`Error::Durations`] for excessive durations.
    pub fn speak(
        &self,
        symbols: &[Symbol],
        word_index: &[Option<u32>],
        config: &SpeakConfig,
    ) -> Result<Waveform, Error> {
        if symbols.is_empty() {
            return Err(Error::Empty { why: "there are no symbols to speak" });
        }
        let wave = match &self.model {
            Model::NaturalSpeech(speaker) => speaker.speak(symbols, word_index, config)?,
            Model::Vits(vits) => vits.speak(symbols, config)?.wave,
        };
        Ok(Waveform::new(wave, self.info.audio.sample_rate))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use candle_core::Tensor;
    use mynah_ops::testing::device;
    use mynah_text::{SupPhones, Vocabulary, parse_phones};

    use super::*;
    use crate::blocks::VocabularySizes;
    use crate::naturalspeech::NaturalSpeech;
    use crate::naturalspeech::tests::{AUDIO, small};
    use crate::parameters::Parameters;
    use crate::voice_file::{SUP_PHONES_FILE, VOCABULARY_FILE, VOICE_FILE, write_voice};

    /// Builds an untrained voice of NaturalSpeech.
    fn untrained() -> Voice {
        let vocabulary = Vocabulary::arpabet();
        let sup_phones = SupPhones::train([(parse_phones("HH AH0 L OW1").unwrap(), 9)], 2);
        let sizes = VocabularySizes { symbols: vocabulary.len(), sup_phones: sup_phones.len() };
        let parameters = Parameters::new(1, DType::F32, &device());
        NaturalSpeech::new(&small(), sizes, &parameters.builder()).unwrap();
        let info = VoiceInfo {
            step: 0,
            fingerprint: String::new(),
            pronunciation: None,
            audio: AUDIO,
            architecture: Architecture::NaturalSpeech { model: Box::new(small()), memory: true },
        };
        let (symbols, spans) = (vocabulary.to_json(), sup_phones.to_json());
        let texts = [(VOCABULARY_FILE, symbols.as_bytes()), (SUP_PHONES_FILE, spans.as_bytes())];
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("voice");
        write_voice(info, parameters.tensors(), &texts, &out).unwrap();
        Voice::open(&out, &device()).unwrap()
    }

    #[test]
    fn weights_that_are_not_finite_are_neither_written_nor_spoken() {
        let voice = untrained();
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("voice");
        let broken = || {
            let tensor = Tensor::new(&[1.0_f32, f32::NAN], &device()).unwrap();
            BTreeMap::from([("decoder.bias".to_owned(), tensor)])
        };
        let error = write_voice(voice.info.clone(), broken(), &[], &out).unwrap_err();
        assert!(matches!(&error, Error::NotFinite { name, .. } if name == "decoder.bias"), "{error}");
        assert!(!out.exists());

        std::fs::create_dir(&out).unwrap();
        let weights = out.join(MODEL_FILE);
        crate::tensors::write_tensors(&weights, broken()).unwrap();
        let fingerprint = blake3::hash(&std::fs::read(&weights).unwrap()).to_hex().to_string();
        let info = VoiceInfo { fingerprint, ..voice.info.clone() };
        std::fs::write(out.join(VOICE_FILE), toml::to_string(&info).unwrap()).unwrap();
        let error = Voice::open(&out, &device()).unwrap_err();
        assert!(matches!(error, Error::NotFinite { .. }), "{error}");
    }

    #[test]
    fn naturalspeech_respects_the_limits_of_every_voice() {
        let voice = untrained();
        let symbols: Vec<Symbol> =
            parse_phones("HH AH0 L OW1").unwrap().into_iter().map(Symbol::Phone).collect();
        let speak = |symbols: &[Symbol], config: SpeakConfig| {
            voice.speak(symbols, &vec![None; symbols.len()], &config)
        };
        let plain = SpeakConfig::default();
        let short = speak(&symbols, plain).unwrap();
        assert!(!short.samples().is_empty());
        let slow = speak(&symbols, SpeakConfig { length_scale: 3.0, ..plain }).unwrap();
        assert!(slow.samples().len() > short.samples().len());
        for length_scale in [20_000.0, 1e9, 0.0, f64::INFINITY, f64::NAN] {
            let error = speak(&symbols, SpeakConfig { length_scale, ..plain }).unwrap_err().to_string();
            assert!(error.contains("length_scale"), "{error}");
        }
        for noise in [1e30, -1.0, f64::INFINITY, f64::NAN] {
            for config in [
                SpeakConfig { noise_scale: noise, ..plain },
                SpeakConfig { duration_noise_scale: noise, ..plain },
            ] {
                let error = speak(&symbols, config).unwrap_err().to_string();
                assert!(error.contains("noise_scale"), "{error}");
            }
        }
        // Too many frames at a scale that is allowed.
        let long = symbols.repeat(1_000);
        let error = speak(&long, SpeakConfig { length_scale: 100.0, ..plain }).unwrap_err();
        assert!(matches!(error, Error::Durations { .. }), "{error}");
        assert!(matches!(speak(&[], plain), Err(Error::Empty { .. })));
    }
}
