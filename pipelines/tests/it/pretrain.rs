//! `mynah-train pretrain`, and `mynah-train run` with its encoder.

use std::collections::BTreeSet;

use crate::studio::{CHECKPOINT, Studio, TRAIN};
use crate::support::{Outcome, Place, documented_columns, documented_settings, keys, names};

/// The encoder of the studio's model, at a size that takes a second to pre-train.
pub(crate) const CONFIG: &str = "\
[model]
hidden = 8
encoder = { blocks = 1, filter = 16 }

[train]
seed = 3
steps = 20
warm_up_steps = 5
batch_symbols = 400
accumulate = 2
mix_shards = 2
max_symbols = 60
validation_fraction = 0.3
log_every = 1
checkpoint_every = 10
";

const SENTENCES: [&str; 5] = [
    "They record a record, and the record was played.",
    "The wind was cold.",
    "Nobody read the refuse of hidell's house; the house was empty, and the wind was cold, and the record was played, and nobody read.",
    "It was close to the close of the day.",
    "The house was cold, and the day was empty.",
];

/// Adds `text`, in several shards, and `pretrain.toml` to a place.
fn prepare(place: &Place) {
    let lines: Vec<String> = (0..200)
        .map(|line| format!("{} {} times.", SENTENCES[line % 5], ["Two", "Three", "Nine"][line / 5 % 3]))
        .collect();
    place.write("a.txt", lines.join("\n"));
    place.prepare("text a.txt --out text --merges 20 --shard-bytes 2000").exits_with(0);
    place.write("pretrain.toml", CONFIG);
}

fn place() -> Place {
    let place = Place::new();
    prepare(&place);
    place
}

fn arguments(out: &str, options: &str) -> String {
    format!("pretrain --config pretrain.toml --data text --out {out} {options}")
}

fn pretrain(place: &Place, out: &str, options: &str) -> Outcome {
    place.run(TRAIN, &arguments(out, options))
}

fn rows(place: &Place, run: &str) -> Vec<serde_json::Map<String, serde_json::Value>> {
    let text = place.read(&format!("{run}/metrics.jsonl"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_pre_training_writes_the_documented_files() {
    let place = place();
    pretrain(&place, "pre", "")
        .exits_with(0)
        .says("200 sentences of ")
        .says("step 1 of 20  loss ")
        .says("(fixed guess ")
        .says("symbols/s")
        .says("wrote pre/checkpoints/step-20  validation: loss")
        .says("longer than 60 symbols (`train.max_symbols`)")
        .says("`mynah-train run … --encoder pre`");
    assert_eq!(names(&place.path("pre/checkpoints/step-20")).into_iter().collect::<Vec<_>>(), CHECKPOINT,);
    let others = place.files("pre").into_keys().filter(|name| !name.starts_with("checkpoints/"));
    let others: Vec<String> = others.filter(|name| !name.starts_with("events.out.tfevents.")).collect();
    assert_eq!(others, ["metrics.jsonl", "pretrain.toml", "supphones.json", "vocabulary.json"]);
    for file in ["supphones.json", "vocabulary.json"] {
        assert_eq!(place.bytes(&format!("pre/{file}")), place.bytes(&format!("text/{file}")));
    }
    let info: toml::Table = toml::from_str(&place.read("pre/pretrain.toml")).unwrap();
    let text: toml::Table = toml::from_str(&place.read("text/text.toml")).unwrap();
    assert_eq!(info["text"], text["fingerprint"]);
    let config = keys(info["config"].as_table().unwrap());
    assert_eq!(config, documented_settings("PRETRAIN.toml"));

    let columns = documented_columns("training-run.md", "### `metrics.jsonl` of a pre-training");
    let rows = rows(&place, "pre");
    let mut found = Vec::new();
    for row in &rows {
        assert_eq!(row.keys().cloned().collect::<BTreeSet<_>>(), columns);
        let (step, split) = (row["step"].as_u64().unwrap(), row["split"].as_str().unwrap());
        found.push((step, split));
        for (column, value) in row {
            let only_train = ["gradient_norm", "learning_rate"].contains(&column.as_str());
            let there = column == "split" || value.as_f64().is_some_and(f64::is_finite);
            assert_eq!(there, split == "train" || !only_train, "{column} of {row:?}");
        }
    }
    let steps = (1..=20).flat_map(|step| {
        std::iter::once((step, "train")).chain((step % 10 == 0).then_some((step, "validation")))
    });
    assert_eq!(found, steps.collect::<Vec<_>>());
    assert!(rows.last().unwrap()["too_long"].as_u64().unwrap() > 0);

    // Neither the number of threads nor a configuration with all defaults filled in changes anything.
    place.write("pretrain.toml", toml::to_string(&info["config"]).unwrap());
    pretrain(&place, "again", "--threads 1").exits_with(0);
    place.assert_same("pre/checkpoints/step-20", "again/checkpoints/step-20");
    pretrain(&place, "pre", "")
        .exits_with(2)
        .says("`pre` has a pre-training")
        .says("what to do: add --resume");
    pretrain(&place, "pre", "--resume").exits_with(0).says("20 steps are done");
}

#[test]
fn an_interrupted_pre_training_resumes_bit_by_bit() {
    let place = place();
    place.edit("pretrain.toml", "\nsteps = 20", "\nsteps = 120");
    pretrain(&place, "whole", "").exits_with(0);
    let outcome = place.disturb(
        TRAIN,
        &arguments("run", "--resume"),
        "INT",
        |said| said.contains("step 15 of 120"),
        |status| status.code() == Some(130),
        || place.remove("run"),
    );
    outcome.says("stopping after this step").says("interrupted at step ");
    pretrain(&place, "run", "--resume").exits_with(0).says("resuming from step ");
    place.assert_same("whole/checkpoints/step-120", "run/checkpoints/step-120");
    let of = |run: &str| {
        let mut rows = rows(&place, run);
        rows.retain(|row| row["split"] == "train");
        for row in &mut rows {
            row.remove("seconds");
        }
        rows
    };
    assert_eq!(of("run"), of("whole"));
}

#[test]
fn a_training_starts_with_the_encoder() {
    let studio = Studio::new();
    let place = &studio.place;
    prepare(place);
    pretrain(place, "pre", "").exits_with(0);
    // The encoder cannot read a dataset with other sup-phonemes.
    studio
        .train("run", "--encoder pre")
        .exits_with(2)
        .says("the sup-phonemes of `pre` differ from the dataset's")
        .says("`mynah-prepare run … --sup-phones pre/supphones.json`");
    let arguments = "run corpus --out flagged --recipe recipe.toml --sup-phones pre/supphones.json";
    place.prepare(arguments).exits_with(0);
    place.edit("recipe.toml", "merges = 20", "model = \"pre/supphones.json\"");
    place.prepare_corpus("dataset").exits_with(0);
    assert_eq!(place.bytes("dataset/supphones.json"), place.bytes("pre/supphones.json"));
    // The option sets the recipe.
    for file in ["dataset.toml", "manifest.parquet", "supphones.json"] {
        assert_eq!(
            place.bytes(&format!("flagged/{file}")),
            place.bytes(&format!("dataset/{file}")),
            "{file}"
        );
    }
    assert!(!place.has("run"));

    // A learning rate that changes nothing shows the encoder that the training started with.
    let config = place.read("train.toml");
    place.write(
        "train.toml",
        format!("{config}\n[train.optimizer]\nlearning_rate = 1e-30\nweight_decay = 0.0\n"),
    );
    studio.train("still", "--encoder pre/checkpoints/step-10").exits_with(0).says("step 10");
    let encoder = |path: &str| {
        let tensors = safetensors_of(&place.bytes(&format!("{path}/model.safetensors")));
        tensors.into_iter().filter(|(name, _)| name.starts_with("encoder.")).collect::<Vec<_>>()
    };
    let taken = encoder("still/checkpoints/step-20");
    assert!(taken.len() > 10 && taken == encoder("pre/checkpoints/step-10"));
    assert_ne!(taken, encoder("pre/checkpoints/step-20"));
    place.write("train.toml", config.clone());

    studio
        .train("run", "--encoder pre")
        .exits_with(0)
        .says("starting with the encoder of pre/checkpoints/step-20, step 20");
    let info: toml::Table = toml::from_str(&place.read("run/run.toml")).unwrap();
    assert_eq!(info["encoder"]["step"].as_integer(), Some(20));
    let hash = blake3::hash(&place.bytes("pre/checkpoints/step-20/model.safetensors")).to_string();
    assert_eq!(info["encoder"]["fingerprint"].as_str(), Some(hash.as_str()));
    // Another start leads to another end, and a resumed run needs no option.
    studio.train("without", "").exits_with(0);
    assert_ne!(encoder("run/checkpoints/step-20"), encoder("without/checkpoints/step-20"));
    place.edit("train.toml", "\nsteps = 20", "\nsteps = 24");
    studio.train("run", "--resume").exits_with(0).says("resuming from step 20");
    studio
        .train("run", "--resume --encoder pre/checkpoints/step-10")
        .exits_with(2)
        .says("what to do: omit --encoder");
    studio.train("without", "--resume --encoder pre").exits_with(2).says("without a pre-trained encoder");
    // A run that stopped before its first checkpoint starts again with the same encoder.
    place.remove("run/checkpoints");
    studio
        .train("run", "--resume")
        .exits_with(0)
        .says("starting with the encoder of pre/checkpoints/step-20");
    place.remove("run/checkpoints");
    place.write(
        "pre/checkpoints/step-20/model.safetensors",
        place.bytes("pre/checkpoints/step-10/model.safetensors"),
    );
    studio.train("run", "--resume").exits_with(2).says("is not the encoder that the run was started with");

    // Such a run can be exported.
    studio.export("still --out voice").exits_with(0);
}

#[test]
fn refuses_and_names_unusable_input() {
    let studio = Studio::with_run();
    let place = &studio.place;
    prepare(place);
    place
        .run(TRAIN, "pretrain --config pretrain.toml --data dataset --out pre")
        .exits_with(2)
        .says("there is no `dataset/text.toml`")
        .says("what to do: run `mynah-prepare text … --out dataset`");
    for (from, to, says) in [
        ("hidden = 8", "hidden = 7", "`model.encoder.heads`"),
        ("steps = 20", "steps = 0", "`train.steps`"),
        ("seed = 3", "sed = 3", "unknown field `sed`"),
    ] {
        place.write("pretrain.toml", CONFIG.replacen(from, to, 1));
        pretrain(place, "pre", "").exits_with(2).says(says);
    }
    place.write("pretrain.toml", CONFIG.replace("max_symbols = 60", "max_symbols = 2"));
    pretrain(place, "short", "").exits_with(2).says("longer than `train.max_symbols`");
    place.write("pretrain.toml", CONFIG);
    pretrain(place, "run", "").exits_with(2).says("`run` has a run of `mynah-train run`");
    assert!(!place.has("pre"));

    pretrain(place, "pre", "").exits_with(0);
    studio.train("pre", "").exits_with(2).says("`pre` has a pre-training");
    studio
        .train("other", "--encoder run")
        .exits_with(2)
        .says("`run` is neither a run of `mynah-train pretrain`");
    place.edit("train.toml", "filter = 16", "filter = 32");
    studio
        .train("other", "--encoder pre")
        .exits_with(2)
        .says("other sizes than the configuration")
        .says("copy `model.hidden`");
    place.edit("pretrain.toml", "seed = 3", "seed = 4");
    pretrain(place, "pre", "--resume").exits_with(2).says("`train.seed` differs from its pretrain.toml");
    place.edit("pretrain.toml", "seed = 4", "seed = 3");
    place.prepare("text a.txt --out text --merges 10 --shard-bytes 2000").exits_with(0);
    pretrain(place, "pre", "--resume").exits_with(2).says("started on another text (`text`, fingerprint ");

    // Damaged and missing shards are named.
    let shards = place.files("text/shards");
    place.write("text/shards/00001.parquet", b"damaged");
    pretrain(place, "new", "").exits_with(2).says("`text/shards/00001.parquet`");
    std::fs::remove_file(place.path("text/shards/00001.parquet")).unwrap();
    pretrain(place, "new", "--resume")
        .exits_with(2)
        .says("there is no `text/shards/00001.parquet`")
        .says("what to do: run `mynah-prepare text … --out text`");
    // The sup-phonemes of another text.
    place.write("text/shards/00001.parquet", &shards["00001.parquet"]);
    place.write("text/supphones.json", place.read("dataset/supphones.json"));
    pretrain(place, "newer", "").exits_with(2).says(".parquet, row ").says("prepare the text again");
}

/// Reads the bytes of each tensor in a file.
fn safetensors_of(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let tensors = header.iter().filter(|(name, _)| *name != "__metadata__");
    let mut found: Vec<(String, Vec<u8>)> = tensors
        .map(|(name, about)| {
            let at = |index: usize| 8 + length + about["data_offsets"][index].as_u64().unwrap() as usize;
            (name.clone(), bytes[at(0)..at(1)].to_vec())
        })
        .collect();
    found.sort();
    found
}
