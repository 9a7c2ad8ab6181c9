//! `mynah-prepare mel`.

use mynah_signal::{MelExtractor, MelProfile, wav};
use mynah_testkit::golden;

use crate::support::{Place, bundled_wav, silence};

/// Reads the shape and the values of a NumPy file of version 1.0 with little-endian f32 in C order.
fn read_npy(bytes: &[u8]) -> (usize, usize, Vec<f32>) {
    let (magic, rest) = bytes.split_at(8);
    assert_eq!(magic, b"\x93NUMPY\x01\x00");
    let length = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
    let (header, data) = rest[2..].split_at(length);
    assert_eq!((bytes.len() - data.len()) % 64, 0, "the data is aligned");
    let header = str::from_utf8(header).unwrap();
    assert!(header.ends_with('\n'));
    let shape = header
        .trim_end()
        .strip_prefix("{'descr': '<f4', 'fortran_order': False, 'shape': (")
        .and_then(|rest| rest.strip_suffix("), }"))
        .unwrap_or_else(|| panic!("{header}"));
    let (rows, columns) = shape.split_once(", ").unwrap();
    let (values, rest) = data.as_chunks();
    assert!(rest.is_empty());
    let values = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
    (rows.parse().unwrap(), columns.parse().unwrap(), values)
}

#[test]
fn writes_the_spectrogram_of_the_library() {
    let place = Place::new();
    let bytes = bundled_wav("LJ001-0045");
    place.write("a.wav", &bytes);
    let waveform = wav::decode(&bytes, "a.wav".as_ref()).unwrap();
    for (option, profile) in [
        ("", MelProfile::Vits),
        (" --profile vits", MelProfile::Vits),
        (" --profile hifigan", MelProfile::Hifigan),
    ] {
        place.prepare(&format!("mel a.wav --out a.npy{option}")).exits_with(0);
        let (n_bins, n_frames, values) = read_npy(&place.bytes("a.npy"));
        let mel = MelExtractor::new(&profile.config(22_050)).unwrap().log_mel(waveform.samples());
        assert_eq!((n_bins, n_frames), (mel.n_bins(), mel.n_frames()));
        assert_eq!((n_bins, n_frames), (80, waveform.len() / 256));
        assert_eq!(values, mel.data());
    }
}

#[test]
fn a_flac_file_has_the_spectrogram_of_its_samples() {
    let golden: serde_json::Value = golden("signal/flac.json");
    let file = &golden["files"][0];
    let digits = file["flac"].as_str().unwrap().as_bytes().chunks_exact(2);
    let bytes = digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap());
    let place = Place::new();
    place.write("a.flac", bytes.collect::<Vec<_>>());
    place.prepare("mel a.flac --out a.npy").exits_with(0);

    assert_eq!((&file["bits"], &file["sample_rate"]), (&16.into(), &22_050.into()));
    let samples = file["samples"].as_array().unwrap().iter();
    let samples: Vec<f32> = samples.map(|sample| (sample.as_f64().unwrap() / 32_768.0) as f32).collect();
    let mel = MelExtractor::new(&MelProfile::Vits.config(22_050)).unwrap().log_mel(&samples);
    assert_eq!(read_npy(&place.bytes("a.npy")), (mel.n_bins(), mel.n_frames(), mel.data().to_vec()));
}

#[test]
fn names_files_that_cannot_be_read_or_written_and_leaves_nothing() {
    let place = Place::new();
    place.write("a.wav", bundled_wav("LJ001-0045"));
    place.write("stereo.wav", silence(2, 22_050, 22_050));
    place.write("text.wav", "no wav at all");
    place.prepare("mel nowhere.wav --out a.npy").exits_with(2).says("`nowhere.wav` does not exist");
    place.prepare("mel text.wav --out a.npy").exits_with(2).says("`text.wav`").says("RIFF/WAVE");
    place.prepare("mel stereo.wav --out a.npy").exits_with(2).says("`stereo.wav`").says("2 channels");
    place
        .prepare("mel a.wav --out text.wav/a.npy")
        .exits_with(2)
        .says("`text.wav/a.npy`")
        .says("what to do: ");
    place.prepare("mel a.wav --out a.npy --profile bark").exits_with(2).says("`bark`").says("`hifigan`");
    assert_eq!(place.files("").into_keys().collect::<Vec<_>>(), ["a.wav", "stereo.wav", "text.wav"]);
}

#[test]
fn another_sample_rate_is_named_and_resampled_when_asked() {
    let place = Place::new();
    place.write("a.wav", silence(1, 16_000, 16_000));
    for profile in ["vits", "hifigan"] {
        place
            .prepare(&format!("mel a.wav --out a.npy --profile {profile}"))
            .exits_with(2)
            .says("the sample rate of `a.wav` is 16000 Hz")
            .says("--sample-rate 22050");
        assert!(!place.has("a.npy"));
    }
    place.prepare("mel a.wav --out a.npy --profile hifigan --sample-rate 22050").exits_with(0);
    assert_eq!(read_npy(&place.bytes("a.npy")).1, 22_050 / 256);
    place.prepare("mel a.wav --out a.npy --profile hifigan --sample-rate 16000").exits_with(0);
    assert_eq!(read_npy(&place.bytes("a.npy")).1, 16_000 / 256);
}
