//! Graphs of the user's, in ONNX.

#[cfg(feature = "onnx")]
use mynah_metrics::{Score, Status};
use mynah_testkit::fixture;

use crate::support::{ITEMS, Place};

/// Declares the tiny network with all of its numbers; `more` are keys of the graph.
fn protocol(file: &str, sha256: &str, more: &str) -> String {
    let graph = format!(
        "[[onnx]]\nname = \"tiny\"\npath = \"{file}\"\nsha256 = \"{sha256}\"\nsample_rate = 22050\n{more}\n"
    );
    let metric = |name: &str, more: &str| {
        format!("[[onnx.metric]]\nname = \"{name}\"\nunit = \"points\"\nbetter = \"higher\"\n{more}\n")
    };
    graph
        + &metric("first", "")
        + &metric("second", "index = 1\npolynomial = [0.5, 1.0]")
        + &metric("third", "output = \"scores\"\nindex = 2\npolynomial = [-0.05, 1.1, 2.0]")
        + &metric("loudest", "output = \"loudest\"")
}

/// Copies a network of the fixtures next to a protocol that declares it.
fn prepare(place: &Place, file: &str, sha256: &str, more: &str) {
    let network = fixture(&format!("golden/eval/{file}"));
    place.write(&format!("study/{file}"), std::fs::read(network).expect("it is there"));
    place.write("study/protocol.toml", protocol(file, sha256, more));
    place.write("items.txt", ITEMS.join("\n"));
}

const RUN: &str =
    "run --system clips=recordings --items items.txt --protocol study/protocol.toml --force --out scores.csv";

#[cfg(not(feature = "onnx"))]
#[test]
fn a_program_without_the_engine_says_how_to_get_one() {
    let place = Place::new();
    prepare(&place, "tiny.onnx", &"0".repeat(64), "");
    place
        .score(RUN)
        .exits_with(2)
        .says("this mynah-score cannot run graphs such as `study/tiny.onnx`")
        .says("--features onnx");
    assert!(!place.path("scores.csv").exists());
}

#[cfg(feature = "onnx")]
mod with_the_engine {
    use std::collections::BTreeMap;

    use mynah_table::read_table;
    use serde::Deserialize;

    use super::*;

    /// Single precision, in another order of additions.
    const TOLERANCE: f64 = 2e-6;

    #[derive(Deserialize)]
    struct Golden {
        sha256: BTreeMap<String, String>,
        /// For each item, the values by arrangement of the windows.
        expected: BTreeMap<String, BTreeMap<String, Expected>>,
    }

    #[derive(Deserialize)]
    struct Expected {
        windows: usize,
        values: [f64; 4],
    }

    fn golden() -> Golden {
        mynah_testkit::golden("eval/onnx.json")
    }

    fn rows(place: &Place) -> Vec<Score> {
        read_table(&place.path("scores.csv")).expect("it was written")
    }

    #[test]
    fn values_agree_with_onnxruntime() {
        let golden = golden();
        for (arrangement, file, keys) in [
            ("whole", "tiny.onnx", ""),
            ("all", "tiny-window.onnx", "window_seconds = 1.02\nhop_seconds = 0.3"),
            ("dnsmos", "tiny-window.onnx", "window_seconds = 1.02\nhop_seconds = 0.3\nwindows = \"dnsmos\""),
        ] {
            let place = Place::new();
            prepare(&place, file, &golden.sha256[file].to_uppercase(), keys);
            place.score(RUN).exits_with(0).says("running `tiny` on 4 wavs of `clips`");
            let rows = rows(&place);
            assert_eq!(rows.len(), 16);
            for (row, metric) in rows.iter().zip((0..4).cycle()) {
                let expected = &golden.expected[&row.item][arrangement];
                assert!(arrangement == "whole" || expected.windows > 1);
                assert!(row.profile.starts_with(&format!("{}/tiny-", row.metric)), "{}", row.profile);
                assert_eq!((row.unit.as_str(), row.better.as_deref()), ("points", Some("higher")));
                let value = row.value.unwrap_or_else(|| panic!("{row:?}"));
                mynah_testkit::assert_close(value, expected.values[metric], TOLERANCE, &row.metric);
            }
        }
    }

    #[test]
    fn an_item_fails_alone() {
        let golden = golden();
        let place = Place::new();
        let file = "tiny.onnx";
        prepare(&place, file, &golden.sha256[file], "");
        std::fs::remove_file(place.path(&format!("recordings/{}.wav", ITEMS[1]))).expect("it is there");
        // Between the values of the two others.
        let mut first: Vec<f64> =
            ITEMS.iter().map(|item| golden.expected[*item]["whole"].values[0]).collect();
        first.sort_by(f64::total_cmp);
        let least = f64::midpoint(first[0], first[1]);
        let text = protocol(file, &golden.sha256[file], "");
        let text =
            text.replacen("unit = \"points\"", &format!("unit = \"points\"\nrange = [{least}, 100.0]"), 1);
        place.write("study/protocol.toml", text);
        place.score(&format!("{RUN} --strict")).exits_with(1);
        for row in rows(&place) {
            let is_low = golden.expected[&row.item]["whole"].values[0] < least && row.metric == "first";
            let reason = row.reason.as_deref().unwrap_or_default();
            match row.item.as_str() {
                item if item == ITEMS[1] => assert!(reason.starts_with("there is no `"), "{row:?}"),
                _ if is_low => assert!(reason.contains("but it lies between"), "{row:?}"),
                _ => assert_eq!(row.status, Status::Ok, "{row:?}"),
            }
        }
        // A number that the output does not have fails every wav, and says so.
        place.write(
            "study/protocol.toml",
            protocol(file, &golden.sha256[file], "").replace("index = 2", "index = 3"),
        );
        place.score(RUN).exits_with(0);
        for row in rows(&place) {
            assert_eq!(row.status, Status::Failed);
        }
        assert!(
            rows(&place)[0]
                .reason
                .as_deref()
                .expect("a reason")
                .contains("asks for number 3, counted from 0")
        );
    }

    #[test]
    fn another_file_than_the_declared_one_is_refused() {
        let golden = golden();
        let place = Place::new();
        let sha256 = &golden.sha256["tiny.onnx"];
        prepare(&place, "tiny.onnx", &golden.sha256["tiny-window.onnx"], "");
        place
            .score(RUN)
            .exits_with(2)
            .says("failed to use graph `tiny`, `study/tiny.onnx`")
            .says(&format!(
                "its SHA-256 is {sha256}, but the protocol names {}",
                golden.sha256["tiny-window.onnx"]
            ))
            .says("correct `sha256`");
        place.write("study/tiny.onnx", "no network");
        // The hash of that text.
        let other = "bd108b5c39016c09b9872915cc48ecdd12a48fed1658cbf299823f5591cbb93a";
        place.write("study/protocol.toml", protocol("tiny.onnx", other, ""));
        place.score(RUN).exits_with(2).says("it cannot be run").says("`[[command]]`");
        std::fs::remove_file(place.path("study/tiny.onnx")).expect("it is there");
        place.score(RUN).exits_with(2).says("study/tiny.onnx");
        for (from, to, why) in [
            (
                "output = \"loudest\"",
                "output = \"quietest\"",
                "it has no output `quietest`, only `scores`, `loudest`",
            ),
            ("sample_rate", "input = \"sound\"\nsample_rate", "it has no input `sound`, only `audio`"),
        ] {
            prepare(&place, "tiny.onnx", sha256, "");
            place.write("study/protocol.toml", protocol("tiny.onnx", sha256, "").replacen(from, to, 1));
            place.score(RUN).exits_with(2).says(why);
        }
        assert!(!place.path("scores.csv").exists());
    }
}
