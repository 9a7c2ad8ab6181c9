//! Stacked bars: counts of several kinds, one bar for each name.

use super::axis::{Frame, number};
use super::legend::{draw_legend, legend_height};
use super::pen::{Align, Ink, NARROW, SMALL_TEXT, TEXT, WIDE, draw, draw_nothing, fit_text, text_width};
use crate::error::Error;

/// Height of one bar with the space around it, in units.
const ROW: i32 = 52;
/// Room for the names, in units; longer ones are truncated.
const MOST_NAME_ROOM: i32 = 420;

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackRow {
    /// Name of the counted thing.
    pub label: String,
    /// Count of each kind, in the order of [`Stacks::kinds`].
    pub counts: Vec<u64>,
}

/// A chart of horizontal stacked bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stacks {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Label of the counts.
    pub x_label: String,
    /// Names of the kinds, from left to right.
    pub kinds: Vec<String>,
    /// Rows from top to bottom.
    pub rows: Vec<StackRow>,
}

impl Stacks {
    /// Draws the bars, with the sum at the end of each. Without rows the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::LengthMismatch`] when a row does not have one count for each kind.
    pub fn to_svg(&self) -> Result<String, Error> {
        self.drawn(WIDE)
    }

    /// Draws the bars half as wide, so that all of them are seen on a phone.
    ///
    /// # Errors
    ///
    /// As [`Stacks::to_svg`].
    pub fn to_narrow_svg(&self) -> Result<String, Error> {
        self.drawn(NARROW)
    }

    fn drawn(&self, width: i32) -> Result<String, Error> {
        for row in &self.rows {
            if row.counts.len() != self.kinds.len() {
                return Err(Error::LengthMismatch {
                    what: row.label.clone(),
                    got: row.counts.len(),
                    expected: self.kinds.len(),
                });
            }
        }
        if self.rows.is_empty() {
            return draw_nothing(&self.title, width, 160);
        }
        let total = |row: &StackRow| row.counts.iter().map(|&count| count as f64).sum::<f64>();
        let most = self.rows.iter().map(total).fold(1.0, f64::max);
        let kinds: Vec<&str> = self.kinds.iter().map(String::as_str).collect();
        let top = 24 + legend_height(&kinds, width);
        let widest = self.rows.iter().map(|row| text_width(&row.label, SMALL_TEXT)).max().unwrap_or(0);
        let name_room = widest.min(MOST_NAME_ROOM.min(width / 3));
        let frame = Frame {
            left: 24 + name_room + 28,
            top,
            right: width - 40,
            bottom: top + self.rows.len() as i32 * ROW,
        };
        // The number at the end of the longest bar needs room too.
        let number_room = text_width(&number(most, 0), TEXT) + 24;
        let x = super::axis::Scale::new(0.0, most, (frame.left, frame.right - number_room));
        draw(&self.title, width, frame.bottom + 96, |pen| {
            draw_legend(pen, &kinds, 10, width)?;
            let axis = Frame { right: frame.right - number_room, ..frame };
            axis.draw_x(pen, &x, &self.x_label)?;
            for (index, row) in self.rows.iter().enumerate() {
                let y = frame.top + index as i32 * ROW + ROW / 2;
                let label = fit_text(&row.label, SMALL_TEXT, name_room);
                pen.text(&label, (frame.left - 20, y), Align::Right, SMALL_TEXT, Ink::TEXT)?;
                let mut before = 0.0;
                for (kind, &count) in row.counts.iter().enumerate() {
                    let after = before + count as f64;
                    pen.fill((x.at(before), y - 15), (x.at(after), y + 15), Ink::series(kind))?;
                    before = after;
                }
                pen.text(&number(before, 0), (x.at(before) + 14, y), Align::Left, SMALL_TEXT, Ink::MUTED)?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(counts: &[&[u64]]) -> Stacks {
        let row = |counts: &&[u64]| StackRow { label: "voice".into(), counts: counts.to_vec() };
        Stacks {
            title: "failures".into(),
            x_label: "items".into(),
            kinds: vec!["failed".into(), "undefined".into()],
            rows: counts.iter().map(row).collect(),
        }
    }

    #[test]
    fn draws_each_kind_in_its_color_and_the_sum_at_the_end() {
        let svg = figure(&[&[3, 4], &[0, 1]]).to_svg().unwrap();
        // One rectangle in the legend and one in each bar that has the kind.
        assert_eq!(svg.matches(" fill=\"#0072B2\"").count(), 2);
        assert_eq!(svg.matches(" fill=\"#D55E00\"").count(), 3);
        assert!(svg.contains(">7</text>"), "{svg}");
    }

    #[test]
    fn draws_nothing_and_rejects_a_missing_count() {
        assert!(figure(&[]).to_svg().unwrap().contains("no values"));
        assert!(figure(&[&[0, 0]]).to_svg().unwrap().contains("voice"));
        assert!(matches!(figure(&[&[1]]).to_svg(), Err(Error::LengthMismatch { got: 1, .. })));
    }
}
