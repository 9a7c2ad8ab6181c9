//! British spellings, and the American ones in their place.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::split;

/// The table of openai-whisper, which took it from a list of 2010: what both spellings begin with, and how each ends. Of its 1739 rows,
/// one that no word can equal is left out.
const TABLE: &str = include_str!("spellings.txt");

static AMERICAN: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let pair = |line: &'static str| {
        let (beginning, endings) = line.split_once('|')?;
        let (british, american) = endings.split_once('|')?;
        Some((format!("{beginning}{british}"), format!("{beginning}{american}")))
    };
    TABLE.lines().filter_map(pair).collect()
});

/// Replaces British spellings, and puts one blank between words.
pub(super) fn american(text: &str) -> String {
    let spelled = |word| AMERICAN.get(word).map_or(word, String::as_str);
    split(text).map(spelled).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_counts() {
        assert_eq!(AMERICAN.len(), 1738);
        assert_eq!(AMERICAN.len(), TABLE.lines().count());
        assert_eq!(american(" colour  ploughs\tgrey house"), "color plows gray house");
    }
}
