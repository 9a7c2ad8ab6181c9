//! Markdown: the pipe tables of GitHub.

use super::cell::Table;
use crate::page::code_spans;

impl Table {
    /// Renders the table as Markdown with its caption above it.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut markdown = format!("{}\n\n", self.caption);
        markdown += &line(self.columns.iter().map(|column| escape_markdown(&column.title)).collect());
        let rule = |column| if self.is_numeric(column) { "---:" } else { "---" }.to_owned();
        markdown += &line((0..self.columns.len()).map(rule).collect());
        for row in &self.rows {
            markdown += &line(row.iter().map(|cell| escape_markdown(&cell.shown())).collect());
        }
        markdown
    }
}

/// Escapes `text` for one line of Markdown, so that no character becomes formatting; words between backticks stay code.
pub(crate) fn escape_markdown(text: &str) -> String {
    let escape = |(piece, is_code): (&str, bool)| {
        if is_code {
            // Nothing is formatted inside code, but a pipe would still end the cell.
            ["`", &piece.replace(['\n', '\r'], " ").replace('|', "\\|"), "`"].concat()
        } else {
            escape_words(piece)
        }
    };
    code_spans(text).into_iter().map(escape).collect()
}

fn escape_words(text: &str) -> String {
    let mut escaped = String::new();
    // Brackets stay as they are, since intervals have them, unless they would start the address of a link.
    let text = text.replace("](", "]\u{200b}(").replace("]:", "]\u{200b}:");
    for character in text.chars() {
        match character {
            '\n' | '\r' => escaped.push(' '),
            '\\' | '|' | '*' | '_' | '`' | '<' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;

    #[test]
    fn escapes_names_that_would_break_the_table() {
        let mut table = Table::new("t", "A caption.", &[("system", "System"), ("n", "n")]);
        table.rows.push(vec![Cell::text("a|b\n*c*"), Cell::Count(3)]);
        assert_eq!(
            table.to_markdown(),
            "A caption.\n\n| System | n |\n| --- | ---: |\n| a\\|b \\*c\\* | 3 |\n"
        );
    }
}
