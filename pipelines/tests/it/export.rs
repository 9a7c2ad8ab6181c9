//! `mynah-train export`.

use std::fs;

use crate::studio::Studio;

const VOICE: [&str; 4] = ["model.safetensors", "supphones.json", "vocabulary.json", "voice.toml"];

#[test]
fn exports_the_last_or_any_checkpoint() {
    let studio = Studio::with_run();
    for (options, step, memory) in [("", 20, true), ("--step 20", 20, true), ("--step 10", 10, false)] {
        let outcome = studio.export(&format!("run {options} --out voices/new")).exits_with(0);
        outcome.says(&format!("wrote the voice of step {step} to voices/new"));
        let place = &studio.place;
        let files = place.files("voices");
        assert_eq!(
            files.keys().collect::<Vec<_>>(),
            VOICE.map(|name| format!("new/{name}")).iter().collect::<Vec<_>>()
        );
        for file in ["supphones.json", "vocabulary.json"] {
            assert_eq!(files[&format!("new/{file}")], place.bytes(&format!("dataset/{file}")));
        }

        let info: toml::Table = toml::from_str(&place.read("voices/new/voice.toml")).unwrap();
        assert_eq!(info["format"].as_integer(), Some(1));
        assert_eq!(info["step"].as_integer(), Some(step));
        assert_eq!(info["memory"].as_bool(), Some(memory), "the memory is attached after the warm-up");
        let run: toml::Table = toml::from_str(&place.read("run/run.toml")).unwrap();
        assert_eq!(info["model"], run["config"]["model"]);
        assert_eq!(info["audio"]["sample_rate"].as_integer(), Some(22_050));
        assert_eq!(info["audio"]["hop_length"].as_integer(), Some(256));
        let weights = place.bytes("voices/new/model.safetensors");
        assert_eq!(info["fingerprint"].as_str(), Some(blake3::hash(&weights).to_hex().as_str()));

        // The parameters of the checkpoint, except those that only training needs.
        let checkpoint = tensors(&place.bytes(&format!("run/checkpoints/step-{step}/model.safetensors")));
        let spoken = checkpoint.into_iter().filter(|(name, _)| !name.starts_with("posterior."));
        assert_eq!(tensors(&weights), spoken.collect::<Vec<_>>());
    }
}

#[test]
fn halves_the_size_of_the_weights() {
    let studio = Studio::with_run();
    studio.export("run --out full").exits_with(0);
    studio.export("run --weights f16 --out half").exits_with(0);
    let of = |voice: &str| tensors(&studio.place.bytes(&format!("{voice}/model.safetensors")));
    for ((name, full), (other, half)) in of("full").into_iter().zip(of("half")) {
        assert_eq!((name, full.len()), (other, 2 * half.len()));
    }
    let wave = |voice: &str| {
        studio.say(voice, "hello", "").exits_with(0);
        studio.place.bytes("spoken.wav")
    };
    // Rounding the weights changes the samples, hardly the length.
    let (full, half) = (wave("full"), wave("half"));
    assert!(full != half && full.len().abs_diff(half.len()) <= 4 * 256, "{} {}", full.len(), half.len());
}

/// Returns the tensors of a safetensors file as names and bytes.
fn tensors(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let (length, rest) = file.split_first_chunk().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(header).unwrap();
    let mut tensors: Vec<(String, Vec<u8>)> = header
        .into_iter()
        .filter(|(name, _)| name != "__metadata__")
        .map(|(name, entry)| {
            let at = |index: usize| entry["data_offsets"][index].as_u64().unwrap() as usize;
            (name, data[at(0)..at(1)].to_vec())
        })
        .collect();
    tensors.sort();
    tensors
}

#[test]
fn refuses_an_unknown_step_or_run() {
    let studio = Studio::with_run();
    studio.export("run --step 15 --out voice").exits_with(2).says("no such checkpoint").says("[10, 20]");
    studio.export("nowhere --out voice").exits_with(2).says("`nowhere/run.toml`").says("check the name");
    studio.export("dataset --out voice").exits_with(2).says("`dataset/run.toml`");
    studio.place.remove("run/checkpoints");
    studio.export("run --out voice").exits_with(2).says("`run` has no checkpoint yet").says("--resume");
    fs::remove_file(studio.place.path("run/run.toml")).unwrap();
    studio.place.write("run/run.toml", "format = 1\n");
    studio.export("run --out voice").exits_with(2).says("failed to read `run/run.toml`");
    assert!(!studio.place.has("voice"));
}

#[test]
fn replaces_a_voice_and_nothing_else() {
    let studio = Studio::with_run();
    let place = &studio.place;
    studio.export("run --step 10 --out voice").exits_with(0);
    let first = place.bytes("voice/model.safetensors");
    studio.export("run --out voice").exits_with(0);
    assert_ne!(place.bytes("voice/model.safetensors"), first);
    fs::create_dir(place.path("empty")).unwrap();
    studio.export("run --out empty").exits_with(0);
    place.assert_same("voice", "empty");

    place.write("thesis/chapter-1.txt", "call me");
    place.write("file", "mine");
    place.copy("run", "before");
    for out in ["thesis", "thesis/chapter-1.txt", "file", "run", "dataset", "run/checkpoints"] {
        studio
            .export(&format!("run --out {out}"))
            .exits_with(2)
            .says(&format!("`{out}` is not a voice"))
            .says("name another --out");
    }
    for out in [".", "..", "thesis/.."] {
        studio.export(&format!("run --out {out}")).exits_with(2).says(&format!("`{out}`"));
    }
    assert_eq!(
        (place.read("thesis/chapter-1.txt").as_str(), place.read("file").as_str()),
        ("call me", "mine")
    );
    place.assert_same("before", "run");
}

#[test]
fn names_a_damaged_checkpoint() {
    let studio = Studio::with_run();
    let path = "run/checkpoints/step-20/model.safetensors";
    let bytes = studio.place.bytes(path);
    studio.place.write(path, &bytes[..bytes.len() / 2]);
    studio.export("run --out voice").exits_with(2).says(path);
    assert!(!studio.place.has("voice"));
    studio.export("run --step 10 --out voice").exits_with(0);
}
