//! Training that is stopped, by whom- or whatever, and then resumed, ends as if nobody had stopped it.

use crate::studio::{CHECKPOINT, Studio, TRAIN, train_arguments};
use crate::support::{Outcome, killed, names};

const REMEDY: &str = "what to do: free some space and run again; what is done stays done";
/// Steps in all; the memory is attached before step 21, and checkpoints are written at 20 and 40.
const STEPS: u64 = 50;

fn studio() -> Studio {
    let studio = Studio::new();
    studio.place.edit("train.toml", "warm_up_steps = 10", "warm_up_steps = 20");
    studio.place.edit("train.toml", "\nsteps = 20", "\nsteps = 50");
    studio.place.edit("train.toml", "checkpoint_every = 10", "checkpoint_every = 20");
    studio.train("whole", "").exits_with(0);
    studio
}

/// Resumes `run` and ends it by a signal as soon as `when` says so of what it has said.
fn stop(
    studio: &Studio,
    signal: &str,
    when: impl Fn(&str) -> bool,
    ended_by_it: impl Fn(std::process::ExitStatus) -> bool,
) -> Outcome {
    let begun = studio.place.has("run");
    if begun {
        studio.place.copy("run", "kept");
    }
    let again = || {
        studio.place.remove("run");
        if begun {
            studio.place.copy("kept", "run");
        }
    };
    let outcome =
        studio.place.disturb(TRAIN, &train_arguments("run", "--resume"), signal, when, ended_by_it, again);
    if begun {
        studio.place.remove("kept");
    }
    outcome
}

/// Resumes `run` to its end, and compares it with the undisturbed one.
fn finish(studio: &Studio) -> Outcome {
    let outcome = studio.train("run", "--resume --threads 1").exits_with(0).says("50 steps are done");
    studio.assert_same_checkpoint("whole", "run", STEPS);
    let steps = |run: &str| {
        let mut rows = studio.metrics(run);
        for row in &mut rows {
            row.remove("seconds");
        }
        // An interrupted run has validated where it stopped, too.
        rows.retain(|row| {
            row["split"] == "train" || [20, 40, STEPS].map(Some).contains(&row["step"].as_u64())
        });
        rows
    };
    assert_eq!(steps("run"), steps("whole"));
    outcome
}

#[test]
fn interrupted_it_writes_a_checkpoint_and_goes_on_from_it() {
    let studio = studio();
    for (word, least) in [("warm-up", 5), ("main", 25)] {
        let begins = format!("step {least} of 50  {word}");
        let outcome =
            stop(&studio, "INT", |said| said.contains(&begins), |status| status.code() == Some(130));
        let outcome = outcome.says("stopping after this step").says("go on with --resume");
        let (_, rest) = outcome.stderr.split_once("interrupted at step ").unwrap();
        let step: u64 = rest.split_once(' ').unwrap().0.parse().unwrap();
        assert!((least..STEPS).contains(&step));
        let written = names(&studio.place.path(&format!("run/checkpoints/step-{step}")));
        assert_eq!(written.into_iter().collect::<Vec<_>>(), CHECKPOINT);
    }
    finish(&studio);
}

#[test]
fn killed_it_goes_on_from_the_last_checkpoint() {
    let studio = studio();
    let last = || {
        let there = (1..=STEPS).filter(|n| studio.place.has(&format!("run/checkpoints/step-{n}")));
        there.max().unwrap_or_default()
    };
    // Before the first checkpoint, behind it, and behind the last but one.
    for (step, from) in [(5, 0), (25, 20), (45, 40)] {
        // A signal may also come when the next one is written.
        let ended_by_it = |status| killed(status) && last() == from;
        stop(&studio, "KILL", |said| said.contains(&format!("step {step} of 50")), ended_by_it);
    }
    finish(&studio).says("going on from step 40");
}

#[test]
fn killed_while_it_writes_a_checkpoint_it_writes_that_again() {
    let studio = studio();
    // The system ends a program that writes further than it may: behind the model (71 kB), within what the optimiser knows.
    let limited = format!("ulimit -c 0; ulimit -f 200; exec \"$0\" {}", train_arguments("run", ""));
    let outcome = studio.place.shell(TRAIN, &limited);
    assert!(killed(outcome.status), "{}", outcome.stderr);
    let left = names(&studio.place.path("run/checkpoints"));
    assert_eq!(left.into_iter().collect::<Vec<_>>(), ["step-20.partial"]);
    finish(&studio);
    let written = names(&studio.place.path("run/checkpoints"));
    assert_eq!(written.into_iter().collect::<Vec<_>>(), ["step-20", "step-40", "step-50"]);
}

#[test]
fn a_checkpoint_that_does_not_fit_on_the_disk_is_named_and_written_again() {
    let studio = studio();
    // The model takes 71 kB, what the optimiser knows 212 kB.
    let limited = format!("trap '' XFSZ; ulimit -f 200; exec \"$0\" {}", train_arguments("run", ""));
    studio
        .place
        .shell(TRAIN, &limited)
        .exits_with(2)
        .says("error: failed to train `run`")
        .says("`run/checkpoints/step-20.partial/optimizer.safetensors`")
        .says(REMEDY);
    assert!(!studio.place.has("run/checkpoints/step-20"));
    finish(&studio);
}

#[test]
fn metrics_that_do_not_fit_on_the_disk_are_named_and_written_again() {
    let studio = studio();
    stop(&studio, "INT", |said| said.contains("step 3 of 50"), |status| status.code() == Some(130));
    // Two rows more find room, and half of a third.
    let blocks = studio.place.bytes("run/metrics.jsonl").len().div_ceil(512) + 2;
    let resume = train_arguments("run", "--resume");
    studio
        .place
        .shell(TRAIN, &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" {resume}"))
        .exits_with(2)
        .says("`run/metrics.jsonl`")
        .says(REMEDY);
    assert!(!studio.place.read("run/metrics.jsonl").ends_with('\n'), "the last line was cut");
    finish(&studio);
}
