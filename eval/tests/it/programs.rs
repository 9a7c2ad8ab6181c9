//! Behavior shared by all three programs: remedies, completions, man pages.

use crate::support::{Outcome, Place};

type Program = fn(&Place, &str) -> Outcome;

const PROGRAMS: [(&str, Program); 3] =
    [("mynah-score", Place::score), ("mynah-listen", Place::listen), ("mynah-summarize", Place::summarize)];

fn remedies(outcome: &Outcome) -> Vec<&str> {
    outcome.stderr.lines().filter_map(|line| line.strip_prefix("  what to do: ")).collect()
}

#[test]
fn every_program_gives_a_missing_file_the_same_remedy() {
    let place = Place::new();
    place.plan().exits_with(0);
    let (score, listen, summarize): (Program, Program, Program) =
        (Place::score, Place::listen, Place::summarize);
    let system = "--reference recordings --system quiet=quiet --out s.csv";
    let plan =
        "plan --protocol small.toml --reference recordings=recordings --system quiet=quiet --out other.toml";
    for (program, arguments) in [
        (score, format!("run {system} --protocol missing.toml")),
        (score, format!("run {system} --items missing.txt")),
        (score, format!("run {system} --items missing.csv")),
        (score, format!("run {system} --data missing")),
        (score, "run --reference missing --system quiet=quiet --out s.csv".to_owned()),
        (score, "run --reference recordings --system quiet=missing --out s.csv".to_owned()),
        (listen, format!("{plan} --items missing.txt")),
        (listen, format!("{plan} --components-from missing.csv")),
        (listen, plan.replace("quiet=quiet", "quiet=missing")),
        (listen, "anchor missing --out noisy".to_owned()),
        (listen, "build missing.toml --out BUNDLE".to_owned()),
        (listen, "collect missing.toml answers.json --out r.csv".to_owned()),
        (listen, "simulate missing.toml --out r.csv".to_owned()),
        (summarize, "verdict --plan missing.toml --ratings r.csv --out V".to_owned()),
        (summarize, "verdict --plan PLAN.toml --ratings missing.csv --out V".to_owned()),
        (summarize, "verdict --paradigm cmos --reference a --ratings missing.csv --out V".to_owned()),
        (summarize, "report --scores missing.csv --out R".to_owned()),
        (summarize, "report --ratings missing.csv --plan PLAN.toml --out R".to_owned()),
    ] {
        let outcome = program(&place, &arguments).exits_with(2).says("missing");
        assert_eq!(remedies(&outcome), ["check the name"], "{arguments}\n{}", outcome.stderr);
    }
}

#[test]
fn remedies_are_not_part_of_the_message() {
    let place = Place::new();
    place.write("taken.csv", "a");
    let taken = place.score("run --reference recordings --system a=quiet --out taken.csv").exits_with(2);
    assert_eq!(
        taken.stderr,
        "error: `taken.csv` already exists\n  what to do: name another file, or overwrite this one with --force\n"
    );
    let twice = "plan --protocol cmos --reference a=recordings --system a=quiet --out PLAN.toml";
    let twice = place.listen(twice).exits_with(2);
    assert_eq!(
        twice.stderr,
        "error: two directories are named `a`\n  what to do: give each system a different name\n"
    );
    let protocol = place.listen("plan --protocol missing --system a=quiet --out PLAN.toml").exits_with(2);
    assert_eq!(
        remedies(&protocol),
        ["name `cmos`, `mos`, `ab`, `dmos`, `similarity`, `abx`, `mushra` or a TOML file"],
        "{}",
        protocol.stderr
    );
    let neither = place.summarize("verdict --ratings taken.csv --out V").exits_with(2);
    assert_eq!(
        neither.stderr,
        "error: neither --plan nor --paradigm is given\n  what to do: name the plan of the test with --plan, or describe \
         a test without one with --paradigm\n"
    );
}

#[test]
fn every_program_prints_completions_for_every_shell() {
    let place = Place::new();
    for (name, program) in PROGRAMS {
        for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
            let outcome = program(&place, &format!("completions {shell}")).exits_with(0);
            for part in [name, "completions", "man", "--out"] {
                // fish spells long options without the dashes.
                let part = if shell == "fish" { part.trim_start_matches('-') } else { part };
                assert!(outcome.stdout.contains(part), "{name} {shell} lacks {part}");
            }
            assert!(outcome.stderr.is_empty(), "{}", outcome.stderr);
        }
        program(&place, "completions cmd").exits_with(2).says("zsh");
    }
}

#[test]
fn every_program_writes_a_man_page_per_subcommand() {
    let place = Place::new();
    for (name, program) in PROGRAMS {
        let help = program(&place, "--help").exits_with(0).stdout;
        let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
        // Wrapped descriptions are indented further.
        let names =
            listed.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
        let subcommands: Vec<&str> =
            names.filter_map(|line| line.split_whitespace().next()).filter(|&it| it != "help").collect();
        assert!(subcommands.len() >= 4 && subcommands.ends_with(&["completions", "man"]), "{help}");
        program(&place, "man --out man").exits_with(0).says(&format!("wrote man/{name}.1"));
        assert!(place.read(&format!("man/{name}.1")).contains(".SH SYNOPSIS"));
        for subcommand in subcommands {
            let page = place.read(&format!("man/{name}-{subcommand}.1"));
            assert!(page.contains(".SH OPTIONS") && page.contains(subcommand), "{page}");
        }
    }
    // A file in the place of the directory.
    place.write("taken", "");
    place
        .score("man --out taken")
        .exits_with(2)
        .says("failed to write man pages into `taken`")
        .says("what to do");
}
