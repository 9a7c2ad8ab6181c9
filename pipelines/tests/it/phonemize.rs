//! `mynah-prepare phonemize`.

use crate::support::{PREPARE, Place};

#[test]
fn prints_a_line_per_argument() {
    let place = Place::new();
    let command = |options: &str| place.shell(PREPARE, &format!("exec \"$0\" phonemize {options}"));
    let hello = "HH AH0 L OW1 , / W ER1 L D .\n";
    assert_eq!(command("'Hello, world.'").prints(0), hello);
    assert_eq!(
        command("'Hello, world.' 'In 1810.'").prints(0),
        format!("{hello}IH0 N / EY0 T IY1 N / T EH1 N .\n")
    );
    assert_eq!(command("--format ipa 'Hello, world.'").prints(0), "h ə l ˈoʊ , / w ˈɝ l d .\n");
    assert_eq!(command("--format vits 'Hello, world.'").prints(0), "həlˈoʊ, wˈɜːld.\n");
    assert_eq!(command("--format vits-ids 'Hello.'").prints(0), "50 83 54 156 57 135 4\n");
    command("--format sampa Hello").exits_with(2).says("sampa").says("arpabet, ipa");
}

#[test]
fn prints_a_line_per_line_of_stdin() {
    let place = Place::new();
    let command = |options: &str, input: &[u8]| {
        place.write("in.txt", input);
        place.shell(PREPARE, &format!("exec \"$0\" phonemize {options} < in.txt"))
    };
    assert_eq!(command("", b"Hello.\r\nworld").prints(0), "HH AH0 L OW1 .\nW ER1 L D\n");
    assert_eq!(command("", b"").prints(0), "");

    // A sentence without words keeps its line.
    let outcome = command("", b"Hello.\n\n...\nworld\n")
        .says("warning: sentence 2: there is nothing to speak")
        .says("warning: sentence 3: there is nothing to speak in `...`");
    assert_eq!(outcome.prints(1), "HH AH0 L OW1 .\n\n\nW ER1 L D\n");

    let outcome = command("", b"Hello.\ncaf\xe9\n").says("failed to read line 2 of stdin").says("UTF-8");
    assert_eq!(outcome.prints(2), "HH AH0 L OW1 .\n");
}

#[test]
fn the_users_lexicon_takes_precedence() {
    let place = Place::new();
    place.write("words.txt", "# names\nhello  HH EH1 L OW0\n");
    assert_eq!(place.prepare("phonemize --lexicon words.txt Hello").prints(0), "HH EH1 L OW0\n");
    place.write("words.txt", "hello\n");
    let outcome = place.prepare("phonemize --lexicon words.txt Hello").exits_with(2);
    outcome.says("line 1 of `words.txt`: `hello` has no phones");
    place.prepare("phonemize --lexicon nowhere.txt Hello").exits_with(2).says("`nowhere.txt`");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let place = Place::new();
    place.write("in.txt", "Hello, world.\n".repeat(20_000));
    let script = "{ \"$0\" phonemize < in.txt; echo $? > code.txt; } | head -n 1";
    assert_eq!(place.shell(PREPARE, script).prints(0), "HH AH0 L OW1 , / W ER1 L D .\n");
    assert_eq!(place.read("code.txt"), "0\n");
}
