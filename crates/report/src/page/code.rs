//! Inline code: names of files, settings and symbols between backticks inside a sentence.

use crate::figure::escape;

/// Splits `text` into pieces, each marked `true` if it was between backticks. An unpaired backtick is literal.
pub(crate) fn code_spans(text: &str) -> Vec<(&str, bool)> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, remaining)) = after.split_once('`') else { break };
        spans.extend([(before, false), (code, true)]);
        rest = remaining;
    }
    spans.push((rest, false));
    spans.retain(|(piece, _)| !piece.is_empty());
    spans
}

/// Converts `text` to HTML: special characters escaped, words between backticks in a `code` element.
pub(crate) fn text_to_html(text: &str) -> String {
    let piece_to_html = |(piece, is_code): (&str, bool)| {
        let escaped = escape(piece);
        if is_code { ["<code>", &escaped, "</code>"].concat() } else { escaped }
    };
    code_spans(text).into_iter().map(piece_to_html).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn treats_only_closed_backticks_as_code() {
        assert_eq!(text_to_html("no `a<b` here"), "no <code>a&lt;b</code> here");
        assert_eq!(text_to_html("one ` and & no more"), "one ` and &amp; no more");
        assert_eq!(text_to_html(""), "");
        assert_eq!(text_to_html("`a``b`"), "<code>a</code><code>b</code>");
    }
}
