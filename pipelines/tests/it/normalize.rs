//! `mynah-prepare normalize`, and rules for texts.

use crate::support::{PREPARE, Place};

#[test]
fn prints_the_words_beside_the_parts_that_they_came_from() {
    let place = Place::new();
    let command = |options: &str| place.shell(PREPARE, &format!("exec \"$0\" normalize {options}"));
    assert_eq!(
        command("'Paid £30 ✓.' 'On 3 May.'").prints(0),
        "sentence\tstart\tend\twritten\tspoken\n\
         1\t0\t4\tPaid\tpaid\n\
         1\t5\t9\t£30\tthirty pounds\n\
         1\t10\t13\t✓\t\n\
         1\t13\t14\t.\t.\n\
         2\t0\t2\tOn\ton\n\
         2\t3\t8\t3 May\tthe third of may\n\
         2\t8\t9\t.\t.\n"
    );
    assert_eq!(command("--plain 'On 3 May.'").prints(0), "on the third of may.\n");
    assert_eq!(command("--plain --style ljspeech 'On 3 May.'").prints(0), "on three may.\n");
}

#[test]
fn reads_lines_of_stdin_and_tells_of_those_without_words() {
    let place = Place::new();
    place.write("in.txt", "Hello.\n...\n");
    let outcome = place.shell(PREPARE, "exec \"$0\" normalize --plain < in.txt");
    assert_eq!(
        outcome.says("warning: sentence 2: there is nothing to speak in `...`").prints(1),
        "hello.\n.\n"
    );
}

#[test]
fn the_users_rules_take_precedence() {
    let place = Place::new();
    place.write("rules.tsv", "# units\n(\\d+)mAh\t$1 milliampere hours\n");
    let spoken = place.prepare("normalize --plain --rules rules.tsv 5mAh");
    assert_eq!(spoken.prints(0), "five milliampere hours\n");
    let phones = place.prepare("phonemize --rules rules.tsv 5mAh");
    assert!(phones.prints(0).starts_with("F AY1 V / "));
    place.write("rules.tsv", "5mAh\n");
    let outcome = place.prepare("normalize --rules rules.tsv 5mAh").exits_with(2);
    outcome.says("line 1 of `rules.tsv`: there is no tab").says("a regular expression, a tab and the words");
    place.prepare("normalize --rules nowhere.tsv 5mAh").exits_with(2).says("`nowhere.tsv`");
}

#[test]
fn phones_in_a_text_are_spoken_as_they_are() {
    let place = Place::new();
    let command = |text: &str| place.shell(PREPARE, &format!("exec \"$0\" phonemize '{text}'"));
    assert_eq!(command("{HH EH1 L OW0}, [[wˈɜːld]].").prints(0), "HH EH1 L OW0 , / W ER1 L D .\n");
    let outcome =
        command("{HH EH L OW0}").says("`{HH EH L OW0}` are not phones: `EH` is not an ARPAbet phone");
    assert_eq!(outcome.prints(1), "\n");
}
