//! Several measures of the same systems: one row for each system, one narrow column with its own axis for each measure.

use super::axis::{Frame, Scale, extent};
use super::interval::check_interval;
use super::pen::{Align, Drawn, Ink, Pen, SMALL_TEXT, TEXT, WIDE, draw, draw_nothing, fit_text, text_width};
use crate::error::Error;

/// Height of a row, in units.
const ROW: i32 = 46;
/// Room for the names at the left, in units; longer names are truncated.
const MOST_NAME_ROOM: i32 = 460;
/// Largest width of a column, in units, so that one or two columns do not spread over the page.
const MOST_COLUMN_WIDTH: i32 = 860;
/// Distance between columns, in units.
const GAP: i32 = 44;
/// Room above the rows for the titles of the columns, in units.
const TITLE_ROOM: i32 = 62;

/// A system by one measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatrixPoint {
    /// Estimate.
    pub estimate: f64,
    /// Ends of the interval, if there is one.
    pub interval: Option<(f64, f64)>,
    /// `true` for an accented point, such as a system that may be the best; the others are gray.
    pub is_accented: bool,
}

/// A measure.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixColumn {
    /// Name of the measure.
    pub title: String,
    /// Label of its axis: the unit, or what is subtracted.
    pub label: String,
    /// The systems in the order of the rows; `None` without a value.
    pub points: Vec<Option<MatrixPoint>>,
    /// Half the width of a shaded region around 0; `None` if 0 means nothing, and the axis need not include it.
    pub margin: Option<f64>,
}

/// Measures of the same systems side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Names of the systems from top to bottom.
    pub rows: Vec<String>,
    /// Measures from left to right.
    pub columns: Vec<MatrixColumn>,
}

impl Matrix {
    /// Draws the systems in rows and the measures in columns. Without rows or columns the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a value that is NaN or infinite, [`Error::BadInterval`] for an interval that
    /// does not contain its estimate, and [`Error::LengthMismatch`] for a column that does not have a point for each row.
    pub fn to_svg(&self) -> Result<String, Error> {
        for column in &self.columns {
            if column.points.len() != self.rows.len() {
                return Err(Error::LengthMismatch {
                    what: column.title.clone(),
                    got: column.points.len(),
                    expected: self.rows.len(),
                });
            }
            if column.margin.is_some_and(|margin| !margin.is_finite()) {
                return Err(Error::NotFinite { what: column.title.clone(), index: 0 });
            }
            for (index, point) in column.points.iter().enumerate() {
                if let Some(point) = point {
                    let (low, high) = point.interval.unwrap_or((point.estimate, point.estimate));
                    check_interval(&column.title, index, (point.estimate, low, high))?;
                }
            }
        }
        if self.rows.is_empty() || self.columns.is_empty() {
            return draw_nothing(&self.title, WIDE, 160);
        }
        let widest = self.rows.iter().map(|row| text_width(row, TEXT)).max().unwrap_or(0);
        let name_room = widest.min(MOST_NAME_ROOM);
        let left = 24 + name_room + 32;
        let n_columns = self.columns.len() as i32;
        let room = (WIDE - 40 - left - (n_columns - 1) * GAP) / n_columns;
        let column_width = room.min(MOST_COLUMN_WIDTH);
        let width = left + n_columns * column_width + (n_columns - 1) * GAP + 40;
        let bottom = TITLE_ROOM + self.rows.len() as i32 * ROW;
        draw(&self.title, width, bottom + 92, |pen| {
            for (index, row) in self.rows.iter().enumerate() {
                let y = TITLE_ROOM + index as i32 * ROW + ROW / 2;
                let label = fit_text(row, TEXT, name_room);
                pen.text(&label, (left - 28, y), Align::Right, TEXT, Ink::TEXT)?;
                pen.line((left - 12, y), (width - 40, y), Ink::GRID, 1)?;
            }
            for (index, column) in self.columns.iter().enumerate() {
                let start = left + index as i32 * (column_width + GAP);
                column
                    .draw(pen, Frame { left: start, top: TITLE_ROOM, right: start + column_width, bottom })?;
            }
            Ok(())
        })
    }
}

impl MatrixColumn {
    fn draw(&self, pen: &mut Pen<'_>, frame: Frame) -> Drawn {
        let width = frame.right - frame.left;
        let title = fit_text(&self.title, TEXT, width + GAP - 12);
        let middle = i32::midpoint(frame.left, frame.right);
        pen.text(&title, (middle, frame.top - 34), Align::Center, TEXT, Ink::TEXT)?;
        let ends = self.points.iter().flatten().flat_map(|point| {
            let (low, high) = point.interval.unwrap_or((point.estimate, point.estimate));
            [low, high]
        });
        let around_zero = self.margin.map(|margin| [-margin, 0.0, margin]);
        let Some((low, high)) = extent(ends.chain(around_zero.into_iter().flatten())) else {
            return pen.text(
                "no values",
                (middle, frame.top + ROW / 2),
                Align::Center,
                SMALL_TEXT,
                Ink::MUTED,
            );
        };
        let x = Scale::padded(low, high, 0.06, (frame.left, frame.right));
        if let Some(margin) = self.margin {
            pen.fill((x.at(-margin), frame.top), (x.at(margin), frame.bottom), Ink::BAND)?;
        }
        frame.draw_x(pen, &x, &fit_text(&self.label, TEXT, width + GAP))?;
        if self.margin.is_some() {
            pen.line((x.at(0.0), frame.top), (x.at(0.0), frame.bottom), Ink::MUTED, 3)?;
        }
        for (row, point) in self.points.iter().enumerate() {
            let y = frame.top + row as i32 * ROW + ROW / 2;
            let Some(point) = point else {
                pen.text("–", (middle, y), Align::Center, SMALL_TEXT, Ink::MUTED)?;
                continue;
            };
            let ink = if point.is_accented { Ink::BLUE } else { Ink::MUTED };
            if let Some((low, high)) = point.interval {
                pen.line((x.at(low), y), (x.at(high), y), ink, 4)?;
            }
            pen.dot((x.at(point.estimate), y), 9, ink, 1.0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(points: &[Option<MatrixPoint>]) -> Matrix {
        let column = |title: &str, margin| MatrixColumn {
            title: title.into(),
            label: "dB".into(),
            points: points.to_vec(),
            margin,
        };
        Matrix {
            title: "systems".into(),
            rows: (0..points.len()).map(|row| format!("system {row}")).collect(),
            columns: vec![column("mcd", None), column("listeners", Some(0.25))],
        }
    }

    fn point(estimate: f64, half: f64, is_accented: bool) -> MatrixPoint {
        MatrixPoint { estimate, interval: Some((estimate - half, estimate + half)), is_accented }
    }

    #[test]
    fn draws_every_system_once_and_every_measure_beside_it() {
        let svg =
            matrix(&[Some(point(4.0, 0.5, true)), None, Some(point(5.0, 0.25, false))]).to_svg().unwrap();
        for name in ["system 0", "system 1", "system 2", "mcd", "listeners"] {
            assert_eq!(svg.matches(&format!(">{name}</text>")).count(), 1, "{name}");
        }
        // Two columns with one accented and one gray point each; the missing one is a dash.
        assert_eq!(svg.matches("<circle").count(), 4, "{svg}");
        assert_eq!(svg.matches(">–</text>").count(), 2, "{svg}");
    }

    #[test]
    fn includes_zero_only_where_it_means_something() {
        let mut figure = matrix(&[Some(point(5.0, 0.1, true)), Some(point(5.5, 0.1, false))]);
        assert!(figure.to_svg().unwrap().contains(">0</text>"));
        figure.columns.pop();
        assert!(!figure.to_svg().unwrap().contains(">0</text>"));
    }

    #[test]
    fn says_that_there_are_no_values() {
        assert!(matrix(&[]).to_svg().unwrap().contains("no values"));
        let mut empty = matrix(&[None]);
        empty.columns.truncate(1);
        assert!(empty.to_svg().unwrap().contains("no values"));
    }

    #[test]
    fn rejects_columns_of_another_length_and_wrong_intervals() {
        let mut wrong = matrix(&[Some(point(1.0, 0.5, true))]);
        wrong.columns[1].points.clear();
        assert!(matches!(wrong.to_svg(), Err(Error::LengthMismatch { got: 0, expected: 1, .. })));
        assert!(matches!(
            matrix(&[Some(point(1.0, -0.5, true))]).to_svg(),
            Err(Error::BadInterval { index: 0, .. })
        ));
        assert!(matches!(matrix(&[Some(point(f64::NAN, 0.5, true))]).to_svg(), Err(Error::NotFinite { .. })));
    }
}
