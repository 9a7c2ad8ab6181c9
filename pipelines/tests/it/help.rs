//! The help of the programs.

use crate::support::{PREPARE, Place};

#[track_caller]
fn check(place: &Place, program: &str, name: &str, commands: &[&str]) {
    for command in commands {
        let spaced = if command.is_empty() { String::new() } else { format!(" {command}") };
        let help = place.run(program, &format!("{command} --help")).prints(0);
        assert!(help.contains(&format!("Usage: {name}{spaced}")), "{name} {command}: {help}");
        let (_, examples) = help.split_once("Example").unwrap_or_else(|| panic!("{name} {command}: {help}"));
        assert!(examples.contains(&format!("\n  {name}")), "{name} {command}: {help}");
        // `help COMMAND` prints the same.
        assert_eq!(place.run(program, &format!("help {command}")).prints(0), help, "{name} {command}");
    }
    place.run(program, "").exits_with(2).says("Usage: ");
    place.run(program, "nonsense").exits_with(2).says("nonsense").says("--help");
    assert!(place.run(program, "--version").prints(0).starts_with(name));
}

#[test]
fn every_subcommand_has_help_with_an_example() {
    let place = Place::new();
    check(
        &place,
        PREPARE,
        "mynah-prepare",
        &[
            "",
            "check",
            "run",
            "merge",
            "align",
            "import-alignment",
            "phonemize",
            "bpe",
            "bpe train",
            "bpe encode",
            "text",
            "mel",
            "completions",
            "man",
        ],
    );
    #[cfg(feature = "voice")]
    {
        check(
            &place,
            env!("CARGO_BIN_EXE_mynah-train"),
            "mynah-train",
            &["", "pretrain", "run", "export", "report", "compare", "import", "g2p", "completions", "man"],
        );
        check(
            &place,
            env!("CARGO_BIN_EXE_mynah-synthesize"),
            "mynah-synthesize",
            &["", "text", "batch", "completions", "man"],
        );
    }
}

#[test]
fn the_options_of_the_examples_exist() {
    let place = Place::new();
    let check = |program: &str, commands: &[&str]| {
        for command in commands {
            let help = place.run(program, &format!("{command} --help")).prints(0);
            let (options, examples) = help.split_once("Example").unwrap();
            let lines = examples.lines().filter(|line| line.contains(&format!(" {command} ")));
            let mut seen = 0;
            for line in lines {
                // In a pipe, only the part with this subcommand.
                let part = line.split(" | ").find(|part| part.contains(&format!(" {command} "))).unwrap();
                for option in part.split_whitespace().filter(|word| word.starts_with("--")) {
                    let listed = options.split_whitespace().any(|word| word == option);
                    assert!(listed, "{command}: {option} of `{line}`");
                    seen += 1;
                }
            }
            assert!(seen > 0, "{command}: {examples}");
        }
    };
    check(
        PREPARE,
        &[
            "check",
            "run",
            "align",
            "import-alignment",
            "phonemize",
            "bpe train",
            "bpe encode",
            "text",
            "mel",
            "man",
        ],
    );
    #[cfg(feature = "voice")]
    {
        check(
            env!("CARGO_BIN_EXE_mynah-train"),
            &["pretrain", "run", "export", "report", "compare", "import", "g2p", "man"],
        );
        check(env!("CARGO_BIN_EXE_mynah-synthesize"), &["text", "batch", "man"]);
    }
}
