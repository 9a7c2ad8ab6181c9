//! Files of other codecs, against the decoders of libsndfile and `FFmpeg`.

use std::path::Path;

use mynah_signal::{Error, Recording, wav};
use mynah_testkit::golden;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    step: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    file: String,
    sample_rate: u32,
    n_samples: usize,
    samples: Vec<f64>,
}

impl Case {
    fn bytes(&self) -> Vec<u8> {
        let pairs = self.file.as_bytes().chunks_exact(2);
        pairs
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).expect("digits"), 16).expect("digits"))
            .collect()
    }

    fn decode(&self) -> Result<Recording, Error> {
        Recording::decode(&self.bytes(), Path::new(&self.name))
    }
}

fn cases() -> Golden {
    golden("signal/compressed.json")
}

/// Largest difference of a sample between two decoders. Both round differently; G.711 and PCM are exact.
fn tolerance(name: &str) -> f64 {
    match name {
        "a-law" | "mu-law" | "rf64" => 0.0,
        _ => 5e-5,
    }
}

#[test]
fn decodes_as_other_decoders_do() {
    let Golden { step, cases } = cases();
    for case in &cases {
        let recording = case.decode().unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!((recording.n_channels(), recording.sample_rate()), (1, case.sample_rate), "{}", case.name);
        assert_eq!(recording.n_samples(), case.n_samples, "{}", case.name);
        let samples = recording.into_samples();
        for (index, expected) in case.samples.iter().enumerate() {
            let difference = (f64::from(samples[index * step]) - expected).abs();
            let allowed = tolerance(&case.name) + 1e-7;
            assert!(difference <= allowed, "{}: sample {} differs by {difference}", case.name, index * step);
        }
    }
}

#[test]
fn a_cut_or_damaged_file_is_an_error() {
    for case in cases().cases {
        let bytes = case.bytes();
        for part in [bytes.len() / 2, bytes.len() / 5, 20] {
            let path = Path::new("cut");
            match Recording::decode(&bytes[..part], path) {
                Err(error) => assert!(error.to_string().contains("`cut`"), "{}: {error}", case.name),
                // A bare stream of frames does not tell how many there were.
                Ok(recording) => {
                    assert!(matches!(case.name.as_str(), "adts" | "vorbis" | "opus"), "{} {part}", case.name);
                    assert!(recording.n_samples() < case.n_samples, "{} {part}", case.name);
                }
            }
        }
    }
}

#[test]
fn sizes_that_a_pipe_leaves_promise_nothing() {
    let samples: Vec<f32> = (0..1000).map(|n| (n as f32 * 0.1).sin() * 0.5).collect();
    let whole = wav::encode_pcm16(&mynah_signal::Waveform::new(samples.clone(), 16_000));
    for size in [u32::MAX, 0x7FFF_F000, 0x7FFF_EFFE] {
        let mut bytes = whole.clone();
        bytes[40..44].copy_from_slice(&size.to_le_bytes());
        let read = wav::decode(&bytes, Path::new("a.wav"));
        if size == 0x7FFF_EFFE {
            assert!(matches!(read, Err(Error::Truncated { .. })), "{size:#x}");
        } else {
            assert_eq!(read.unwrap().len(), samples.len(), "{size:#x}");
        }
    }
    // 24 bits and two channels: SoX rounds down to blocks of six bytes.
    let mut bytes = whole;
    bytes[22] = 2;
    bytes[32] = 6;
    bytes[34] = 24;
    bytes[28..32].copy_from_slice(&96_000_u32.to_le_bytes());
    bytes[40..44].copy_from_slice(&(0x7FFF_F000_u32 - 0x7FFF_F000 % 6).to_le_bytes());
    bytes.truncate(44 + 1998);
    assert_eq!(wav::decode_channels(&bytes, Path::new("a.wav")).unwrap().n_samples(), 333);
}
