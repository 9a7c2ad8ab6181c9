//! `mynah-train import`, and `mynah-synthesize` with its voices.

use std::io::{Cursor, Read as _, Write as _};

use mynah_testkit::fixture;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::studio::{SYNTHESIZE, TRAIN};
use crate::support::{Outcome, Place};

/// Makes a place with the checkpoints of `fixtures/generate/voice_vits.py`.
fn place() -> Place {
    let place = Place::new();
    for name in ["vits.pth", "vits_folded.pth", "heatz.pth"] {
        place.write(name, std::fs::read(fixture("golden/voice").join(name)).unwrap());
    }
    place
}

fn import(place: &Place, arguments: &str) -> Outcome {
    place.run(TRAIN, &format!("import {arguments}"))
}

/// Replaces the pickle of a checkpoint.
fn with_pickle(checkpoint: &[u8], change: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(checkpoint)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        writer.start_file(name.as_str(), options).unwrap();
        let bytes = if name.ends_with("data.pkl") { change(bytes) } else { bytes };
        writer.write_all(&bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Replaces a text by one of the same length.
fn exchange(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

#[test]
fn a_foreign_checkpoint_becomes_a_voice_that_speaks() {
    let place = place();
    for (checkpoint, options, format) in
        [("vits.pth", "", "vits"), ("vits_folded.pth", "--format vits", "vits"), ("heatz.pth", "", "heatz")]
    {
        let outcome = import(&place, &format!("{checkpoint} --out voice {options}"));
        assert_eq!(outcome.status.code(), Some(0), "{}", outcome.stderr);
        let outcome =
            outcome.says(&format!("a voice of the format {format}")).says("0 unknown").says("--config");
        let lines: Vec<(&str, &str)> =
            outcome.stdout.lines().map(|line| line.split_once('\t').unwrap()).collect();
        assert!(lines.contains(&("unneeded", "enc_q.pre.weight")), "{lines:?}");
        assert_eq!(lines.contains(&("beside", "optimizer")), checkpoint != "vits_folded.pth");
        assert_eq!(place.files("voice").into_keys().collect::<Vec<_>>(), ["model.safetensors", "voice.toml"]);
        let info: toml::Table = toml::from_str(&place.read("voice/voice.toml")).unwrap();
        assert_eq!(info["architecture"].as_str(), Some(format));
        assert_eq!(info["audio"]["sample_rate"].as_integer(), Some(22_050));
        let weights = place.bytes("voice/model.safetensors");
        assert_eq!(info["fingerprint"].as_str(), Some(blake3::hash(&weights).to_hex().as_str()));

        let speak = |options: &str| {
            let said = place
                .run(SYNTHESIZE, &format!("text --voice voice --out spoken.wav {options} Hello"))
                .exits_with(0);
            let said = said.says("HH AH0 L OW1").says("həlˈoʊ");
            assert!(said.stderr.contains("real-time factor"));
            place.bytes("spoken.wav")
        };
        let mean = speak("--noise-scale 0 --duration-noise-scale 0");
        assert_eq!(speak("--noise-scale 0 --duration-noise-scale 0 --seed 5 --threads 1"), mean);
        assert_ne!(speak("--seed 5"), mean);
        let slow = speak("--noise-scale 0 --duration-noise-scale 0 --length-scale 3");
        assert!(slow.len() > mean.len(), "{} and {}", slow.len(), mean.len());
    }
    place
        .run(SYNTHESIZE, "text --voice voice --out spoken.wav --duration-noise-scale=-1 Hello")
        .exits_with(2)
        .says("--duration-noise-scale");
}

#[test]
fn the_configuration_supplies_what_the_parameters_lack() {
    let place = place();
    place.write("config.json", r#"{"data": {"sampling_rate": 16000, "add_blank": false}}"#);
    let outcome = import(&place, "vits.pth --config config.json --out voice");
    assert_eq!(outcome.status.code(), Some(0), "{}", outcome.stderr);
    assert!(
        outcome.says("16000 Hz, 8 samples per frame").stderr.lines().all(|line| !line.contains("--config"))
    );
    let info: toml::Table = toml::from_str(&place.read("voice/voice.toml")).unwrap();
    assert_eq!(info["vits"]["blanks"].as_bool(), Some(false));
    place.write("config.json", r#"{"data": {"n_speakers": 109}}"#);
    import(&place, "vits.pth --config config.json --out other").exits_with(2).says("109 speakers");
    import(&place, "vits.pth --config nowhere.json --out other").exits_with(2).says("`nowhere.json`");
    import(&place, "vits.pth --format heatz --out other").exits_with(2).says("format vits, not heatz");
    assert!(!place.has("other"));
}

#[test]
fn names_unknown_and_missing_parameters_and_writes_no_voice() {
    let place = place();
    // A renamed parameter is both missing and unknown.
    let renamed = with_pickle(&place.bytes("vits.pth"), |bytes| {
        exchange(&bytes, "dec.conv_post.weight", "dec.conv_pest.weight")
    });
    place.write("renamed.pth", &renamed);
    for options in ["", "--allow-unknown"] {
        import(&place, &format!("renamed.pth --out voice {options}"))
            .exits_with(2)
            .says("`renamed.pth`")
            .says(r#"missing ["dec.conv_post.weight"]"#)
            .says(r#"unknown ["dec.conv_pest.weight"]"#);
    }
    // A renamed parameter that only training needs is only unknown.
    let more = with_pickle(&place.bytes("vits.pth"), |bytes| {
        exchange(&bytes, "enc_q.pre.weight", "enc_x.pre.weight")
    });
    place.write("more.pth", &more);
    import(&place, "more.pth --out voice")
        .exits_with(2)
        .says(r#"unknown ["enc_x.pre.weight"]"#)
        .says("--allow-unknown");
    assert!(!place.has("voice"));
    let listed = import(&place, "more.pth --out voice --allow-unknown").says("1 unknown").prints(0);
    assert!(listed.lines().any(|line| line == "unknown\tenc_x.pre.weight"), "{listed}");
}

#[test]
fn names_a_hostile_or_broken_checkpoint_and_runs_nothing() {
    let place = place();
    // `pickle.dumps` of an object whose `__reduce__` is (os.system, ("touch owned",)), instead of the learning rate: after all
    // tensors, and well hidden.
    let call = b"X\x01\x00\x00\x00hcposix\nsystem\nX\x0b\x00\x00\x00touch owned\x85Rs.";
    let hostile = with_pickle(&place.bytes("vits.pth"), |bytes| [&bytes[..bytes.len() - 1], call].concat());
    place.write("hostile.pth", &hostile);
    import(&place, "hostile.pth --out voice")
        .exits_with(2)
        .says("`hostile.pth`")
        .says("`posix.system`")
        .says("nothing was run");
    assert!(!place.has("owned"));

    let bytes = place.bytes("vits.pth");
    place.write("half.pth", &bytes[..bytes.len() / 2]);
    import(&place, "half.pth --out voice")
        .exits_with(2)
        .says("`half.pth`")
        .says("not a complete zip archive");
    import(&place, "nowhere.pth --out voice").exits_with(2).says("`nowhere.pth`").says("check the name");
    place.write("thesis/chapter-1.txt", "call me");
    import(&place, "vits.pth --out thesis").exits_with(2).says("`thesis` is not a voice");
    assert!(place.has("thesis/chapter-1.txt") && !place.has("voice"));
}
