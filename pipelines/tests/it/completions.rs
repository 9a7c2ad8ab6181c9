//! Shell completions and man pages.

use crate::support::{PREPARE, Place};

/// Checks the completions and man pages of a program with these subcommands.
#[track_caller]
fn check(place: &Place, program: &str, name: &str, subcommands: &[&str]) {
    for shell in ["bash", "zsh", "fish"] {
        let script = place.run(program, &format!("completions {shell}")).prints(0);
        for word in subcommands.iter().chain([&name]) {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    place.run(program, "completions cmd").exits_with(2).says("cmd").says("bash");

    let out = format!("man-{name}");
    place.run(program, &format!("man --out {out}")).exits_with(0).says(&format!("{out}/{name}.1"));
    for subcommand in subcommands {
        let page = place.read(&format!("{out}/{name}-{subcommand}.1"));
        assert!(page.starts_with(".ie") && page.contains(".SH NAME"), "{subcommand}: {page}");
    }
    place.write("taken", "mine");
    place.run(program, "man --out taken").exits_with(2).says("`taken`").says("what to do: ");
}

#[test]
fn every_program_prints_completions_and_writes_man_pages() {
    let place = Place::new();
    check(&place, PREPARE, "mynah-prepare", &["run", "check", "import-alignment", "bpe", "text"]);
    assert!(place.read("man-mynah-prepare/mynah-prepare-bpe-train.1").contains("Maximum number of merges"));
    #[cfg(feature = "voice")]
    {
        check(&place, env!("CARGO_BIN_EXE_mynah-train"), "mynah-train", &["run", "pretrain", "g2p"]);
        check(&place, env!("CARGO_BIN_EXE_mynah-synthesize"), "mynah-synthesize", &["text", "batch"]);
    }
}

#[test]
fn bash_loads_the_completions() {
    let place = Place::new();
    let script = place.run(PREPARE, "completions bash").prints(0);
    place.write("completions.bash", script);
    let outcome = place.shell("bash", "exec bash -c '. ./completions.bash && complete -p mynah-prepare'");
    assert!(outcome.prints(0).contains("mynah-prepare"));
}
