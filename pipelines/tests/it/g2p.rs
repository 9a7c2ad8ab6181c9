//! `mynah-train g2p`.

use mynah_text::G2p;

use crate::studio::TRAIN;
use crate::support::Place;

/// The smallest network there can be, once over the words: it learns nothing, but in seconds.
const SMALLEST: &str = "epochs = 1\nhidden = 1\nfeatures = 1\nhistory = 1\nbatch_letters = 65536\n";

#[test]
fn interrupted_it_goes_on_and_leaves_weights_that_can_be_read() {
    let place = Place::new();
    place.write("smallest.toml", SMALLEST);
    let arguments = "g2p --config smallest.toml --out g2p.bin";
    let interrupted = |status: std::process::ExitStatus| status.code() == Some(130);
    place
        .disturb(
            TRAIN,
            arguments,
            "INT",
            |said| said.contains("words to learn"),
            interrupted,
            || {
                place.remove("g2p.bin.checkpoint");
            },
        )
        .says("111364 words to learn from, 1127 to watch, 12158 held out")
        .says("go on with --resume");
    assert!(!place.has("g2p.bin"));

    // Whoever forgets that there was one does not lose it.
    place.run(TRAIN, arguments).exits_with(2).says("`g2p.bin.checkpoint`").says("--resume");
    let other = SMALLEST.replace("hidden = 1", "hidden = 2");
    place.write("other.toml", other);
    let outcome = place.run(TRAIN, "g2p --config other.toml --out g2p.bin --resume");
    outcome.exits_with(2).says("`g2p.bin.checkpoint`").says("other settings");

    let outcome = place.run(TRAIN, &format!("{arguments} --resume")).says("going on from step ");
    let printed = outcome.prints(0);
    assert!(printed.starts_with("held-out words: 12158\nword error rate: "), "{printed}");
    G2p::open(&place.bytes("g2p.bin")).unwrap();
    assert!(!place.has("g2p.bin.checkpoint"));
}

#[test]
fn what_cannot_be_is_said_before_anything_is_learnt() {
    let place = Place::new();
    place.write("nothing.toml", "hidden = 0\n");
    place.write("unknown.toml", "hiden = 192\n");
    let run = |arguments: &str| place.run(TRAIN, &format!("g2p {arguments}")).exits_with(2);
    run("--config nothing.toml --out g2p.bin").says("`hidden`").says("between 1 and 1000");
    run("--config unknown.toml --out g2p.bin").says("unknown.toml").says("hiden");
    run("--out nowhere/g2p.bin").says("`nowhere/g2p.bin.checkpoint`").says("what to do");
    assert_eq!(place.files("").into_keys().collect::<Vec<_>>(), ["nothing.toml", "unknown.toml"]);

    // What an earlier version left is named.
    place.write("g2p.bin.checkpoint", "a file");
    run("--out g2p.bin --resume").says("`g2p.bin.checkpoint` is a checkpoint of the earlier form");
}
