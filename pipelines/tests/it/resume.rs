//! A training that stops for any reason and is resumed ends as an uninterrupted one.

use crate::studio::{CHECKPOINT, Studio, TRAIN, train_arguments};
use crate::support::{Outcome, killed, names};

const REMEDY: &str = "what to do: free some space and run again; finished work is kept";
/// All steps; the memory is attached before step 21, and checkpoints are written at 20 and 40.
const STEPS: u64 = 50;

fn studio() -> Studio {
    let studio = Studio::new();
    studio.place.edit("train.toml", "warm_up_steps = 10", "warm_up_steps = 20");
    studio.place.edit("train.toml", "\nsteps = 20", "\nsteps = 50");
    studio.place.edit("train.toml", "checkpoint_every = 10", "checkpoint_every = 20");
    studio.train("whole", "").exits_with(0);
    studio
}

/// Resumes `run` and ends it by a signal once `when` accepts its stderr.
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

/// Resumes `run` to its end and compares it with the uninterrupted run.
fn finish(studio: &Studio) -> Outcome {
    let outcome = studio.train("run", "--resume --threads 1").exits_with(0).says("50 steps are done");
    studio.assert_same_checkpoint("whole", "run", STEPS);
    let steps = |run: &str| {
        let mut rows = studio.metrics(run);
        for row in &mut rows {
            row.remove("seconds");
        }
        // An interrupted run also validated where it stopped.
        rows.retain(|row| {
            row["split"] == "train" || [20, 40, STEPS].map(Some).contains(&row["step"].as_u64())
        });
        rows
    };
    assert_eq!(steps("run"), steps("whole"));
    outcome
}

#[test]
fn resumes_from_the_checkpoint_of_an_interruption() {
    let studio = studio();
    for (word, least) in [("warm-up", 5), ("main", 25)] {
        let begins = format!("step {least} of 50  {word}");
        let outcome =
            stop(&studio, "INT", |said| said.contains(&begins), |status| status.code() == Some(130));
        let outcome = outcome.says("stopping after this step").says("continue with --resume");
        let (_, rest) = outcome.stderr.split_once("interrupted at step ").unwrap();
        let step: u64 = rest.split_once(' ').unwrap().0.parse().unwrap();
        assert!((least..STEPS).contains(&step));
        let written = names(&studio.place.path(&format!("run/checkpoints/step-{step}")));
        assert_eq!(written.into_iter().collect::<Vec<_>>(), CHECKPOINT);
    }
    finish(&studio);
}

#[test]
fn resumes_from_the_last_checkpoint_when_killed() {
    let studio = studio();
    let last = || {
        let there = (1..=STEPS).filter(|n| studio.place.has(&format!("run/checkpoints/step-{n}")));
        there.max().unwrap_or_default()
    };
    // Before the first checkpoint, after it, and after the last but one.
    for (step, from) in [(5, 0), (25, 20), (45, 40)] {
        // The signal may also arrive after the next checkpoint.
        let ended_by_it = |status| killed(status) && last() == from;
        stop(&studio, "KILL", |said| said.contains(&format!("step {step} of 50")), ended_by_it);
    }
    finish(&studio).says("resuming from step 40");
}

#[test]
fn rewrites_the_checkpoint_during_which_it_was_killed() {
    let studio = studio();
    // The system ends a program at the limit: after the model (71 kB), within the state of the optimizer.
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
fn names_and_rewrites_a_checkpoint_that_does_not_fit_on_the_disk() {
    let studio = studio();
    // The model takes 71 kB, the state of the optimizer 212 kB.
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
fn names_and_rewrites_metrics_that_do_not_fit_on_the_disk() {
    let studio = studio();
    stop(&studio, "INT", |said| said.contains("step 3 of 50"), |status| status.code() == Some(130));
    // There is room for two more rows and half of a third.
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
