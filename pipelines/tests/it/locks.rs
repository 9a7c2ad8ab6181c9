//! Only one program at a time writes to a directory; others fail and change nothing.

use std::fs::{File, TryLockError};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use mynah_corpus::Dataset;

#[cfg(feature = "voice")]
use crate::studio::{SYNTHESIZE, Studio, TRAIN, train_arguments};
use crate::support::{PREPARE, Place};

/// Attempts to stop a program while it writes.
const ATTEMPTS: usize = 50;
/// The time in which a stopped process finishes its system call.
const SETTLED: Duration = Duration::from_millis(30);

const RUN: &str = "run corpus --recipe recipe.toml --out dataset";

/// Starts a program, stops it while it holds `lock`, runs `meanwhile`, and lets it finish.
fn while_it_writes(
    place: &Place,
    (program, arguments): (&str, &str),
    lock: &str,
    again: impl Fn(),
    meanwhile: impl Fn(),
) {
    for _ in 0..ATTEMPTS {
        let mut command = place.command(program);
        command.args(arguments.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program is built");
        let send = |signal: &str| {
            let arguments = ["-c", "kill -s \"$1\" \"$2\"", "sh", signal, &child.id().to_string()];
            place.command("sh").args(arguments).stderr(Stdio::null()).status().expect("there is a shell");
        };
        for _ in 0..20_000 {
            if place.has(lock) {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        // It opens the file before it locks it, which takes a while on a busy machine.
        thread::sleep(Duration::from_millis(2));
        send("STOP");
        thread::sleep(SETTLED);
        let is_held = File::open(place.path(lock))
            .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
        if is_held {
            meanwhile();
        }
        send("CONT");
        let status = child.wait().expect("it can be waited for");
        assert_eq!(status.code(), Some(0), "{program} {arguments}");
        if is_held {
            assert!(!place.has(lock), "the lock file remains");
            return;
        }
        again();
    }
    panic!("`{program} {arguments}` always ended before STOP")
}

/// Asserts that a program fails with one line that names the locked place.
fn is_kept_out(place: &Place, (program, arguments): (&str, &str), of: &str) {
    let outcome = place.run(program, arguments).exits_with(2);
    let expected = format!(
        "error: `{of}` is in use by another program\n  what to do: wait until it ends, or name another place\n"
    );
    assert_eq!(outcome.stderr, expected, "{program} {arguments}");
}

#[test]
fn two_runs_do_not_share_a_directory() {
    let place = Place::with_corpus();
    place.prepare_corpus("expected").exits_with(0);
    // Other features: the last writer would leave keys that differ from the manifest's.
    place.write("other.toml", place.read("recipe.toml") + "\n[audio]\nf0_max_hz = 400.0\n");
    while_it_writes(
        &place,
        (PREPARE, RUN),
        "dataset/.mynah.lock",
        || place.remove("dataset"),
        || {
            for second in
                [RUN, "run corpus --recipe other.toml --out dataset", "merge dataset", "align dataset"]
            {
                is_kept_out(&place, (PREPARE, second), "dataset");
            }
            is_kept_out(&place, (PREPARE, "run corpus --out dataset --shard 1/2"), "dataset");
            is_kept_out(&place, (PREPARE, "text corpus/metadata.csv --out dataset"), "dataset");
            is_kept_out(&place, (PREPARE, "import-alignment dataset --from dataset/alignments"), "dataset");
        },
    );
    place.assert_same("expected", "dataset");
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    for utterance in dataset.utterances() {
        dataset.features(utterance).expect("the features have the key in the manifest");
    }
}

#[test]
fn shards_run_in_parallel_but_each_only_once() {
    let place = Place::with_corpus();
    place.prepare_corpus("expected").exits_with(0);
    while_it_writes(
        &place,
        (PREPARE, &format!("{RUN} --shard 1/2")),
        "dataset/.mynah.lock.00001-of-00002",
        || place.remove("dataset"),
        || {
            for second in [&format!("{RUN} --shard 1/2"), RUN, "merge dataset"] {
                is_kept_out(&place, (PREPARE, second), "dataset");
            }
            place.prepare(&format!("{RUN} --shard 2/2")).exits_with(0);
            is_kept_out(&place, (PREPARE, RUN), "dataset");
        },
    );
    place.prepare("merge dataset").exits_with(0);
    place.assert_same("expected", "dataset");
}

#[test]
fn a_killed_program_holds_no_lock() {
    let place = Place::with_corpus();
    place.prepare_corpus("expected").exits_with(0);
    place.disturb(
        PREPARE,
        RUN,
        "KILL",
        |_| place.has("dataset/features"),
        |_| place.has("dataset/.mynah.lock"),
        || place.remove("dataset"),
    );
    place.prepare_corpus("dataset").exits_with(0);
    place.assert_same("expected", "dataset");
}

#[test]
fn only_one_program_encodes_a_text() {
    let place = Place::new();
    place.write("a.txt", "The house was cold, and the day was empty.\n".repeat(2000));
    let arguments = "text a.txt --out text --merges 20 --shard-bytes 2000";
    while_it_writes(
        &place,
        (PREPARE, arguments),
        "text/.mynah.lock",
        || place.remove("text"),
        || is_kept_out(&place, (PREPARE, arguments), "text"),
    );
}

#[cfg(feature = "voice")]
#[test]
fn only_one_program_trains_a_run() {
    let studio = Studio::new();
    let place = &studio.place;
    let arguments = train_arguments("run", "");
    while_it_writes(
        place,
        (TRAIN, &arguments),
        "run/.mynah.lock",
        || place.remove("run"),
        || {
            is_kept_out(place, (TRAIN, &arguments), "run");
            is_kept_out(place, (TRAIN, &train_arguments("run", "--resume")), "run");
        },
    );
    studio.export("run --out voice").exits_with(0);
    let batch = "batch --voice voice --data dataset --split train --out spoken";
    while_it_writes(
        place,
        (SYNTHESIZE, batch),
        "spoken/.mynah.lock",
        || place.remove("spoken"),
        || is_kept_out(place, (SYNTHESIZE, batch), "spoken"),
    );

    place.write("a.txt", "The house was cold, and the day was empty.\n".repeat(40));
    place.prepare("text a.txt --out text --merges 20").exits_with(0);
    place.write("pretrain.toml", crate::pretrain::CONFIG);
    let pretrain = "pretrain --config pretrain.toml --data text --out encoder";
    while_it_writes(
        place,
        (TRAIN, pretrain),
        "encoder/.mynah.lock",
        || place.remove("encoder"),
        || is_kept_out(place, (TRAIN, pretrain), "encoder"),
    );

    place.write("g2p.toml", "epochs = 1\nhidden = 1\nfeatures = 1\nhistory = 1\nbatch_letters = 65536\n");
    let g2p = "g2p --config g2p.toml --out g2p.bin";
    while_it_writes(
        place,
        (TRAIN, g2p),
        ".mynah.lock.g2p.bin",
        || {},
        || is_kept_out(place, (TRAIN, &format!("{g2p} --resume")), "g2p.bin"),
    );
}
