//! Forest plots: estimates with their intervals, one row each, against a reference line and a margin.

use super::axis::{Frame, Scale, extent, number};
use super::interval::check_interval;
use super::pen::{Align, Ink, SMALL_TEXT, TEXT, WIDE, draw, draw_nothing, fit_text, text_width};
use crate::error::Error;

/// Height of a row, in units.
const ROW: i32 = 64;
/// Room for the names at the left, in units; longer names are truncated.
const MOST_NAME_ROOM: i32 = 560;

/// One estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestRow {
    /// Name of the estimate: the system.
    pub label: String,
    /// Estimate.
    pub estimate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Ends of a second, narrower interval drawn as a thick line, such as that of the equivalence test.
    pub inner: Option<(f64, f64)>,
}

/// A forest plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Label of the estimates, with their unit.
    pub x_label: String,
    /// Rows from top to bottom.
    pub rows: Vec<ForestRow>,
    /// Half the width of the shaded region around 0.
    pub margin: Option<f64>,
    /// `true` to draw a line at 0; otherwise the axis need not include it.
    pub zero_line: bool,
    /// Decimals of the numbers at the right.
    pub decimals: usize,
}

impl Forest {
    /// Draws the rows with name, interval and numbers. Without rows the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a value that is NaN or infinite, and [`Error::BadInterval`] for an interval
    /// that does not contain its estimate.
    pub fn to_svg(&self) -> Result<String, Error> {
        for (index, row) in self.rows.iter().enumerate() {
            check_interval(&self.title, index, (row.estimate, row.low, row.high))?;
            if let Some((low, high)) = row.inner {
                check_interval(&self.title, index, (row.estimate, low, high))?;
            }
        }
        let margin = self.margin.unwrap_or(0.0);
        if !margin.is_finite() {
            return Err(Error::NotFinite { what: self.title.clone(), index: 0 });
        }
        let around_zero = if self.zero_line { vec![0.0, -margin, margin] } else { Vec::new() };
        let ends = self.rows.iter().flat_map(|row| {
            let (low, high) = row.inner.unwrap_or((row.low, row.high));
            [row.low, row.high, low, high]
        });
        let (Some((low, high)), false) = (extent(ends.chain(around_zero)), self.rows.is_empty()) else {
            return draw_nothing(&self.title, WIDE, 160);
        };
        let numbers: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let text = |value| number(value, self.decimals);
                format!("{} [{}, {}]", text(row.estimate), text(row.low), text(row.high))
            })
            .collect();
        let widest = |texts: &mut dyn Iterator<Item = &str>| {
            texts.map(|text| text_width(text, TEXT)).max().unwrap_or(0)
        };
        let name_room = widest(&mut self.rows.iter().map(|row| row.label.as_str())).min(MOST_NAME_ROOM);
        let number_room = widest(&mut numbers.iter().map(String::as_str));
        let n_rows = self.rows.len() as i32;
        let frame = Frame {
            left: 24 + name_room + 32,
            top: 24,
            right: WIDE - 24 - number_room - 32,
            bottom: 24 + n_rows * ROW,
        };
        let x = Scale::padded(low, high, 0.06, (frame.left, frame.right));
        draw(&self.title, WIDE, frame.bottom + 96, |pen| {
            if self.margin.is_some() {
                pen.fill((x.at(-margin), frame.top), (x.at(margin), frame.bottom), Ink::BAND)?;
            }
            frame.draw_x(pen, &x, &self.x_label)?;
            if self.zero_line {
                pen.line((x.at(0.0), frame.top), (x.at(0.0), frame.bottom), Ink::MUTED, 3)?;
            }
            for (index, row) in self.rows.iter().enumerate() {
                let y = frame.top + index as i32 * ROW + ROW / 2;
                let label = fit_text(&row.label, TEXT, name_room);
                pen.text(&label, (frame.left - 24, y), Align::Right, TEXT, Ink::TEXT)?;
                pen.line((x.at(row.low), y), (x.at(row.high), y), Ink::BLUE, 3)?;
                for end in [row.low, row.high] {
                    pen.line((x.at(end), y - 9), (x.at(end), y + 9), Ink::BLUE, 3)?;
                }
                if let Some((low, high)) = row.inner {
                    pen.line((x.at(low), y), (x.at(high), y), Ink::BLUE, 8)?;
                }
                pen.dot((x.at(row.estimate), y), 10, Ink::BLUE, 1.0)?;
                pen.text(&numbers[index], (WIDE - 24, y), Align::Right, TEXT, Ink::TEXT)?;
            }
            if let Some(margin) = self.margin {
                let note = format!("margin ±{}", number(margin, self.decimals));
                let at = (WIDE - 24, frame.bottom + SMALL_TEXT + 4);
                pen.text(&note, at, Align::Right, SMALL_TEXT, Ink::MUTED)?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forest(rows: &[(f64, f64, f64)]) -> Forest {
        let row = |&(estimate, low, high): &(f64, f64, f64)| ForestRow {
            label: "system".into(),
            estimate,
            low,
            high,
            inner: None,
        };
        Forest {
            title: "CMOS".into(),
            x_label: "CMOS".into(),
            rows: rows.iter().map(row).collect(),
            margin: Some(0.2),
            zero_line: true,
            decimals: 2,
        }
    }

    #[test]
    fn prints_the_numbers_next_to_the_interval() {
        let svg = forest(&[(-0.01, -0.15, 0.13)]).to_svg().unwrap();
        assert!(svg.contains("−0.01 [−0.15, 0.13]") && svg.contains("margin ±0.20"), "{svg}");
        assert!(forest(&[]).to_svg().unwrap().contains("no values"));
    }

    #[test]
    fn rejects_an_interval_that_does_not_contain_its_estimate() {
        assert!(matches!(
            forest(&[(0.0, -1.0, 1.0), (2.0, -1.0, 1.0)]).to_svg(),
            Err(Error::BadInterval { index: 1, .. })
        ));
        assert!(matches!(forest(&[(0.0, f64::NAN, 1.0)]).to_svg(), Err(Error::NotFinite { index: 0, .. })));
    }
}
