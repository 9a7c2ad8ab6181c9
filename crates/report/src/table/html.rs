//! HTML: a `table` element with caption and headers.

use askama::Template;

use super::cell::{Cell, Table};
use crate::error::Error;
use crate::page::text_to_html;

/// Texts of so many bytes stay on one line.
const SHORT: usize = 16;

/// What `templates/table.html` needs.
#[derive(Template)]
#[template(path = "table.html")]
struct TableTemplate<'a> {
    caption: &'a str,
    columns: Vec<(&'a str, bool)>,
    rows: Vec<Vec<CellView>>,
}

/// One cell, ready to be shown.
struct CellView {
    class: &'static str,
    html: String,
}

impl Table {
    /// The table as HTML; the cells of the first column are the headers of their rows.
    pub fn to_html(&self) -> Result<String, Error> {
        let view = |cell: &Cell| match cell {
            // A short name is not broken at its hyphens.
            Cell::Text(text) if text.len() <= SHORT => CellView { class: "short", html: text_to_html(text) },
            Cell::Text(text) => CellView { class: "", html: text_to_html(text) },
            Cell::List(_) => CellView { class: "names", html: text_to_html(&cell.shown()) },
            Cell::Missing(reason) => CellView { class: "missing", html: text_to_html(reason) },
            numeric => CellView { class: "number", html: text_to_html(&numeric.shown()) },
        };
        let template = TableTemplate {
            caption: &self.caption,
            columns: self
                .columns
                .iter()
                .enumerate()
                .map(|(index, column)| (column.title.as_str(), self.is_numeric(index)))
                .collect(),
            rows: self.rows.iter().map(|row| row.iter().map(view).collect()).collect(),
        };
        template.render().map_err(|source| Error::Template { what: "a table", source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_user_is_escaped() {
        let mut table = Table::new("t", "a < b", &[("system", "System"), ("n", "n")]);
        table.rows.push(vec![Cell::text("<script>"), Cell::Count(3)]);
        table.rows.push(vec![Cell::text("b"), Cell::Missing("only <one>".into())]);
        table.rows.push(vec![Cell::text("c"), Cell::List(vec!["<x>".into(), "y".into()])]);
        let html = table.to_html().unwrap();
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"), "{html}");
        assert!(html.contains("<td class=\"number\">3</td>"), "{html}");
        assert!(html.contains("<td class=\"names\">&lt;x&gt;, y</td>"), "{html}");
        assert!(html.contains("<td class=\"missing\">only &lt;one&gt;</td>"), "{html}");
    }
}
