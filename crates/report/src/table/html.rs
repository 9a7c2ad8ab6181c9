//! HTML: a `table` element with caption and headers.

use askama::Template;

use super::cell::{Cell, Table};
use crate::error::Error;
use crate::page::text_to_html;

/// Texts of up to this many bytes stay on one line.
const SHORT: usize = 16;

/// Context of `templates/table.html`.
#[derive(Template)]
#[template(path = "table.html")]
struct TableTemplate<'a> {
    caption: &'a str,
    columns: Vec<(&'a str, bool)>,
    rows: Vec<Vec<CellView>>,
}

/// A cell, ready to render.
struct CellView {
    class: &'static str,
    html: String,
}

impl Table {
    /// Renders the table as HTML; the cells of the first column are row headers.
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
    fn escapes_user_text() {
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
