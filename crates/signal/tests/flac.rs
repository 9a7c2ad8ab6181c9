//! FLAC files written by libFLAC, intact and damaged.

use std::path::Path;

use mynah_signal::{ChannelChoice, Error, Recording, flac, wav};
use mynah_testkit::{golden, mini_corpus};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    clip: String,
    first: usize,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    sample_rate: u32,
    n_channels: u16,
    bits: u32,
    flac: String,
    samples: Vec<i32>,
}

impl File {
    fn bytes(&self) -> Vec<u8> {
        let digits = self.flac.as_bytes().chunks_exact(2);
        digits
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).expect("digits"), 16).expect("digits"))
            .collect()
    }
}

fn files() -> Golden {
    golden("signal/flac.json")
}

fn decode(bytes: &[u8]) -> Result<Recording, Error> {
    Recording::decode(bytes, Path::new("some.flac"))
}

#[test]
fn reads_libflac_files_bit_for_bit() {
    for file in &files().files {
        let recording = decode(&file.bytes()).unwrap();
        assert_eq!((recording.n_channels(), recording.sample_rate()), (file.n_channels, file.sample_rate));
        let scale = f64::from(2_u32.pow(file.bits - 1));
        let expected: Vec<f32> = file.samples.iter().map(|&x| (f64::from(x) / scale) as f32).collect();
        assert_eq!(recording.into_samples(), expected);
    }
}

#[test]
fn flac_and_wav_of_one_clip_are_equal() {
    let golden = files();
    let path = mini_corpus().join("wavs").join(&golden.clip).with_extension("wav");
    let samples = wav::read(path).unwrap().into_samples();
    let file = &golden.files[0];
    let from_flac =
        decode(&file.bytes()).unwrap().into_mono(ChannelChoice::Mono, Path::new("some.flac")).unwrap();
    assert_eq!(from_flac.samples(), &samples[golden.first..golden.first + file.samples.len()]);
}

#[test]
fn reports_truncation_and_wrong_bytes() {
    let bytes = files().files[0].bytes();
    assert!(flac::is_flac(&bytes));
    for kept in [bytes.len() - 1, bytes.len() / 2] {
        match decode(&bytes[..kept]) {
            Err(Error::Truncated { promised: 3000, found, .. }) => assert!(found < 3000),
            other => panic!("{kept}: {other:?}"),
        }
    }
    // A wrong byte in the middle of the samples: the frame's checksum fails.
    let mut wrong = bytes.clone();
    let middle = wrong.len() / 2;
    wrong[middle] ^= 0x10;
    let error = decode(&wrong).unwrap_err();
    assert!(matches!(error, Error::Unreadable { container: "FLAC", .. }), "{error:?}");
    assert!(error.to_string().starts_with("`some.flac` is not a valid FLAC file: "), "{error}");
    // Nothing but its magic bytes.
    assert!(matches!(decode(b"fLaC"), Err(Error::Unreadable { .. })));
    // Two channels are an error only if one is expected.
    let stereo = decode(&files().files[1].bytes()).unwrap();
    let error = stereo.into_mono(ChannelChoice::Mono, Path::new("some.flac")).unwrap_err();
    assert!(matches!(error, Error::NotMono { channels: 2, .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Checks that mutated FLAC bytes give samples or an error, never a panic.
    #[test]
    fn mutated_files_never_panic(
        mutations in prop::collection::vec((4_usize..400, any::<u8>()), 1..4),
        length in 4_usize..1500,
    ) {
        let mut bytes = files().files[0].bytes();
        bytes.truncate(length);
        for (at, value) in mutations {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        if let Ok(recording) = decode(&bytes) {
            prop_assert!(recording.n_samples() > 0);
        }
    }
}
