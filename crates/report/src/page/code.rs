//! Words between backticks: names of files, settings and symbols inside a sentence.

use crate::figure::escape;

/// The pieces of `text`, each with whether it stood between backticks. A backtick without a partner is a letter.
pub(crate) fn code_spans(text: &str) -> Vec<(&str, bool)> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, behind)) = after.split_once('`') else { break };
        spans.extend([(before, false), (code, true)]);
        rest = behind;
    }
    spans.push((rest, false));
    spans.retain(|(piece, _)| !piece.is_empty());
    spans
}

/// `text` as HTML: special characters replaced, words between backticks in a `code` element.
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
    fn only_closed_backticks_make_code() {
        assert_eq!(text_to_html("no `a<b` here"), "no <code>a&lt;b</code> here");
        assert_eq!(text_to_html("one ` and & no more"), "one ` and &amp; no more");
        assert_eq!(text_to_html(""), "");
        assert_eq!(text_to_html("`a``b`"), "<code>a</code><code>b</code>");
    }
}
