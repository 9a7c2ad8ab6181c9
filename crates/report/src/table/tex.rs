//! LaTeX: tabulars in the style of the `booktabs` package that fit a two-column paper, for inclusion with `\input`.
//!
//! Widths are estimated from the characters, generously, at the size of footnotes. Long texts wrap; a table that
//! is still too wide is divided into several, each with the first column, and one that is too long for a page likewise.

use std::fmt::Write as _;

use super::cell::{Cell, Table};

/// Width of a column of a two-column paper in points: 80 mm, as in Interspeech's and ICASSP's.
const ONE_COLUMN: f64 = 227.0;
/// Width of both columns with the space between them: 170 mm.
const TWO_COLUMNS: f64 = 483.0;
/// Space on both sides of a column, in points.
const COLUMN_SPACE: f64 = 4.0;
/// Width to which texts are wrapped at least, in points.
const NARROWEST_TEXT: f64 = 72.0;
/// Width to which texts are wrapped first, in points.
const WIDEST_TEXT: f64 = 170.0;
/// Number of lines of a table that fit on a page as a float.
const MOST_LINES: usize = 48;
/// Lines that the header of a tabular takes, with its rules.
const HEADER_LINES: usize = 4;
/// Lines reserved for notes at most.
const MOST_NOTE_LINES: usize = 8;

impl Table {
    /// Renders the table as LaTeX, one text for each page that it takes, with the caption above as a comment.
    ///
    /// Each text is at most as wide as both columns of a two-column paper; a comment says whether one column suffices.
    /// Reasons for missing values are notes below, since they would widen their columns.
    #[must_use]
    pub fn to_tex(&self) -> Vec<String> {
        let parts = self.column_parts();
        let widest = parts.iter().map(|part| part.width).fold(0.0, f64::max);
        let place = if widest <= ONE_COLUMN {
            "Fits one column of a two-column paper (table)."
        } else {
            "Spans both columns of a two-column paper (table*)."
        };
        let mut pages: Vec<TexPage<'_>> = Vec::new();
        for part in &parts {
            for rows in self.row_parts(part) {
                let lines = HEADER_LINES + rows.iter().map(|row| part.lines(row)).sum::<usize>();
                let notes = rows.iter().flat_map(|row| part.columns.iter().map(|(column, _)| &row[*column]));
                let n_reasons = notes.filter(|cell| matches!(cell, Cell::Missing(_))).count();
                // A note for each reason is an upper bound: the same reason is printed once.
                let (lines, tabular) = (lines + n_reasons.min(MOST_NOTE_LINES), (part, rows));
                match pages.last_mut() {
                    Some(page) if page.lines + lines <= MOST_LINES => {
                        page.lines += lines;
                        page.tabulars.push(tabular);
                    }
                    _ => pages.push(TexPage { tabulars: vec![tabular], lines }),
                }
            }
        }
        let n_pages = pages.len();
        let mut texts = Vec::new();
        for (index, page) in pages.into_iter().enumerate() {
            let caption = self.caption.replace('\n', " ");
            let mut tex = format!("% {caption}\n% Needs \\usepackage{{booktabs}}. {place}\n");
            if n_pages > 1 {
                let _ = writeln!(tex, "% Page {} of {n_pages}.", index + 1);
            }
            tex += "{\\footnotesize\\setlength{\\tabcolsep}{2pt}%\n";
            let mut notes: Vec<&str> = Vec::new();
            let tabulars: Vec<String> =
                page.tabulars.into_iter().map(|(part, rows)| self.tabular(part, rows, &mut notes)).collect();
            tex += &tabulars.join("\\par\\medskip\n");
            for (index, note) in notes.iter().enumerate() {
                let _ = writeln!(tex, "\\par\\noindent {}~{}", mark(index), escape_tex(note));
            }
            texts.push(tex + "}\n");
        }
        texts
    }

    /// Divides the rows into parts that fit a page; without rows there is one empty part.
    fn row_parts(&self, part: &Part) -> Vec<&[Vec<Cell>]> {
        let mut parts = Vec::new();
        let (mut start, mut lines) = (0, HEADER_LINES);
        for (index, row) in self.rows.iter().enumerate() {
            let own = part.lines(row);
            if lines + own > MOST_LINES && index > start {
                parts.push(&self.rows[start..index]);
                (start, lines) = (index, HEADER_LINES);
            }
            lines += own;
        }
        parts.push(&self.rows[start..]);
        parts
    }

    /// Divides the columns into parts that fit; the first column is in each.
    fn column_parts(&self) -> Vec<Part> {
        let mut widths: Vec<Width> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        let total = |widths: &[Width]| widths.iter().map(|width| width.points() + COLUMN_SPACE).sum::<f64>();
        // The widest texts give way first.
        while total(&widths) > TWO_COLUMNS {
            let excess = total(&widths) - TWO_COLUMNS;
            let wrapped = widths.iter_mut().filter_map(|width| match width {
                Width::Wrapped(points) if *points > NARROWEST_TEXT => Some(points),
                _ => None,
            });
            let Some(widest) = wrapped.max_by(|a, b| a.total_cmp(b)) else { break };
            *widest = (*widest - excess.max(1.0)).max((*widest * 0.8).min(*widest - 1.0)).max(NARROWEST_TEXT);
        }
        let mut parts: Vec<Part> = Vec::new();
        for (column, width) in widths.iter().enumerate() {
            let own = width.points() + COLUMN_SPACE;
            match parts.last_mut() {
                Some(part) if part.width + own <= TWO_COLUMNS => {
                    part.columns.push((column, *width));
                    part.width += own;
                }
                Some(_) => {
                    let first = widths[0];
                    let width_of_both = first.points() + COLUMN_SPACE + own;
                    parts.push(Part { columns: vec![(0, first), (column, *width)], width: width_of_both });
                }
                None => parts.push(Part { columns: vec![(column, *width)], width: own }),
            }
        }
        parts
    }

    /// Estimates the width of a column from its cells and from the longest word of its title.
    fn width(&self, column: usize) -> Width {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| text_points(&shown(cell))).fold(0.0, f64::max);
        let title = self.columns[column].title.split(' ').map(text_points).fold(0.0, f64::max);
        let points = widest.max(title);
        if self.is_numeric(column) || points <= WIDEST_TEXT {
            Width::Natural(points)
        } else {
            Width::Wrapped(WIDEST_TEXT)
        }
    }

    fn tabular<'a>(&'a self, part: &Part, rows: &'a [Vec<Cell>], notes: &mut Vec<&'a str>) -> String {
        let align: String = part
            .columns
            .iter()
            .map(|(column, width)| match width {
                Width::Natural(_) if self.is_numeric(*column) => "r".to_owned(),
                Width::Natural(_) => "l".to_owned(),
                Width::Wrapped(points) => format!("p{{{points:.0}pt}}"),
            })
            .collect();
        let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
        let mut tex = format!("\\begin{{tabular}}{{{align}}}\n\\toprule\n");
        let title = |(column, width): &(usize, Width)| {
            let side = if self.is_numeric(*column) { 'r' } else { 'l' };
            stacked(&self.columns[*column].title, width.points(), side)
        };
        tex += &line(part.columns.iter().map(title).collect());
        tex += "\\midrule\n";
        for row in rows {
            let mut cells = Vec::new();
            for (column, width) in &part.columns {
                let text = match &row[*column] {
                    Cell::Missing(reason) => {
                        let index = notes.iter().position(|note| note == reason).unwrap_or_else(|| {
                            notes.push(reason);
                            notes.len() - 1
                        });
                        format!("--{}", mark(index))
                    }
                    cell => escape_tex(&shown(cell)),
                };
                // Breaking is allowed after the hyphens and underscores of long names.
                cells.push(match width {
                    Width::Wrapped(_) => format!("\\raggedright\\arraybackslash {}", breakable(&text)),
                    Width::Natural(_) => text,
                });
            }
            tex += &line(cells);
        }
        tex.replace("\\arraybackslash", "\\let\\\\\\tabularnewline") + "\\bottomrule\n\\end{tabular}\n"
    }
}

/// Columns of a table that stand side by side.
struct Part {
    columns: Vec<(usize, Width)>,
    /// Width in points.
    width: f64,
}

impl Part {
    /// Returns the number of lines of a row, whose texts may wrap.
    fn lines(&self, row: &[Cell]) -> usize {
        let of_cell = |(column, width): &(usize, Width)| match width {
            Width::Natural(_) => 1,
            Width::Wrapped(points) => {
                // Ragged lines are a tenth shorter.
                (1.1 * text_points(&shown(&row[*column])) / points).ceil().max(1.0) as usize
            }
        };
        self.columns.iter().map(of_cell).max().unwrap_or(1)
    }
}

/// Tabulars that share a page.
struct TexPage<'a> {
    tabulars: Vec<(&'a Part, &'a [Vec<Cell>])>,
    lines: usize,
}

/// Width of a column in points.
#[derive(Clone, Copy)]
enum Width {
    /// As wide as its contents.
    Natural(f64),
    /// Texts wrap at this width.
    Wrapped(f64),
}

impl Width {
    fn points(self) -> f64 {
        match self {
            Self::Natural(points) | Self::Wrapped(points) => points,
        }
    }
}

/// Formats a cell; a missing value is a dash with the mark of a note.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Missing(_) => "--a".to_owned(),
        cell => cell.shown(),
    }
}

/// Returns the mark of a note: superscript a to z, then aa and so on.
fn mark(index: usize) -> String {
    let letter = |index: usize| char::from(b'a' + (index % 26) as u8);
    let letters: String = if index < 26 {
        letter(index).to_string()
    } else {
        [letter(index / 26 - 1), letter(index)].iter().collect()
    };
    format!("$^\\mathrm{{{letters}}}$")
}

/// Estimates the width of a text in points at `\footnotesize`: Computer Modern's 8-point characters, rounded up by class.
fn text_points(text: &str) -> f64 {
    let of = |character: char| match character {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '[' | ']' => 2.4,
        'f' | 't' | 'r' | 's' | 'I' | '(' | ')' | '-' | ' ' => 3.4,
        'm' | 'w' | 'M' | 'W' | '−' | '<' | '>' | '±' | '%' => 7.2,
        'A'..='Z' => 6.2,
        'a'..='z' | '0'..='9' | '/' => 4.4,
        '\u{1100}'.. => 8.5,
        _ => 5.0,
    };
    text.chars().map(of).sum()
}

/// Breaks a title into lines of at most `width` points, as far as its words allow.
fn stacked(title: &str, width: f64, side: char) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in title.split(' ') {
        match lines.last_mut() {
            Some(line) if text_points(line) + text_points(" ") + text_points(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let lines: Vec<String> = lines.iter().map(|line| escape_tex(line)).collect();
    match &lines[..] {
        [line] => line.clone(),
        lines => format!("\\shortstack[{side}]{{{}}}", lines.join("\\\\")),
    }
}

/// Allows line breaks inside long names.
fn breakable(text: &str) -> String {
    text.replace("\\_", "\\_\\allowbreak{}").replace('-', "-\\allowbreak{}").replace('/', "/\\allowbreak{}")
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
        let [tex] = &table.to_tex()[..] else { panic!("one page suffices") };
        assert!(tex.contains("\\begin{tabular}{lr}\n"), "{tex}");
        assert!(tex.contains("step\\_1 \\& 2\\% & $-$0.5 \\\\\n"), "{tex}");
        assert!(tex.contains("Fits one column"), "{tex}");
    }

    #[test]
    fn wraps_texts_and_gives_reasons_as_notes() {
        let mut table =
            Table::new("t", "", &[("system", "System"), ("why", "Why"), ("p", "p, after correction")]);
        let long = "a reason that takes much more room than a column of a paper has to give".repeat(2);
        table.rows.push(vec![Cell::text("a"), Cell::text(&long), Cell::Missing("only one rater".into())]);
        table.rows.push(vec![Cell::text("b"), Cell::text(&long), Cell::Missing("only one rater".into())]);
        table.rows.push(vec![Cell::text("c"), Cell::text("short"), Cell::Probability(0.01)]);
        let [tex] = &table.to_tex()[..] else { panic!("one page suffices") };
        assert!(tex.contains("\\begin{tabular}{lp{170pt}r}\n"), "{tex}");
        assert!(tex.contains("\\shortstack[r]{p, after\\\\correction}"), "{tex}");
        assert_eq!(tex.matches("--$^\\mathrm{a}$").count(), 2, "{tex}");
        assert!(tex.contains("\\par\\noindent $^\\mathrm{a}$~only one rater\n"), "{tex}");
    }

    #[test]
    fn divides_what_is_too_wide_or_too_long() {
        let keys: Vec<String> = (0..20).map(|column| format!("metric_{column}")).collect();
        let mut columns: Vec<(&str, &str)> = vec![("system", "System")];
        columns.extend(keys.iter().map(|key| (key.as_str(), key.as_str())));
        let mut table = Table::new("t", "", &columns);
        let interval = Cell::Interval { estimate: 5.25, low: 5.125, high: 5.375, decimals: 3 };
        for row in 0..60 {
            let mut cells = vec![Cell::text(format!("system-{row}"))];
            cells.extend((0..20).map(|_| interval.clone()));
            table.rows.push(cells);
        }
        let parts = table.column_parts();
        assert!(parts.len() > 1 && parts.iter().all(|part| part.width <= TWO_COLUMNS));
        let columns: Vec<usize> =
            parts.iter().flat_map(|part| part.columns.iter().map(|(column, _)| *column)).collect();
        let mut once = columns.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once, (0..21).collect::<Vec<_>>());
        assert_eq!(columns.iter().filter(|column| **column == 0).count(), parts.len());
        let pages = table.to_tex();
        let n_tabulars: usize = pages.iter().map(|page| page.matches("\\begin{tabular}").count()).sum();
        assert_eq!(n_tabulars, 2 * parts.len(), "sixty rows take two pages");
        for (index, page) in pages.iter().enumerate() {
            assert!(page.contains(&format!("% Page {} of {}.", index + 1, pages.len())), "{page}");
            assert!(page.lines().filter(|line| line.ends_with("\\\\")).count() <= MOST_LINES, "{page}");
        }
        // Short tables share a page.
        table.rows.truncate(5);
        assert_eq!(table.to_tex().len(), 1);
    }

    #[test]
    fn names_notes_beyond_the_alphabet() {
        assert_eq!(
            [0, 25, 26, 51, 52].map(mark).join(" "),
            ["a", "z", "aa", "az", "ba"].map(|m| format!("$^\\mathrm{{{m}}}$")).join(" ")
        );
    }
}
