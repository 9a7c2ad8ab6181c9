//! WAV files: every supported encoding, every kind of damage, and the encoder.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use mynah_signal::wav::{self, SampleFormat};
use mynah_signal::{ChannelChoice, Error, Recording, Waveform};
use mynah_testkit::mini_corpus;
use proptest::prelude::*;

/// Builds a chunk with its padding byte.
fn chunk(name: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body);
    bytes.extend(vec![0; body.len() % 2]);
    bytes
}

fn format(tag: u16, channels: u16, rate: u32, container_bits: u16) -> Vec<u8> {
    let block = channels * (container_bits / 8);
    let mut body = tag.to_le_bytes().to_vec();
    body.extend(channels.to_le_bytes());
    body.extend(rate.to_le_bytes());
    body.extend((rate * u32::from(block)).to_le_bytes());
    body.extend(block.to_le_bytes());
    body.extend(container_bits.to_le_bytes());
    body
}

fn extensible(container_bits: u16, valid_bits: u16, subformat: u8) -> Vec<u8> {
    let mut body = format(0xFFFE, 1, 22_050, container_bits);
    body.extend(22_u16.to_le_bytes());
    body.extend(valid_bits.to_le_bytes());
    body.extend(4_u32.to_le_bytes());
    body.extend([subformat, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    body
}

fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((body.len() as u32 + 4).to_le_bytes());
    bytes.extend(b"WAVE");
    bytes.extend(body);
    bytes
}

fn decode(bytes: &[u8]) -> Result<Waveform, Error> {
    wav::decode(bytes, Path::new("some.wav"))
}

#[test]
fn divides_every_encoding_by_its_full_scale() {
    let check = |format: Vec<u8>, data: &[u8], expected: &[f32]| {
        let waveform = decode(&file(&[chunk("fmt ", &format), chunk("data", data)])).unwrap();
        assert_eq!(waveform.samples(), expected);
        assert_eq!(waveform.sample_rate(), 22_050);
    };
    check(format(1, 1, 22_050, 8), &[0, 128, 255], &[-1.0, 0.0, 127.0 / 128.0]);
    check(
        format(1, 1, 22_050, 16),
        &[0, 0x80, 0, 0, 1, 0, 0xFF, 0x7F],
        &[-1.0, 0.0, 1.0 / 32_768.0, 32_767.0 / 32_768.0],
    );
    check(
        format(1, 1, 22_050, 24),
        &[0, 0, 0x80, 1, 0, 0, 0xFF, 0xFF, 0x7F],
        &[-1.0, 1.0 / 8_388_608.0, 8_388_607.0 / 8_388_608.0],
    );
    check(format(1, 1, 22_050, 32), &[0, 0, 0, 0x80, 0, 0, 0, 0x40], &[-1.0, 0.5]);
    check(format(3, 1, 22_050, 32), &[0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0], &[1.0, -2.5]);
    // Plain PCM chunks with a tail, including 32 bits.
    check([format(1, 1, 22_050, 32), vec![0, 0]].concat(), &[0, 0, 0, 0x40], &[0.5]);
    check([format(3, 1, 22_050, 32), vec![0, 0]].concat(), &[0, 0, 0x80, 0x3F], &[1.0]);
    let doubles = [0.5_f64, -2.5].map(f64::to_le_bytes).concat();
    check(format(3, 1, 22_050, 64), &doubles, &[0.5, -2.5]);
    check(extensible(64, 64, 3), &doubles, &[0.5, -2.5]);
    check(extensible(16, 16, 1), &[0, 0x40], &[0.5]);
    check(extensible(32, 32, 3), &[0, 0, 0, 0x3F], &[0.5]);
    // Fewer valid bits are at the top of the container.
    check(extensible(32, 24, 1), &[0, 0, 0, 0x40], &[0.5]);
    check(extensible(24, 20, 1), &[0, 0, 0xC0], &[-0.5]);
}

#[test]
fn interleaves_channels() {
    let data = [0x4000_i16, -0x4000, 0x2000, 0].map(i16::to_le_bytes).concat();
    let bytes = file(&[chunk("fmt ", &format(1, 2, 22_050, 16)), chunk("data", &data)]);
    let recording = Recording::decode(&bytes, Path::new("some.wav")).unwrap();
    assert_eq!((recording.n_channels(), recording.n_samples(), recording.sample_rate()), (2, 2, 22_050));
    let left = recording.clone().into_mono(ChannelChoice::Left, Path::new("some.wav")).unwrap();
    assert_eq!(left.samples(), [0.5, 0.25]);
    assert_eq!(recording.into_samples(), [0.5, -0.5, 0.25, 0.0]);
    assert!(matches!(Recording::read("no/such.wav"), Err(Error::Missing { .. })));
}

#[test]
fn reads_what_hound_writes() {
    let samples = [0.0, 0.25, -0.5, 0.96875, -1.0];
    for (bits, sample_format) in
        [(16, hound::SampleFormat::Int), (24, hound::SampleFormat::Int), (32, hound::SampleFormat::Float)]
    {
        let spec = hound::WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: bits, sample_format };
        let mut bytes = Vec::new();
        let mut writer = hound::WavWriter::new(Cursor::new(&mut bytes), spec).unwrap();
        let scale = f64::from(2_u32.pow(u32::from(bits) - 1));
        for sample in samples {
            match sample_format {
                hound::SampleFormat::Float => writer.write_sample(sample as f32).unwrap(),
                hound::SampleFormat::Int => writer.write_sample((sample * scale).floor() as i32).unwrap(),
            }
        }
        writer.finalize().unwrap();
        let info = wav::info(&bytes, Path::new("some.wav")).unwrap();
        assert_eq!((info.channels, info.sample_rate, info.n_samples), (1, 16_000, 5));
        assert_eq!((info.container_bits, info.valid_bits), (bits, bits));
        for (got, expected) in decode(&bytes).unwrap().samples().iter().zip(samples) {
            assert!((f64::from(*got) - expected).abs() <= 1.0 / scale, "{bits}: {got} {expected}");
        }
    }
}

#[test]
fn skips_other_chunks_with_their_padding() {
    let bytes = file(&[
        chunk("LIST", b"INFOx"),
        chunk("fmt ", &format(1, 1, 22_050, 16)),
        chunk("fact", &[1, 0, 0, 0]),
        chunk("data", &[0, 0x40]),
        chunk("LIST", b"odd"),
    ]);
    assert_eq!(decode(&bytes).unwrap().samples(), [0.5]);
}

#[test]
fn a_wrong_number_of_bytes_per_second_is_ignored() {
    for wrong in [0_u32, 1, 88_200, u32::MAX] {
        for mut body in [format(1, 1, 22_050, 16), extensible(16, 16, 1)] {
            body[8..12].copy_from_slice(&wrong.to_le_bytes());
            let bytes = file(&[chunk("fmt ", &body), chunk("data", &[0, 0x40])]);
            let waveform = decode(&bytes).unwrap();
            assert_eq!((waveform.samples(), waveform.sample_rate()), (&[0.5_f32][..], 22_050));
        }
    }
}

#[test]
fn a_second_data_chunk_is_not_dropped() {
    let two = |second: &[u8]| {
        file(&[
            chunk("fmt ", &format(1, 1, 22_050, 16)),
            chunk("data", &[0, 0x40]),
            chunk("LIST", b"INFO"),
            chunk("data", second),
        ])
    };
    let error = decode(&two(&[0, 0xC0])).unwrap_err();
    assert!(
        matches!(&error, Error::Unreadable { why, .. } if why.contains("second `data` chunk")),
        "{error:?}"
    );
    assert_eq!(decode(&two(&[])).unwrap().samples(), [0.5]);
}

#[test]
fn reports_missing_samples_as_truncation() {
    let mut bytes = file(&[chunk("fmt ", &format(1, 1, 22_050, 16)), chunk("data", &[0; 100])]);
    bytes.truncate(bytes.len() - 61);
    assert!(matches!(decode(&bytes), Err(Error::Truncated { promised: 50, found: 19, .. })));
    assert!(matches!(wav::info(&bytes, Path::new("some.wav")), Err(Error::Truncated { .. })));
}

#[test]
fn accepts_the_sizes_of_streaming_writers() {
    let with_size = |size: u32, data: &[u8]| {
        let mut bytes = file(&[chunk("fmt ", &format(1, 1, 22_050, 16)), chunk("data", data)]);
        let at = bytes.len() - data.len() - data.len() % 2 - 4;
        bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
        bytes
    };
    // Unknown: everything that follows.
    assert_eq!(decode(&with_size(u32::MAX, &[0, 0x40, 0, 0xC0])).unwrap().samples(), [0.5, -0.5]);
    assert!(matches!(decode(&with_size(u32::MAX, &[0; 3])), Ok(waveform) if waveform.len() == 2));
    // Never filled in: empty, whatever follows.
    assert!(matches!(decode(&with_size(0, &[0; 100])), Err(Error::Empty { .. })));
    // Half a sample.
    assert!(matches!(decode(&with_size(3, &[0; 4])), Err(Error::Unreadable { .. })));
}

#[test]
fn each_fault_has_its_error() {
    let plain = chunk("fmt ", &format(1, 1, 22_050, 16));
    let data = chunk("data", &[0, 0]);
    let check = |bytes: &[u8], variant: &str| {
        let error = format!("{:?}", decode(bytes).unwrap_err());
        assert!(error.starts_with(variant), "{error}");
        assert!(error.contains("some.wav"), "{error}");
    };
    check(b"", "Unreadable");
    check(b"RIFF", "Unreadable");
    check(b"ID3 is not a WAV file", "Unreadable");
    check(&file(&[]), "Unreadable");
    check(&file(std::slice::from_ref(&plain)), "Unreadable");
    check(&file(&[data.clone(), plain.clone()]), "Unreadable");
    check(&file(&[chunk("fmt ", &[1, 0]), data.clone()]), "Unreadable");
    check(&file(&[chunk("fmt ", &format(1, 1, 0, 16)), data.clone()]), "Unreadable");
    check(&file(&[chunk("fmt ", &format(1, 0, 22_050, 16)), data.clone()]), "Unreadable");
    check(&file(&[plain.clone(), chunk("data", &[])]), "Empty");
    check(&file(&[chunk("fmt ", &format(1, 2, 22_050, 16)), chunk("data", &[0; 8])]), "NotMono");
    check(&file(&[chunk("fmt ", &format(1, 1, 22_050, 64)), chunk("data", &[0; 8])]), "UnsupportedFormat");
    check(&file(&[chunk("fmt ", &format(3, 1, 22_050, 16)), chunk("data", &[0; 8])]), "UnsupportedFormat");
    check(&file(&[chunk("fmt ", &format(3, 1, 0, 64)), chunk("data", &[0; 8])]), "Unreadable");
    check(&file(&[chunk("fmt ", &format(3, 0, 22_050, 64)), chunk("data", &[0; 8])]), "Unreadable");
    check(&file(&[chunk("fmt ", &format(2, 1, 22_050, 8)), data.clone()]), "UnsupportedFormat");
    check(&file(&[chunk("fmt ", &format(7, 1, 22_050, 16)), data.clone()]), "Unreadable");
    check(&file(&[chunk("fmt ", &extensible(16, 16, 6)), data.clone()]), "UnsupportedFormat");
    check(&file(&[chunk("fmt ", &extensible(16, 17, 1)), data.clone()]), "UnsupportedFormat");
    let mut big_endian = file(&[plain, data]);
    big_endian[..4].copy_from_slice(b"RIFX");
    check(&big_endian, "UnsupportedFormat");
    let not_a_number = [0.5, f32::NAN].map(f32::to_le_bytes).concat();
    let error =
        decode(&file(&[chunk("fmt ", &format(3, 1, 22_050, 32)), chunk("data", &not_a_number)])).unwrap_err();
    assert!(matches!(error, Error::NotFinite { index: 1, .. }));
    // Too large for single-precision samples.
    let huge = [0.0_f64, 0.0, 1e39].map(f64::to_le_bytes).concat();
    let error = decode(&file(&[chunk("fmt ", &format(3, 1, 22_050, 64)), chunk("data", &huge)])).unwrap_err();
    assert!(matches!(error, Error::NotFinite { index: 2, .. }));
}

#[test]
fn messages_name_the_file_and_the_fault() {
    let bytes = file(&[chunk("fmt ", &format(1, 2, 22_050, 16)), chunk("data", &[0; 8])]);
    assert_eq!(decode(&bytes).unwrap_err().to_string(), "`some.wav` has 2 channels, expected 1");
    let error = wav::read("no/such.wav").unwrap_err();
    assert!(matches!(error, Error::Missing { .. }));
    assert_eq!(error.to_string(), "`no/such.wav` does not exist");
    assert!(matches!(wav::read(mini_corpus()), Err(Error::Io { .. })));
}

#[test]
fn bundled_clips_round_trip_bit_for_bit() {
    let directory = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(mini_corpus().join("wavs")).unwrap() {
        let path = entry.unwrap().path();
        let waveform = wav::read(&path).unwrap();
        let original = fs::read(&path).unwrap();
        let info = wav::info(&original, &path).unwrap();
        assert_eq!((info.format, info.container_bits), (SampleFormat::Integer, 16));
        assert_eq!(info.n_samples, waveform.len() as u64);
        assert!((info.seconds() - waveform.seconds()).abs() < f64::EPSILON);

        let copy = directory.path().join("copy.wav");
        wav::write_pcm16(&copy, &waveform).unwrap();
        let written = fs::read(&copy).unwrap();
        assert_eq!(written, wav::encode_pcm16(&waveform));
        assert!(original.ends_with(&written[44..]), "{}", path.display());
        // hound, a widely used reader, agrees on the written bytes.
        let mut reader = hound::WavReader::new(Cursor::new(&written)).unwrap();
        let by_hound: Vec<f32> =
            reader.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_768.0).collect();
        assert_eq!(by_hound, waveform.samples());
    }
}

#[test]
fn reports_an_unwritable_path() {
    let waveform = Waveform::new(vec![0.0], 22_050);
    assert!(matches!(wav::write_pcm16("no/such/folder/x.wav", &waveform), Err(Error::Io { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn decoding_undoes_encoding(samples in prop::collection::vec(any::<i16>(), 1..200), rate in 1_u32..200_000) {
        let waveform = Waveform::new(samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect(), rate);
        prop_assert_eq!(decode(&wav::encode_pcm16(&waveform)).unwrap(), waveform);
    }

    #[test]
    fn encoding_is_off_by_half_a_step_at_most(samples in prop::collection::vec(-1.0_f32..0.9999, 1..50)) {
        let waveform = Waveform::new(samples, 22_050);
        let back = decode(&wav::encode_pcm16(&waveform)).unwrap();
        for (a, b) in back.samples().iter().zip(waveform.samples()) {
            prop_assert!((a - b).abs() <= 0.5 / 32_768.0);
        }
    }

    /// Checks that mutated WAV bytes give finite samples or an error, never a panic.
    #[test]
    fn mutated_files_never_panic(
        mutations in prop::collection::vec((0_usize..120, any::<u8>()), 0..6),
        length in 0_usize..120,
        form in 0_usize..3,
    ) {
        let header = [format(1, 1, 22_050, 16), format(3, 1, 22_050, 32), extensible(24, 24, 1)][form].clone();
        let mut bytes = file(&[chunk("fmt ", &header), chunk("LIST", b"abc"), chunk("data", &[7; 24])]);
        for (at, value) in mutations {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(length);
        if let Ok(waveform) = decode(&bytes) {
            prop_assert!(waveform.len() <= bytes.len());
            prop_assert!(waveform.samples().iter().all(|sample| sample.is_finite()));
        }
    }
}
