//! Folding of Unicode to the few characters known to the rules, with source positions.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Dropped;

// Currency signs are not ASCII. The folded text represents them by control characters, which never come from
// the source.
pub(crate) const POUND: u8 = 1;
pub(crate) const EURO: u8 = 2;
pub(crate) const YEN: u8 = 3;
pub(crate) const CENT: u8 = 4;
pub(crate) const WON: u8 = 5;
pub(crate) const RUPEE: u8 = 6;
/// Place of words that the user gives.
pub(crate) const GIVEN: u8 = 14;

/// Greek letters and their names.
const GREEK: [(&str, &str); 25] = [
    ("α", "alpha"),
    ("β", "beta"),
    ("γ", "gamma"),
    ("δ", "delta"),
    ("ε", "epsilon"),
    ("ζ", "zeta"),
    ("η", "eta"),
    ("θ", "theta"),
    ("ι", "iota"),
    ("κ", "kappa"),
    ("λ", "lambda"),
    ("μ", "mu"),
    ("µ", "mu"),
    ("ν", "nu"),
    ("ξ", "xi"),
    ("ο", "omicron"),
    ("π", "pi"),
    ("ρ", "rho"),
    ("σ", "sigma"),
    ("τ", "tau"),
    ("υ", "upsilon"),
    ("φ", "phi"),
    ("χ", "chi"),
    ("ψ", "psi"),
    ("ω", "omega"),
];

/// Text folded to ASCII.
pub(crate) struct Folded<'a> {
    /// ASCII text: white space is single-byte, and currency signs are the constants of this module.
    pub(crate) text: Cow<'a, str>,
    /// Source range of each byte of `text`; `None` if positions are unchanged.
    places: Option<Vec<Range<usize>>>,
    /// Characters that have no folding.
    pub(crate) dropped: Vec<Dropped>,
}

impl Folded<'_> {
    /// Returns the part of the source that bytes `range` of the folded text came from.
    pub(crate) fn span(&self, range: Range<usize>) -> Range<usize> {
        let Some(places) = &self.places else { return range };
        match (places.get(range.start), places.get(range.end.saturating_sub(1))) {
            (Some(first), Some(last)) if range.start < range.end => first.start..last.end,
            _ => 0..0,
        }
    }
}

/// Folds a text.
///
/// Letters lose their accents, quotation marks and dashes of every shape become `'`, `"`, `-` and `--`, and
/// compatibility forms are decomposed (NFKD). A character that neither has an ASCII form nor is white space
/// is recorded as dropped: invisible ones leave nothing, others a space.
pub(crate) fn fold(source: &str) -> Folded<'_> {
    fold_around(source, &[])
}

/// Folds a text in which each of some ranges, in order, becomes a single byte [`GIVEN`].
pub(crate) fn fold_around<'a>(source: &'a str, given: &[Range<usize>]) -> Folded<'a> {
    if given.is_empty() && source.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'`') {
        return Folded { text: Cow::Borrowed(source), places: None, dropped: Vec::new() };
    }
    let (mut text, mut places, mut dropped) = (String::new(), Vec::<Range<usize>>::new(), Vec::new());
    let mut given = given.iter().peekable();
    for (start, character) in source.char_indices() {
        given.next_if(|range| range.end <= start);
        if let Some(range) = given.peek().filter(|range| range.contains(&start)) {
            if start == range.start {
                text.push(char::from(GIVEN));
                places.push((*range).clone());
            }
            continue;
        }
        let span = start..start + character.len_utf8();
        let before = text.len();
        if is_combining_mark(character)
            && !text.ends_with(' ')
            && let Some(place) = places.last_mut()
        {
            // An accent belongs to the letter before it.
            place.end = span.end;
            continue;
        }
        if !fold_character(character, &mut text) && !fold_greek(source, &span, &mut text) {
            text.truncate(before);
            if !is_invisible(character) {
                text.push(' ');
            }
            dropped.push(Dropped { character, span: span.clone() });
        }
        places.resize(text.len(), span);
    }
    Folded { text: Cow::Owned(text), places: Some(places), dropped }
}

/// Folds and lowercases a word, as required for lookup.
pub(crate) fn word(word: &str) -> String {
    let mut text = fold(word).text.into_owned();
    text.retain(|character| character != ' ');
    text.make_ascii_lowercase();
    text
}

/// Appends the ASCII form of a character; returns false if it has none.
fn fold_character(character: char, text: &mut String) -> bool {
    let fixed = match character {
        character if character.is_whitespace() => " ",
        ' '..='~' => {
            text.push(if character == '`' { '\'' } else { character });
            return true;
        }
        '‘' | '’' | '‚' | '‛' | '′' | 'ʼ' | 'ʻ' | '´' | '‹' | '›' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        '‐' | '‑' | '‒' | '–' | '−' => "-",
        '—' | '―' => "--",
        '…' => "...",
        'º' if text.ends_with(|before: char| before.is_ascii_digit()) => " degrees ",
        'ª' if text.ends_with(|before: char| before.is_ascii_digit()) => "th",
        'µ' | 'μ' if follows_number(text) => "u",
        'Ω' | 'Ω' if follows_number(text) || follows_number(text.trim_end_matches(['k', 'M', 'G'])) => {
            "Ohm"
        }
        '²' if text.ends_with(|before: char| before.is_ascii_alphanumeric()) => " squared",
        '³' if text.ends_with(|before: char| before.is_ascii_alphanumeric()) => " cubed",
        '£' => "\u{1}",
        '€' => "\u{2}",
        '¥' => "\u{3}",
        '¢' => "\u{4}",
        '₩' => "\u{5}",
        '₹' => "\u{6}",
        '×' => " times ",
        '±' => " plus or minus ",
        '≈' => " about ",
        '≤' => " less than or equal to ",
        '≥' => " greater than or equal to ",
        '‰' => " per mille ",
        '÷' => " divided by ",
        '°' => " degrees ",
        '§' => " section ",
        '№' => "No. ",
        'Æ' => "Ae",
        'æ' => "ae",
        'Œ' => "Oe",
        'œ' => "oe",
        'Ø' => "O",
        'ø' => "o",
        'Đ' | 'Ð' => "D",
        'đ' | 'ð' => "d",
        'Ł' => "L",
        'ł' => "l",
        'Þ' => "Th",
        'þ' => "th",
        'ß' => "ss",
        'ı' => "i",
        '™' | '℠' => return false,
        character => return decompose(character, text),
    };
    text.push_str(fixed);
    true
}

/// Returns true if a text ends with a digit, or a digit and a space.
fn follows_number(text: &str) -> bool {
    text.strip_suffix(' ').unwrap_or(text).ends_with(|before: char| before.is_ascii_digit())
}

/// Appends the name of a Greek letter that stands alone, as in `α-helix`; returns false for any other character.
fn fold_greek(source: &str, span: &Range<usize>, text: &mut String) -> bool {
    let is_greek = |letter: char| matches!(letter, 'Ͱ'..='Ͽ' | 'ἀ'..='῾' | 'µ');
    let (before, after) = (source[..span.start].chars().next_back(), source[span.end..].chars().next());
    let name = source[span.clone()].to_lowercase();
    let name = GREEK.iter().find(|(letter, _)| *letter == name).map(|(_, name)| *name);
    let Some(name) = name.filter(|_| !before.is_some_and(is_greek) && !after.is_some_and(is_greek)) else {
        return false;
    };
    if before.is_some_and(char::is_alphanumeric) {
        text.push(' ');
    }
    text.push_str(name);
    if after.is_some_and(char::is_alphanumeric) {
        text.push(' ');
    }
    true
}

/// Appends the compatibility decomposition of a character without its marks; returns false unless all of it
/// is ASCII and some of it is visible.
fn decompose(character: char, text: &mut String) -> bool {
    // "5½" is five and a half, not 51 halves.
    if std::iter::once(character).nfkd().any(|part| part == '\u{2044}') {
        text.push(' ');
    }
    let before = text.len();
    for part in std::iter::once(character).nfkd() {
        match part {
            '\u{2044}' => text.push('/'),
            ' '..='~' => text.push(part),
            mark if is_combining_mark(mark) => {}
            _ => return false,
        }
    }
    text.bytes().skip(before).any(|byte| byte != b' ')
}

/// Returns true for characters of zero width: soft hyphens, joiners, direction marks, byte order marks,
/// controls.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, text: &str, dropped: &str) {
        let folded = fold(source);
        assert_eq!(folded.text, text, "{source}");
        assert_eq!(
            folded.dropped.iter().map(|dropped| dropped.character).collect::<String>(),
            dropped,
            "{source}"
        );
        assert!(folded.places.is_none_or(|places| places.len() == folded.text.len()));
        for dropped in &folded.dropped {
            assert_eq!(source.get(dropped.span.clone()), Some(dropped.character.to_string().as_str()));
        }
    }

    #[test]
    fn letters_lose_their_accents_in_either_form() {
        check("raison d’être", "raison d'etre", "");
        check("e\u{301}te\u{301} Müller Łódź Æsop ﬁn", "ete Muller Lodz Aesop fin", "");
    }

    #[test]
    fn folds_marks() {
        check("“a”—b–c…", "\"a\"--b-c...", "");
        check("5½ £3\u{a0}€4", "5 1/2 \u{1}3 \u{2}4", "");
    }

    #[test]
    fn records_characters_without_a_folding() {
        check("hi😀there", "hi there", "😀");
        check("co\u{ad}op\u{200b}erate", "cooperate", "\u{ad}\u{200b}");
        check("✓mega™ \u{1}", " mega  ", "✓™\u{1}");
        check("Ωμέγα", "     ", "Ωμέγα");
        check("\u{301}a ¨", " a  ", "\u{301}¨");
    }

    #[test]
    fn greek_letters_have_names_and_units() {
        check("α-helix, TNFα, Δt", "alpha-helix, TNF alpha, delta t", "");
        check("5 µm, 3μg, 4.7 kΩ", "5 um, 3ug, 4.7 kOhm", "");
        check("45º ±1", "45 degrees   plus or minus 1", "");
    }

    #[test]
    fn maps_positions_back_to_the_source() {
        let source = "«Été»";
        let folded = fold(source);
        assert_eq!(folded.text, "\"Ete\"");
        assert_eq!(source.get(folded.span(1..4)), Some("Été"));
    }
}
