//! `mynah-train run`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mynah_corpus::Dataset;
use mynah_voice::{DecoderConfig, IstftConfig};

use crate::studio::{Studio, TRAIN};
use crate::support::{documented_columns, documented_settings, keys, names};

/// The scalars of a step in TensorBoard.
type Scalars = BTreeMap<String, f32>;

#[test]
fn a_run_writes_the_documented_files() {
    let studio = Studio::new();
    let outcome = studio.train("run", "").exits_with(0);
    outcome
        .says("2 training and 1 validation utterances")
        .says("step 1 of 20  warm-up")
        .says("step 20 of 20  main")
        .says("wrote run/checkpoints/step-20")
        .says("`mynah-train export run --out VOICE`");

    assert_eq!(
        names(&studio.place.path("run/checkpoints")),
        BTreeSet::from(["step-10", "step-20"].map(str::to_owned))
    );
    for step in [10, 20] {
        studio.assert_same_checkpoint("run", "run", step);
        let state: toml::Table =
            toml::from_str(&studio.place.read(&format!("run/checkpoints/step-{step}/state.toml"))).unwrap();
        assert_eq!(state["step"].as_integer(), Some(step as i64));
        // Two utterances, each in its own batch.
        assert_eq!(state["epoch"].as_integer(), Some(step as i64 / 2));
    }
    let others = studio.place.files("run").into_keys().filter(|name| !name.starts_with("checkpoints/"));
    let others: Vec<String> = others.filter(|name| !name.starts_with("events.out.tfevents.")).collect();
    assert_eq!(others, ["metrics.jsonl", "run.toml", "supphones.json", "vocabulary.json"]);
    for file in ["supphones.json", "vocabulary.json"] {
        assert_eq!(
            studio.place.bytes(&format!("run/{file}")),
            studio.place.bytes(&format!("dataset/{file}"))
        );
    }

    let info: toml::Table = toml::from_str(&studio.place.read("run/run.toml")).unwrap();
    let dataset = Dataset::open(&studio.place.path("dataset")).unwrap();
    assert_eq!(info["dataset"].as_str(), Some(dataset.info().fingerprint.as_str()));
    assert_eq!(info["data"].as_str(), Some("dataset"));
    assert_eq!(info["program"].as_str(), Some(concat!("mynah-train ", env!("CARGO_PKG_VERSION"))));
    let mut config = keys(info["config"].as_table().unwrap());
    config.extend(istft_settings());
    assert_eq!(config, documented_settings("CONFIG.toml"));
    // The configuration with every default filled in is a configuration that trains the same.
    studio.place.write("train.toml", toml::to_string(&info["config"]).unwrap());
    studio.train("again", "--threads 1").exits_with(0);
    studio.assert_same_checkpoint("run", "again", 20);
}

/// The keys of a decoder that ends in an inverse transform.
fn istft_settings() -> impl Iterator<Item = String> {
    let config = DecoderConfig::Istft(IstftConfig::default());
    let written: toml::Table = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
    keys(&written).into_iter().map(|key| format!("model.decoder.{key}"))
}

#[test]
fn documents_the_settings_of_a_decoder_with_an_inverse_transform() {
    let documented = documented_settings("CONFIG.toml");
    assert!(istft_settings().count() > 6);
    assert_eq!(istft_settings().find(|key| !documented.contains(key)), None);
}

#[test]
fn metrics_are_finite_and_equal_those_of_tensorboard() {
    let studio = Studio::with_run();
    let rows = studio.metrics("run");
    let columns = documented_columns("training-run.md", "### `metrics.jsonl`");
    let mut expected = Vec::new();
    for row in &rows {
        assert_eq!(row.keys().cloned().collect::<BTreeSet<_>>(), columns);
        let (step, split) = (row["step"].as_u64().unwrap(), row["split"].as_str().unwrap());
        expected.push((step, split));
        let main = row["phase"] == "main";
        if split == "train" {
            assert_eq!(main, step > 10);
            assert_eq!(row["epoch"].as_u64(), Some((step - 1) / 2));
        }
        for (column, value) in row.iter().filter(|(column, _)| column.starts_with("loss_")) {
            let only_main = ["loss_forward_kl", "loss_end_to_end", "loss_length"].contains(&column.as_str());
            let never_validated =
                ["loss_adversarial", "loss_feature", "loss_discriminator"].contains(&column.as_str());
            // Their weights are 0 unless they are given; validations measure one of them all the same.
            let computed = match column.as_str() {
                "loss_stft" => false,
                "loss_phase" => split != "train",
                _ => true,
            };
            let in_phase = if split == "train" { main || !only_main } else { !only_main && !never_validated };
            let there = computed && in_phase;
            assert_eq!(value.as_f64().is_some_and(f64::is_finite), there, "{column} of {row:?}");
            assert_eq!(value.is_null(), !there);
        }
        assert!(row["duration_ratio"].as_f64().is_some_and(|ratio| ratio > 0.0 && ratio.is_finite()));
        let path = row["path_ratio"].as_f64();
        assert_eq!(
            path.is_some_and(|ratio| (0.999..2.0).contains(&ratio)),
            split == "train" && main,
            "{row:?}"
        );
        assert_eq!(path.is_none(), split == "validation" || !main, "{row:?}");
        for column in ["gradient_norm", "learning_rate"] {
            let positive = row[column].as_f64().is_some_and(|value| value.is_finite() && value > 0.0);
            assert_eq!(positive, split == "train", "{column} of {row:?}");
        }
        assert!(row["seconds"].as_f64().unwrap() > 0.0);
    }
    let steps = (1..=20).flat_map(|step| {
        let validation = (step % 10 == 0).then_some((step, "validation"));
        std::iter::once((step, "train")).chain(validation)
    });
    assert_eq!(expected, steps.collect::<Vec<_>>());

    let files = studio.place.files("run");
    let events: Vec<&String> = files.keys().filter(|name| name.starts_with("events.out.tfevents.")).collect();
    assert_eq!(events.len(), 1);
    let scalars = read_events(&files[events[0]]);
    assert_eq!(scalars.len(), rows.len());
    for (row, (step, scalars)) in rows.iter().zip(scalars) {
        assert_eq!(row["step"].as_u64(), Some(step));
        let expected: Scalars = row
            .iter()
            .filter_map(|(column, value)| {
                let name = match column.as_str() {
                    "gradient_norm" | "learning_rate" => column.clone(),
                    "duration_ratio" | "path_ratio" => format!("{column}/{}", row["split"].as_str()?),
                    loss if loss.starts_with("loss_") => format!("{loss}/{}", row["split"].as_str()?),
                    _ => return None,
                };
                Some((name, value.as_f64()? as f32))
            })
            .collect();
        assert_eq!(scalars, expected);
    }
}

/// Reads the events of a TensorBoard file after the first, which must name the version, and verifies checksums.
fn read_events(mut bytes: &[u8]) -> Vec<(u64, Scalars)> {
    let masked = |data: &[u8]| crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8);
    let mut events = Vec::new();
    let mut take = |n: usize| {
        let (taken, rest) = bytes.split_at(n);
        bytes = rest;
        (taken, rest.is_empty())
    };
    loop {
        let length = take(8).0;
        assert_eq!(take(4).0, masked(length).to_le_bytes());
        let event = take(u64::from_le_bytes(length.try_into().unwrap()) as usize).0;
        let (checksum, end) = take(4);
        assert_eq!(checksum, masked(event).to_le_bytes());
        events.push(event);
        if end {
            break;
        }
    }
    let first = fields(events[0]);
    assert!(first.contains(&(3, Value::Bytes(b"brain.Event:2"))), "{first:?}");
    events[1..].iter().map(|event| scalars_of(event)).collect()
}

/// A value of a protocol buffer.
#[derive(Debug, PartialEq)]
enum Value<'a> {
    Integer(u64),
    Double(f64),
    Float(f32),
    Bytes(&'a [u8]),
}

/// Parses the fields of a protocol buffer message.
fn fields(mut message: &[u8]) -> Vec<(u64, Value<'_>)> {
    fn varint(message: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (first, rest) = message.split_first().unwrap();
            *message = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                break;
            }
        }
        value
    }
    fn take<'a>(message: &mut &'a [u8], n: usize) -> &'a [u8] {
        let (taken, rest) = message.split_at(n);
        *message = rest;
        taken
    }
    let mut found = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message);
        let value = match tag & 7 {
            0 => Value::Integer(varint(&mut message)),
            1 => Value::Double(f64::from_le_bytes(take(&mut message, 8).try_into().unwrap())),
            2 => {
                let n = varint(&mut message) as usize;
                Value::Bytes(take(&mut message, n))
            }
            5 => Value::Float(f32::from_le_bytes(take(&mut message, 4).try_into().unwrap())),
            other => panic!("no such wire type: {other}"),
        };
        found.push((tag >> 3, value));
    }
    found
}

fn scalars_of(event: &[u8]) -> (u64, Scalars) {
    let mut step = 0;
    let mut scalars = Scalars::new();
    for (field, value) in fields(event) {
        match (field, value) {
            (1, Value::Double(time)) => assert!(time > 1.6e9, "seconds since 1970: {time}"),
            (2, Value::Integer(value)) => step = value,
            (5, Value::Bytes(summary)) => {
                for (_, value) in fields(summary) {
                    let Value::Bytes(value) = value else { panic!("{value:?}") };
                    let [(1, Value::Bytes(tag)), (2, Value::Float(number))] = &fields(value)[..] else {
                        panic!("{value:?}")
                    };
                    scalars.insert(str::from_utf8(tag).unwrap().to_owned(), *number);
                }
            }
            other => panic!("{other:?}"),
        }
    }
    (step, scalars)
}

#[test]
fn does_not_overwrite_a_run() {
    let studio = Studio::with_run();
    studio.place.copy("run", "before");
    studio.train("run", "").exits_with(2).says("`run` has a run").says("what to do: add --resume");
    studio.place.assert_same("before", "run");
    // A finished run does nothing.
    studio.train("run", "--resume").exits_with(0).says("20 steps are done");
    studio.place.assert_same("before", "run");
}

#[test]
fn refuses_and_names_another_dataset_or_configuration() {
    let studio = Studio::with_run();
    let place = &studio.place;
    place.copy("run", "before");
    place.edit("recipe.toml", "merges = 20", "merges = 2");
    place.prepare_corpus("other").exits_with(0);
    place
        .run(TRAIN, "run --config train.toml --data other --out run --resume")
        .exits_with(2)
        .says("started on another dataset (`dataset`, fingerprint ");

    place.copy("dataset", "elsewhere");
    place.run(TRAIN, "run --config train.toml --data elsewhere --out run --resume").exits_with(0);

    let config = place.read("train.toml");
    place.write("train.toml", config.replace("hidden = 8", "hidden = 16").replace("seed = 3", "seed = 4"));
    studio
        .train("run", "--resume")
        .exits_with(2)
        .says("`model.hidden`, `train.seed` differ from its run.toml")
        .says("only `train.steps`, `train.log_every`, `train.checkpoint_every`, `train.keep`, `train.patience` may change");
    place.write("train.toml", config.replace("hidden = 8", "hiden = 8"));
    studio
        .train("run", "--resume")
        .exits_with(2)
        .says("`train.toml`")
        .says("line 2")
        .says("unknown field `hiden`");
    place.assert_same("before", "run");
}

#[test]
fn a_finished_run_continues_with_more_steps() {
    let studio = Studio::with_run();
    studio.place.edit("train.toml", "steps = 20", "steps = 26");
    studio.train("run", "--resume").exits_with(0).says("resuming from step 20").says("step 26 of 26");
    assert!(studio.place.read("run/run.toml").contains("steps = 26"), "it records the steps");
    studio.train("whole", "").exits_with(0);
    studio.assert_same_checkpoint("whole", "run", 26);
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let studio = Studio::with_run();
    studio.place.copy("run", "whole");
    let file = studio.place.path("run/checkpoints/step-20/optimizer.safetensors");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    studio
        .train("run", "--resume")
        .exits_with(0)
        .says("skipping the checkpoint `run/checkpoints/step-20`: ")
        .says("optimizer.safetensors` is damaged")
        .says("resuming from step 10");
    studio.assert_same_checkpoint("whole", "run", 20);

    for step in [10, 20] {
        fs::write(studio.place.path(&format!("run/checkpoints/step-{step}/state.toml")), "").unwrap();
        fs::remove_file(studio.place.path(&format!("run/checkpoints/step-{step}/state.toml"))).unwrap();
    }
    studio.train("run", "--resume").exits_with(2).says("failed to resume `run`").says("step-20/state.toml");
}

#[test]
fn keeps_the_latest_and_the_best_checkpoint() {
    let studio = Studio::new();
    let every = "checkpoint_every = 10";
    studio.place.edit("train.toml", every, "checkpoint_every = 4\nkeep = { last = 1, best = \"loss_mel\" }");
    studio.train("run", "").exits_with(0);
    let rows = studio.metrics("run");
    let validation = rows.iter().filter(|row| row["split"] == "validation");
    let (best, _) = validation
        .map(|row| (row["step"].as_u64().unwrap(), row["loss_mel"].as_f64().unwrap()))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap();
    let expected: BTreeSet<String> = [best, 20].map(|step| format!("step-{step}")).into();
    assert_eq!(names(&studio.place.path("run/checkpoints")), expected);
    studio.export("run --best loss_mel --out voice").exits_with(0).says(&format!("the voice of step {best}"));
    let refusal = studio.export("run --best loss_mle --out other").exits_with(2);
    refusal.says("no checkpoint of `run` has a validation with `loss_mle`");
}

#[test]
fn a_run_may_end_with_the_fine_tuning_phase() {
    let studio = Studio::new();
    studio.place.edit("train.toml", "warm_up_steps = 10", "warm_up_steps = 10\ntuning_steps = 4");
    let outcome = studio.train("run", "").exits_with(0);
    outcome.says("step 10 of 20  warm-up").says("step 16 of 20  main").says("step 17 of 20  tuning");
    let rows = studio.metrics("run");
    let tuning = rows.iter().filter(|row| row["split"] == "train" && row["phase"] == "tuning");
    assert_eq!(tuning.map(|row| row["step"].as_u64().unwrap()).collect::<Vec<_>>(), [17, 18, 19, 20]);
    studio.export("run --out voice").exits_with(0);
    studio.place.edit("train.toml", "tuning_steps = 4", "tuning_steps = 11");
    studio.train("other", "").exits_with(2).says("`train.tuning_steps`");
}

#[test]
fn refuses_bad_settings_before_writing_anything() {
    let studio = Studio::new();
    let place = &studio.place;
    studio
        .train("run", "--device gpu")
        .exits_with(2)
        .says("--device")
        .says("expected `cpu`, `cuda` or `cuda:N`");
    studio.train("run", "--device cuda:7").exits_with(2).says("failed to open the device").says("cuda:7");
    studio.train("run", "--threads 0").exits_with(2).says("--threads");
    place
        .run(TRAIN, "run --config nowhere.toml --data dataset --out run")
        .exits_with(2)
        .says("`nowhere.toml`")
        .says("what to do: check the name");
    place
        .run(TRAIN, "run --config train.toml --data corpus --out run")
        .exits_with(2)
        .says("`corpus/dataset.toml`")
        .says("run `mynah-prepare run");

    let config = place.read("train.toml");
    for (from, to, says) in [
        ("hidden = 8", "hidden = 7", "`model.hidden`"),
        ("steps = 20", "steps = 0", "`train.steps`"),
        ("steps = 20", "steps = 9", "`train.warm_up_steps`"),
        ("window_frames = 5", "window_frames = 4", "`train.window_frames`"),
        ("seed = 3", "sed = 3", "unknown field `sed`"),
        ("seed = 3", "seed = 3\nprecision = \"bf16\"", "`train.precision`"),
        ("[train]", "[training]", "unknown field `training`"),
    ] {
        place.write("train.toml", config.replace(from, to));
        studio.train("run", "").exits_with(2).says(says);
    }
    assert!(!place.has("run"));
    place.write("train.toml", config);

    // A dataset with a missing file.
    let lost = "dataset/features/LJ001-0043.safetensors";
    fs::remove_file(place.path(lost)).unwrap();
    studio.train("run", "").exits_with(2).says(lost).says("what to do: ").says("mynah-prepare run");
    place.prepare_corpus("dataset").exits_with(0);
    studio.train("run", "--resume").exits_with(0).says("20 steps are done");
}
