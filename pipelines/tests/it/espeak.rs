//! espeak-ng as the backend, in a separate process.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::{Outcome, PREPARE, Place};

/// Makes a place with a program `bin/espeak-ng` that follows the protocol: `--version` names its data directory, and every
/// line of its input yields a line of phonemes. It records its starts.
fn place(body: &str) -> Place {
    let place = Place::with_corpus();
    place.write("data/en_dict", "words");
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then\n  echo \"eSpeak NG text-to-speech: 9.9  Data at: {}\"\n  exit\nfi\necho \"$*\" >> \"{}\"\n{body}\n",
        place.path("data").display(),
        place.path("started.txt").display()
    );
    place.write("bin/espeak-ng", script);
    let path = place.path("bin/espeak-ng");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    place.edit("recipe.toml", "[sup_phones]", "[text]\nbackend = \"espeak\"\n\n[sup_phones]");
    place
}

/// Runs a shell command in which `$0` is the program, with `bin` first on the path.
fn shell(place: &Place, script: &str) -> Outcome {
    place.shell(PREPARE, &format!("PATH=\"$PWD/bin:$PATH\"; export PATH; {script}"))
}

const HELLO: &str = "while read -r word; do echo ' h_ə_l_ˈoʊ'; done";

#[test]
fn asks_for_every_word_once() {
    let place = place(HELLO);
    let outcome = shell(&place, "exec \"$0\" phonemize --backend espeak 'Hello, world.' 'Hello.'");
    assert_eq!(outcome.prints(0), "HH AH0 L OW1 , / HH AH0 L OW1 .\nHH AH0 L OW1 .\n");
    assert_eq!(place.read("started.txt"), "-q --ipa --sep=_ -v en-us\n");
    // Words of the user's lexicon are not asked for.
    place.write("words.txt", "world  W ER1 L D\n");
    let outcome = shell(&place, "exec \"$0\" phonemize --backend espeak --lexicon words.txt 'Hello, world.'");
    assert_eq!(outcome.prints(0), "HH AH0 L OW1 , / W ER1 L D .\n");
    place.write("in.txt", "Hello.\n\nHello.\n");
    let outcome = shell(&place, "exec \"$0\" phonemize --backend espeak --format ipa < in.txt");
    assert_eq!(outcome.prints(1), "h ə l ˈoʊ .\n\nh ə l ˈoʊ .\n");
}

#[test]
fn caches_pronunciations_by_version_and_data() {
    let place = place(HELLO);
    let run = || shell(&place, "exec \"$0\" run corpus --recipe recipe.toml --out o").exits_with(0);
    run().says("espeak-ng 9.9 data ").says("voice en-us");
    let kept = place.read("o/espeak.tsv");
    assert!(kept.starts_with("# espeak-ng 9.9 data ") && kept.contains("\nthe\tHH AH0 L OW1\n"), "{kept}");
    assert_eq!(place.read("started.txt").lines().count(), 1);
    place.copy("o", "first");
    run();
    assert_eq!(place.read("started.txt").lines().count(), 1, "no word is asked for twice");
    place.assert_same("o", "first");
    // Other data may yield other pronunciations.
    place.write("data/en_dict", "other words");
    run();
    assert_eq!(place.read("started.txt").lines().count(), 2);
    assert_ne!(place.read("o/espeak.tsv"), kept);
}

#[test]
fn reports_failures_of_espeak() {
    let check = |body: &str, says: &str| {
        let place = place(body);
        let outcome = shell(&place, "exec \"$0\" phonemize --backend espeak 'Hello, world.'");
        outcome.exits_with(2).says(says);
    };
    check("cat > /dev/null; echo no voice >&2; exit 3", "espeak-ng failed with exit status: 3: no voice");
    check("while read -r word; do echo 'b_ø'; done", "`ø` is not a sound of American English");
    check("while read -r word; do echo; done", "espeak-ng has no pronunciation of `hello`");
    check("while read -r word; do printf '\\377\\n'; done", "not UTF-8");
    // If it prints more lines than words, it is asked word by word.
    let place = place("while read -r word; do echo h_ə; echo l_ˈoʊ; done");
    let outcome = shell(&place, "exec \"$0\" phonemize --backend espeak 'Hello.'");
    assert_eq!(outcome.prints(0), "HH AH0 L OW1 .\n");
}

#[test]
fn reports_a_missing_espeak_with_a_remedy() {
    let place = Place::new();
    let script = "PATH=\"$PWD\" exec \"$0\" phonemize --backend espeak Hello";
    place
        .shell(PREPARE, script)
        .exits_with(2)
        .says("espeak-ng is not installed")
        .says("what to do: install it")
        .says("apt-get install espeak-ng");
}

#[cfg(feature = "voice")]
#[test]
fn a_voice_gets_the_pronunciations_it_was_trained_on() {
    use crate::studio::{CONFIG, SYNTHESIZE, TRAIN};

    let place = place(HELLO);
    place.write("train.toml", CONFIG);
    shell(&place, "exec \"$0\" run corpus --recipe recipe.toml --out dataset").exits_with(0);
    place.run(TRAIN, "run --config train.toml --data dataset --out run").exits_with(0);
    place.run(TRAIN, "export run --out voice").exits_with(0);
    assert!(place.read("run/run.toml").contains("\npronunciation = \"espeak\"\n"));
    assert!(place.read("voice/voice.toml").contains("\npronunciation = \"espeak\"\n"));

    let speak = |path: &str, options: &str| {
        let script = format!(
            "PATH=\"{path}\"; export PATH; exec \"$0\" text --voice voice --out a.wav {options} World."
        );
        place.shell(SYNTHESIZE, &script)
    };
    // By default with the backend of its training; with the dictionary on request.
    speak("$PWD/bin:$PATH", "").exits_with(0).says("HH AH0 L OW1 .");
    speak("$PWD/bin:$PATH", "--backend dictionary").exits_with(0).says("W ER1 L D .");
    speak("$PWD", "").exits_with(2).says("the voice was trained on it").says("espeak-ng is not installed");

    // Sentences of another backend are spoken, with a warning.
    place.edit("recipe.toml", "backend = \"espeak\"", "backend = \"dictionary\"");
    place.prepare_corpus("others").exits_with(0);
    place
        .run(SYNTHESIZE, "batch --voice voice --data others --out spoken")
        .exits_with(0)
        .says("trained on pronunciations of `espeak`")
        .says("those of `dictionary`");
    place.edit("voice/voice.toml", "pronunciation = \"espeak\"", "pronunciation = \"parrot\"");
    speak("$PWD/bin:$PATH", "").exits_with(2).says("`parrot`");
}

#[test]
fn an_installed_espeak_keeps_words_apart() {
    if Command::new("espeak-ng").arg("--version").output().is_err() {
        // The protocol is tested above; this tests the real program, where it is installed.
        return;
    }
    let place = Place::new();
    let outcome = place.shell(
        PREPARE,
        "exec \"$0\" phonemize --backend espeak 'He came from the end of the road at 5 p.m., U.S.A.'",
    );
    let line = outcome.prints(0);
    assert_eq!(line.matches(" / ").count(), 11, "{line}");
    assert!(line.starts_with("HH IY1 / K EY1 M / "), "{line}");
}
