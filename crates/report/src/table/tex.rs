//! LaTeX: a `tabular` in the style of the `booktabs` package, for inclusion in a paper with `\input`.

use super::cell::Table;

impl Table {
    /// Renders the table as LaTeX, with the caption above it as a comment.
    #[must_use]
    pub fn to_tex(&self) -> String {
        let caption = self.caption.replace('\n', " ");
        let align: String =
            (0..self.columns.len()).map(|column| if self.is_numeric(column) { 'r' } else { 'l' }).collect();
        let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
        let mut tex = format!(
            "% {caption}\n% Needs \\usepackage{{booktabs}}.\n\\begin{{tabular}}{{{align}}}\n\\toprule\n"
        );
        tex += &line(self.columns.iter().map(|column| escape_tex(&column.title)).collect());
        tex += "\\midrule\n";
        for row in &self.rows {
            tex += &line(row.iter().map(|cell| escape_tex(&cell.shown())).collect());
        }
        tex + "\\bottomrule\n\\end{tabular}\n"
    }
}

/// Escapes the special characters of LaTeX in `text`.
fn escape_tex(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '<' => escaped.push_str("$<$"),
            '>' => escaped.push_str("$>$"),
            '−' => escaped.push_str("$-$"),
            '±' => escaped.push_str("$\\pm$"),
            '–' => escaped.push_str("--"),
            '\u{202f}' => escaped.push_str("\\,"),
            '\n' | '\r' => escaped.push(' '),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
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
    fn renders_a_tabular_with_escaped_names() {
        let mut table = Table::new("t", "A caption.", &[("system", "System"), ("mean", "Mean")]);
        table.rows.push(vec![Cell::text("step_1 & 2%"), Cell::Number { value: -0.5, decimals: 1 }]);
        let tex = table.to_tex();
        assert!(tex.contains("\\begin{tabular}{lr}\n"), "{tex}");
        assert!(tex.contains("step\\_1 \\& 2\\% & $-$0.5 \\\\\n"), "{tex}");
    }
}
