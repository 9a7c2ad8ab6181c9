//! Comparison of imported voices with PyTorch (`fixtures/generate/voice_vits.py`).

use mynah_ops::testing::device;
use std::fs;
use std::path::Path;

use mynah_testkit::{assert_all_close, fixture, golden};
use mynah_voice::import::{CheckpointFormat, ImportConfig, Imported, import_voice};
use mynah_voice::{Architecture, Error, SpeakConfig, Voice};
use serde::Deserialize;

/// Tolerance of f32 through about thirty layers against PyTorch's f64; waveforms reach 0.4.
const WAVE: f64 = 1e-5;

/// Tolerance of durations of up to 40 frames.
const FRAMES: f64 = 1e-4;

const MEAN: SpeakConfig =
    SpeakConfig { noise_scale: 0.0, duration_noise_scale: 0.0, length_scale: 1.0, seed: 0 };

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    checkpoint: String,
    text: String,
    predicted: Vec<f64>,
    durations: Vec<f64>,
    wave: Vec<f64>,
}

fn import(checkpoint: &str, out: &Path) -> Result<Imported, Error> {
    import_voice(&config(checkpoint), out)
}

fn config(checkpoint: &str) -> ImportConfig {
    ImportConfig {
        checkpoint: fixture("golden/voice").join(checkpoint),
        config: None,
        format: None,
        allow_unknown: false,
    }
}

#[test]
fn imported_voices_speak_like_pytorch() {
    let place = tempfile::tempdir().unwrap();
    let golden: Golden = golden("voice/vits.json");
    assert_eq!(golden.cases.len(), 6);
    for case in golden.cases {
        let out = place.path().join(&case.checkpoint);
        import(&case.checkpoint, &out).unwrap();
        let voice = Voice::open(&out, &device()).unwrap();
        let what = |part: &str| format!("{} of {}: {}", part, case.checkpoint, case.text);
        let speech = voice.vits().unwrap().speak_characters(&case.text, &MEAN).unwrap();
        assert_all_close(&speech.predicted, &case.predicted, FRAMES, &what("predicted durations"));
        assert_all_close(&speech.durations, &case.durations, FRAMES, &what("durations"));
        assert_all_close(&speech.wave, &case.wave, WAVE, &what("wave"));
    }
}

#[test]
fn reads_or_names_every_parameter() {
    let place = tempfile::tempdir().unwrap();
    let wrapped = ["iteration", "optimizer", "learning_rate"];
    for (checkpoint, format, architecture, step, beside, unneeded) in [
        (
            "vits.pth",
            CheckpointFormat::Vits,
            "vits",
            77,
            &wrapped[..],
            &["enc_q.", "dp.post_", "dp.flows.1."][..],
        ),
        ("vits_folded.pth", CheckpointFormat::Vits, "vits", 0, &[], &["enc_q."]),
        (
            "heatz.pth",
            CheckpointFormat::Heatz,
            "heatz",
            77,
            &wrapped,
            &[
                "enc_q.",
                "learnable_upsampling.conv_w.conv_layer.1.num_batches_tracked",
                "learnable_upsampling.conv_c.conv_layer.1.num_batches_tracked",
            ],
        ),
    ] {
        let imported = import(checkpoint, &place.path().join("voice")).unwrap();
        assert_eq!((imported.format, imported.info.architecture.word()), (format, architecture));
        assert_eq!(imported.info.step, step);
        assert_eq!(imported.beside, beside);
        assert!(imported.unknown.is_empty() && imported.read > 100, "{}", imported.read);
        for start in unneeded {
            assert!(imported.unneeded.iter().any(|name| name.starts_with(start)), "{checkpoint}: {start}");
        }
        let foreign =
            imported.unneeded.iter().find(|name| !unneeded.iter().any(|start| name.starts_with(start)));
        assert_eq!(foreign, None, "{checkpoint}");
    }
}

#[test]
fn noise_and_length_scales_have_their_documented_effects() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("voice");
    import("vits.pth", &out).unwrap();
    let voice = Voice::open(&out, &device()).unwrap();
    let speak = |config: SpeakConfig| voice.vits().unwrap().speak_characters("həlˈoʊ", &config).unwrap();
    let mean = speak(MEAN);
    assert_eq!(speak(SpeakConfig { seed: 1, ..MEAN }), mean);
    let slow = speak(SpeakConfig { length_scale: 3.0, ..MEAN });
    assert!(slow.predicted.iter().zip(&mean.predicted).all(|(slow, mean)| (slow - 3.0 * mean).abs() < 1e-9));
    assert_eq!(slow.wave.len(), 8 * slow.durations.iter().sum::<f64>() as usize);
    let sampled = |seed| speak(SpeakConfig { duration_noise_scale: 0.8, seed, ..MEAN });
    assert_eq!(sampled(1), sampled(1));
    assert_ne!(sampled(1).predicted, sampled(2).predicted);
    let lively = |seed| speak(SpeakConfig { noise_scale: 0.667, seed, ..MEAN });
    assert_eq!(lively(1).predicted, mean.predicted);
    assert_ne!(lively(1).wave, lively(2).wave);

    let refusal = |text: &str, length_scale| {
        let config = SpeakConfig { length_scale, ..MEAN };
        voice.vits().unwrap().speak_characters(text, &config).unwrap_err().to_string()
    };
    assert!(refusal("", 1.0).contains("no characters"));
    assert!(refusal("ß", 1.0).contains('ß'));
    for length_scale in [1e9, f64::INFINITY, f64::NAN, 20_000.0, 0.0] {
        assert!(refusal("a", length_scale).contains("length_scale"));
    }
    for noise in [1e30, -1.0, f64::NAN] {
        let config = SpeakConfig { duration_noise_scale: noise, ..MEAN };
        let refused = voice.vits().unwrap().speak_characters("a", &config).unwrap_err().to_string();
        assert!(refused.contains("`duration_noise_scale`"), "{refused}");
    }
}

#[test]
fn uses_the_configuration_and_names_what_it_rejects() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("config.json");
    let import = |checkpoint: &str, json: &str, format| {
        fs::write(&path, json).unwrap();
        let config = ImportConfig { config: Some(path.clone()), format, ..config(checkpoint) };
        import_voice(&config, &place.path().join("voice"))
    };
    let good = r#"{"train": {}, "data": {"sampling_rate": 16000, "filter_length": 512, "hop_length": 8, "add_blank": false,
        "n_speakers": 0, "text_cleaners": ["english_cleaners2"]}, "model": {"resblock": "1", "upsample_rates": [4, 2],
        "upsample_kernel_sizes": [8, 4], "resblock_dilation_sizes": [[1, 2], [1, 2]]}}"#;
    let info = import("vits.pth", good, Some(CheckpointFormat::Vits)).unwrap().info;
    assert_eq!((info.audio.sample_rate, info.audio.n_fft, info.audio.hop_length), (16_000, 512, 8));
    let Architecture::Vits(model) = info.architecture else { panic!("{info:?}") };
    assert!(!model.blanks);
    assert_eq!(model.decoder.dilations, [1, 2]);
    let voice = Voice::open(&place.path().join("voice"), &device()).unwrap();
    assert_eq!(voice.vits().unwrap().speak_characters("həl", &MEAN).unwrap().durations.len(), 3);

    for (from, to, says) in [
        ("\"n_speakers\": 0", "\"n_speakers\": 109", "109 speakers"),
        ("english_cleaners2", "japanese_cleaners", "japanese_cleaners"),
        ("\"hop_length\": 8", "\"hop_length\": 256", "256"),
        ("\"hop_length\": 8", "\"hop_length\": \"8\"", "hop_length"),
        ("[4, 2]", "[2, 2]", "twice the factor"),
        ("\"resblock\": \"1\"", "\"resblock\": \"2\"", "kind 2"),
        ("[[1, 2], [1, 2]]", "[[1, 2], [1, 3]]", "dilations"),
        ("\"train\": {}", "\"symbols\": [\"_\", \"a\"]", "symbols"),
        ("\"add_blank\": false", "\"add_blank\": 3", "add_blank"),
    ] {
        assert!(good.contains(from));
        let error = import("vits.pth", &good.replace(from, to), None).unwrap_err().to_string();
        assert!(error.contains("vits.pth") && error.contains(says), "{to}: {error}");
    }
    let error = import("vits.pth", good, Some(CheckpointFormat::Heatz)).unwrap_err().to_string();
    assert!(error.contains("format vits, not heatz"), "{error}");
    assert!(import("vits.pth", "[]", None).unwrap_err().to_string().contains("config.json"));
    assert!(import("vits.pth", "{", None).unwrap_err().to_string().contains("config.json"));
}
