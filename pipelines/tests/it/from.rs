//! `mynah-train run --from`: trainings that start from a voice or from a checkpoint.

use std::fs;

use mynah_testkit::fixture;

use crate::studio::{CONFIG, Studio};

fn model_of(config: &str) -> toml::Value {
    let table: toml::Table = toml::from_str(config).unwrap();
    table["model"].clone()
}

#[test]
fn continues_from_a_checkpoint_a_run_or_a_voice() {
    let studio = Studio::with_run();
    studio.export("run --out voice --trainable").exits_with(0);
    assert!(studio.place.has("voice/training.safetensors"));
    studio.place.edit("train.toml", "warm_up_steps = 10", "warm_up_steps = 0");
    studio.place.edit("train.toml", "steps = 20", "steps = 3");
    for (out, from) in [("a", "run"), ("b", "run/checkpoints/step-20"), ("c", "voice")] {
        let outcome = studio.train(out, &format!("--from {from}")).exits_with(0);
        let found = if from == "run" { "run/checkpoints/step-20" } else { from };
        let outcome = outcome.says(&format!("starting from `{found}`"));
        assert!(!outcome.stderr.contains("new, and trained alone"));
        let info: toml::Table = toml::from_str(&studio.place.read(&format!("{out}/run.toml"))).unwrap();
        let hash = blake3::hash(&studio.place.bytes(&format!("{found}/model.safetensors"))).to_hex();
        assert_eq!(info["from"]["path"].as_str(), Some(found));
        assert_eq!(info["from"]["fingerprint"].as_str(), Some(hash.as_str()));
        assert_eq!(studio.metrics(out)[0]["step"], 1);
    }
    // In 32 bits the three are the same parameters.
    let weights = |run: &str| studio.place.bytes(&format!("{run}/checkpoints/step-3/model.safetensors"));
    assert!(weights("a") == weights("b") && weights("a") == weights("c"));
    assert!(weights("a") != studio.place.bytes("run/checkpoints/step-20/model.safetensors"));

    // The run is continued without naming its source again, and not from another one.
    studio.place.edit("train.toml", "steps = 3", "steps = 4");
    studio.place.remove("run");
    studio.train("a", "--resume").exits_with(0).says("resuming from step 3");
    studio.export("b --out other").exits_with(0);
    let refused = studio.train("a", "--resume --from other").exits_with(2);
    refused.says("the run was started from `run/checkpoints/step-20`").says("omit --from");
}

#[test]
fn a_voice_without_the_parts_of_training_trains_them_first() {
    let studio = Studio::with_voice();
    assert!(!studio.place.has("voice/training.safetensors"));
    studio.place.edit("train.toml", "warm_up_steps = 10", "warm_up_steps = 0\nfreeze_steps = 12");
    let outcome = studio.train("tuned", "--from voice").exits_with(0);
    outcome.says("new, and trained alone for 12 steps: posterior, discriminators");
    let speaking = |path: &str| studio.place.bytes(&format!("{path}/model.safetensors"));
    studio.export("tuned --step 10 --out frozen").exits_with(0);
    studio.export("tuned --step 20 --out moved").exits_with(0);
    assert!(speaking("frozen") == speaking("voice") && speaking("moved") != speaking("voice"));
}

#[test]
fn explains_a_source_that_does_not_fit() {
    let studio = Studio::with_voice();
    let refused = studio.train("other", "--from dataset").exits_with(2);
    refused.says("`dataset` is neither a voice, nor a run of `mynah-train run`");
    studio.place.edit("train.toml", "hidden = 8", "hidden = 12");
    let refused = studio.train("other", "--from voice").exits_with(2);
    refused
        .says("the model of `voice` has other sizes than the configuration")
        .says("copy the tables `[model]`");
    assert!(!studio.place.has("other/run.toml"));
    studio.place.write("train.toml", CONFIG);
    studio.place.edit(
        "recipe.toml",
        "[sup_phones]",
        "[audio]\nsample_rate = 16000\nresample = true\n\n[sup_phones]",
    );
    studio.place.prepare_corpus("dataset").exits_with(0);
    studio.train("other", "--from voice").exits_with(2).says("22050 Hz").says("16000 Hz");
}

#[test]
fn the_recipe_for_fine_tuning_has_the_sizes_of_the_bundled_voice() {
    let recipes = concat!(env!("CARGO_MANIFEST_DIR"), "/ljspeech");
    let read = |path: String| fs::read_to_string(path).unwrap();
    let (tune, small) = (read(format!("{recipes}/fine-tune.toml")), read(format!("{recipes}/small.toml")));
    assert_eq!(model_of(&tune), model_of(&small));

    let studio = Studio::new();
    let one_step =
        tune.replace("steps = 1000", "steps = 1").replace("batch_frames = 2000", "batch_frames = 1");
    studio.place.write("train.toml", one_step);
    let voice = fixture("voices/ljspeech-small");
    studio.train("tuned", &format!("--from {}", voice.display())).exits_with(0).says("starting from `");
}
