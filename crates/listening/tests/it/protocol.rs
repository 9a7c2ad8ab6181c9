//! Protocols in and out.

use mynah_listening::{Paradigm, Protocol};

use crate::support::{AB, CMOS, MOS, MUSHRA, chain};

#[test]
fn standard_protocols_are_those_of_the_paper() {
    let cmos = Protocol::from_toml(CMOS).expect("it is fine");
    assert_eq!(cmos.paradigm, Paradigm::Cmos);
    assert_eq!((cmos.raters, cmos.ratings_per_item, cmos.items), (20, 20, Some(50)));
    assert_eq!((cmos.analysis.minimum_items, cmos.analysis.minimum_ratings_per_item), (50, 20));
    let mos = Protocol::from_toml(MOS).expect("it is fine");
    assert_eq!((mos.paradigm, mos.labels.len()), (Paradigm::Mos, 5));
    let ab = Protocol::from_toml(AB).expect("it is fine");
    assert_eq!((ab.paradigm, ab.labels.len(), ab.analysis.alpha), (Paradigm::Ab, 3, 0.05));
    assert_eq!(Protocol::standard(Paradigm::Ab), ab);
    assert_eq!(Protocol::standard(Paradigm::Cmos), cmos);
    assert_eq!(Protocol::standard(Paradigm::Mos), mos);
}

#[test]
fn protocols_survive_a_round_trip_through_toml() {
    for text in [CMOS, MOS, AB, MUSHRA] {
        let protocol = Protocol::from_toml(text).expect("it is fine");
        let again = toml::to_string(&protocol).expect("it has a TOML form");
        assert_eq!(Protocol::from_toml(&again).expect("it is fine"), protocol);
    }
}

#[test]
fn errors_name_the_key_and_the_rule() {
    let check = |from: &str, to: &str, expected: &str| {
        assert!(CMOS.contains(from), "the protocol has `{from}`");
        let error = Protocol::from_toml(&CMOS.replace(from, to)).expect_err(to);
        let text = chain(&error);
        assert!(text.contains(expected), "`{to}` gives: {text}");
    };
    check("raters = 20\n", "raters = 1\n", "`raters` is 1, but it must be 2 to 10,000");
    check(
        "ratings_per_item = 20\nitems",
        "ratings_per_item = 21\nitems",
        "`ratings_per_item` is 21, but it must be 1 to `raters`, which is 20",
    );
    check("\nitems = 50", "\nitems = 1", "`items` is 1, but it must be at least 2");
    check("\nitems = 50", "\nitmes = 50", "unknown field `itmes`");
    check("    \"Much worse\",\n", "", "`labels` is");
    check("\"Much worse\"", "\"Better\"", "it must be texts that differ");
    check("null_pairs = 3\n", "", "missing field `null_pairs`");
    check(
        "margin = 0.2",
        "margin = 0.0",
        "`analysis.margin` is 0.0, but it must be more than 0 and at most 6",
    );
    check("margin = 0.2", "margin = nan", "`analysis.margin` is NaN");
    check("margin = 0.2\n", "", "missing field `margin`");
    check("margin = 0.2", "margni = 0.2", "unknown field `margni`");
    check("minimum_items = 50\n", "", "missing field `minimum_items`");
    check("alpha = 0.05", "alpha = 0.5", "`analysis.alpha` is 0.5");
    check("\"pratt\"", "\"drop\"", "unknown variant `drop`, expected one of `wilcox`, `pratt`, `zsplit`");
    check(
        "loudness_lufs = -23.0",
        "loudness_lufs = 23.0",
        "`loudness_lufs` is 23.0, but it must be -60 to -5",
    );
    check("true_peak_dbtp = -1.0", "true_peak_dbtp = 1.0", "`true_peak_dbtp` is 1.0");
    check("paradigm = \"cmos\"", "paradigm = \"opinion\"", "unknown variant `opinion`");
    let error = Protocol::from_toml(&MOS.replace("null_pairs = 0", "null_pairs = 2")).expect_err("no pairs");
    assert!(error.to_string().contains("`null_pairs` is 2, but it must be 0"), "{error}");
}

#[test]
fn votes_have_neither_margin_nor_null_pairs() {
    let check = |from: &str, to: &str, expected: &str| {
        assert!(AB.contains(from), "the protocol has `{from}`");
        let text = chain(&Protocol::from_toml(&AB.replace(from, to)).expect_err(to));
        assert!(text.contains(expected), "`{to}` gives: {text}");
    };
    let alpha = "alpha = 0.05";
    check(alpha, "alpha = 0.05\nmargin = 0.2", "missing field `zeros`");
    let all =
        "alpha = 0.05\nmargin = 0.2\nzeros = \"pratt\"\nminimum_items = 50\nminimum_ratings_per_item = 20";
    check(alpha, all, "`analysis.margin` is 0.2, but it must be absent, since AB tests show no equality");
    check(alpha, "alpha = 0.7", "`analysis.alpha` is 0.7");
    check("null_pairs = 0", "null_pairs = 1", "it must be 0, since AB tests have no null pairs");
    check(", \"The second\"", "", "it must be a list of 3 texts");
    let screened = "alpha = 0.05\nscreening = [\"same-answer\"]";
    check(alpha, screened, "without `same-answer`, which AB tests do not have");
    Protocol::from_toml(&AB.replace(alpha, "alpha = 0.05\nscreening = [\"unplayed\"]")).expect("it applies");
    // A comparison without all that concerns equality is not one.
    let mut lines: Vec<&str> = CMOS.lines().collect();
    lines.retain(|line| !["margin", "zeros", "minimum"].iter().any(|key| line.starts_with(key)));
    let text = chain(&Protocol::from_toml(&lines.join("\n")).expect_err("no margin"));
    assert!(text.contains("`analysis.margin` is 0.0, but it must be more than 0"), "{text}");
}
