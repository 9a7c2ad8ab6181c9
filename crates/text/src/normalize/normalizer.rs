//! Normalization with a manner of reading and the user's rules.

use std::ops::Range;

use super::scan::scan;
use super::{Normalized, Token};
use crate::error::Error;
use crate::given::phones_in;
use crate::rules::TextRules;

/// Manner of reading what can be read in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Style {
    /// That of most American readers: `May 3` → may third, `3 May` → the third of may, `$1400` → one thousand
    /// four hundred dollars, `16384` → sixteen thousand three hundred eighty-four.
    #[default]
    Standard,
    /// That of the reader of LJSpeech: `May 3` → may three, `the 3rd May` → the third may, `$1400` → fourteen
    /// hundred dollars, `16384` → one six three eight four.
    LjSpeech,
}

/// Words or phones that take the place of a part of a text.
pub(super) struct Given {
    /// Bytes of the source.
    pub(super) span: Range<usize>,
    /// The spoken words.
    pub(super) tokens: Vec<Token>,
}

/// Normalizer with a style and the user's rules.
///
/// # Examples
///
/// ```
/// use mynah_text::{Normalizer, Style, TextRules};
///
/// let rules = TextRules::parse("rules.tsv", "(\\d+)mAh\t$1 milliampere hours\n")?;
/// let normalizer = Normalizer::new(Style::Standard, rules);
/// assert_eq!(normalizer.normalize("It has 3000mAh.").to_string(), "it has three thousand milliampere hours.");
/// # Ok::<(), mynah_text::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Normalizer {
    style: Style,
    rules: TextRules,
}

impl Normalizer {
    /// Creates a normalizer.
    #[must_use]
    pub fn new(style: Style, rules: TextRules) -> Self {
        Self { style, rules }
    }

    /// Returns a text that is the same for normalizers that read alike, for keys of caches.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{:?}\n{}", self.style, self.rules)
    }

    /// Rewrites a text as it is spoken; see [`normalize`].
    #[must_use]
    pub fn normalize(&self, text: &str) -> Normalized {
        if self.rules.is_empty() && !may_give_phones(text) {
            return scan(text, self.style, &[]);
        }
        let mut given: Vec<Given> = phones_in(text)
            .filter_map(|(span, word)| {
                let token = Token { text: word.ok()?, kind: super::TokenKind::Word, span: span.clone() };
                Some(Given { span, tokens: vec![token] })
            })
            .collect();
        for (span, words) in self.rules.matches(text) {
            if given.iter().any(|given| given.span.start < span.end && span.start < given.span.end) {
                continue;
            }
            let words = Self::new(self.style, TextRules::default()).normalize(&words);
            let mut tokens = words.tokens;
            for token in &mut tokens {
                token.span = span.clone();
            }
            given.push(Given { span, tokens });
        }
        given.sort_by_key(|given| given.span.start);
        scan(text, self.style, &given)
    }

    /// Checks the phones that a text gives in place of words.
    ///
    /// # Errors
    ///
    /// Returns [`Error::GivenPhones`] for the first that are not phones.
    pub(crate) fn check(text: &str) -> Result<(), Error> {
        if may_give_phones(text) { phones_in(text).try_for_each(|(_, word)| word.map(drop)) } else { Ok(()) }
    }
}

/// Rewrites a text as it is spoken.
///
/// Numbers, sums of money, abbreviations and signs become words. Letters lose case and accents. Punctuation
/// is folded into ten classes, and adjacent marks into the strongest of them. Phones in braces, as in
/// `{HH AH0 L OW1}`, or IPA in doubled brackets, as in `[[həlˈoʊ]]`, are a word of their own. Any text is
/// accepted: unspeakable characters are listed in [`Normalized::dropped`], and an empty text has no tokens.
///
/// # Examples
///
/// ```
/// use mynah_text::normalize;
///
/// let normalized = normalize("Mr. Buxton paid £30 on the 27th April, 1810…");
/// assert_eq!(
///     normalized.to_string(),
///     "mister buxton paid thirty pounds on the twenty-seventh of april, eighteen ten."
/// );
/// assert_eq!(normalize("✓ done").dropped[0].character, '✓');
/// ```
#[must_use]
pub fn normalize(text: &str) -> Normalized {
    Normalizer::default().normalize(text)
}

/// Returns false for most texts that give no phones; searching twice for one character is faster than once for two.
fn may_give_phones(text: &str) -> bool {
    text.contains('{') || text.contains('[')
}
