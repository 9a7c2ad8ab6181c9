//! British spellings of words that the dictionary has as Americans spell them: `favoured`, `titre`.

/// Letters of British spellings, and those of American ones; a dollar sign is the end of the word.
const SPELLINGS: [(&str, &str); 17] = [
    ("our", "or"),
    ("isation", "ization"),
    ("ising$", "izing$"),
    ("ised$", "ized$"),
    ("iser$", "izer$"),
    ("isers$", "izers$"),
    ("ises$", "izes$"),
    ("ise$", "ize$"),
    ("yse", "yze"),
    ("tre$", "ter$"),
    ("tres$", "ters$"),
    ("tred$", "tered$"),
    ("bre$", "ber$"),
    ("bres$", "bers$"),
    ("lling", "ling"),
    ("lled", "led"),
    ("ller", "ler"),
];

/// Returns the phones of the American spelling of a word; `known` is the dictionary.
pub(super) fn as_american<T>(word: &str, known: impl Fn(&str) -> Option<T>) -> Option<T> {
    let marked = format!("{word}$");
    SPELLINGS.iter().find_map(|(british, american)| {
        // Never at the beginning: "our".
        let at = marked.get(2..)?.rfind(british)? + 2;
        let (head, tail) = (&marked[..at], &marked[at + british.len()..]);
        known(format!("{head}{american}{tail}").trim_end_matches('$'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;

    #[test]
    fn finds_the_american_word() {
        let american = |word: &str| {
            as_american(word, |spelling| {
                Dictionary::cmudict().contains(spelling).then(|| spelling.to_owned())
            })
        };
        let cases = [
            ("favoured", Some("favored")),
            ("titre", None),
            ("litres", Some("liters")),
            ("centred", Some("centered")),
            ("realisation", Some("realization")),
            ("signalled", Some("signaled")),
            ("our", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(american(word).as_deref(), expected, "{word}");
        }
    }
}
