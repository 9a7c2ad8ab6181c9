//! `mynah-train g2p`.

use mynah_text::G2p;

use crate::studio::TRAIN;
use crate::support::Place;

/// The smallest possible network, for one epoch: it learns nothing, but takes seconds.
const SMALLEST: &str = "epochs = 1\nhidden = 1\nfeatures = 1\nhistory = 1\nbatch_letters = 65536\n";

#[test]
fn an_interrupted_training_resumes_and_writes_readable_weights() {
    let place = Place::new();
    place.write("smallest.toml", SMALLEST);
    let arguments = "g2p --config smallest.toml --out g2p.bin";
    let interrupted = |status: std::process::ExitStatus| status.code() == Some(130);
    place
        .disturb(
            TRAIN,
            arguments,
            "INT",
            |said| said.contains("held-out words"),
            interrupted,
            || {
                place.remove("g2p.bin.checkpoint");
            },
        )
        .says("111364 training, 1127 validation and 12158 held-out words")
        .says("continue with --resume");
    assert!(!place.has("g2p.bin"));

    // A checkpoint is not overwritten by accident.
    place.run(TRAIN, arguments).exits_with(2).says("`g2p.bin.checkpoint`").says("--resume");
    let other = SMALLEST.replace("hidden = 1", "hidden = 2");
    place.write("other.toml", other);
    let outcome = place.run(TRAIN, "g2p --config other.toml --out g2p.bin --resume");
    outcome.exits_with(2).says("`g2p.bin.checkpoint`").says("other settings");

    let outcome = place.run(TRAIN, &format!("{arguments} --resume")).says("resuming from step ");
    let printed = outcome.prints(0);
    assert!(printed.starts_with("held-out words: 12158\nword error rate: "), "{printed}");
    G2p::open(&place.bytes("g2p.bin")).unwrap();
    assert!(!place.has("g2p.bin.checkpoint"));
}

#[test]
fn refuses_bad_settings_before_training() {
    let place = Place::new();
    place.write("nothing.toml", "hidden = 0\n");
    place.write("unknown.toml", "hiden = 192\n");
    let run = |arguments: &str| place.run(TRAIN, &format!("g2p {arguments}")).exits_with(2);
    run("--config nothing.toml --out g2p.bin").says("`hidden`").says("between 1 and 1000");
    run("--config unknown.toml --out g2p.bin").says("unknown.toml").says("hiden");
    run("--out nowhere/g2p.bin").says("`nowhere/g2p.bin.checkpoint`").says("what to do");
    assert_eq!(place.files("").into_keys().collect::<Vec<_>>(), ["nothing.toml", "unknown.toml"]);

    // The checkpoint of an earlier version is named.
    place.write("g2p.bin.checkpoint", "a file");
    run("--out g2p.bin --resume").says("`g2p.bin.checkpoint` is a checkpoint of an earlier version");
}
