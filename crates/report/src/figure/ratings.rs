//! Distribution of the answers on a rating scale, one row per system.

use super::axis::{Frame, Scale, number};
use super::pen::{
    Align, Ink, SMALL_TEXT, TEXT, WIDE, check_finite, draw, draw_nothing, fit_text, text_width,
};
use crate::error::Error;

/// Height of one system's bars, in units.
const ROW: i32 = 190;
/// Room for the names of the systems, in units; longer names are truncated.
const MOST_NAME_ROOM: i32 = 420;

/// The answers given to one system.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingCounts {
    /// Name of the system.
    pub label: String,
    /// Count of each score of the scale, in the order of [`Ratings::scores`].
    pub counts: Vec<u64>,
}

/// The answers given to all systems.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratings {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Label of the scores.
    pub x_label: String,
    /// Scores of the scale from the lowest to the highest; finite.
    pub scores: Vec<f64>,
    /// Rows from top to bottom.
    pub systems: Vec<RatingCounts>,
}

impl Ratings {
    /// Draws a row of bars per system: the share of each score in percent, on the same scale for all.
    ///
    /// Bars are blue above zero, vermilion below and gray at zero; on a scale without negative scores they are blue.
    /// Without systems the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::LengthMismatch`] when a system does not have one count per score, and [`Error::NotFinite`] for
    /// a score that is NaN or infinite.
    pub fn to_svg(&self) -> Result<String, Error> {
        check_finite(&self.title, &self.scores)?;
        for system in &self.systems {
            if system.counts.len() != self.scores.len() {
                return Err(Error::LengthMismatch {
                    what: system.label.clone(),
                    got: system.counts.len(),
                    expected: self.scores.len(),
                });
            }
        }
        if self.systems.is_empty() || self.scores.is_empty() {
            return draw_nothing(&self.title, WIDE, 160);
        }
        let shares = |system: &RatingCounts| -> Vec<f64> {
            let total: u64 = system.counts.iter().sum();
            system.counts.iter().map(|&count| 100.0 * count as f64 / total.max(1) as f64).collect()
        };
        let most = self.systems.iter().flat_map(shares).fold(1.0, f64::max);
        let is_signed = self.scores.iter().any(|&score| score < 0.0);
        let totals: Vec<String> = self
            .systems
            .iter()
            .map(|system| format!("n = {}", number(system.counts.iter().sum::<u64>() as f64, 0)))
            .collect();
        let names = self.systems.iter().map(|system| text_width(&system.label, TEXT));
        let name_room =
            names.chain(totals.iter().map(|text| text_width(text, SMALL_TEXT))).max().unwrap_or(0);
        let name_room = name_room.min(MOST_NAME_ROOM);
        let n_rows = self.systems.len() as i32;
        let frame = Frame { left: 24 + name_room + 32, top: 16, right: WIDE - 40, bottom: 16 + n_rows * ROW };
        let x = Scale::new(0.0, self.scores.len() as f64, (frame.left, frame.right));
        draw(&self.title, WIDE, frame.bottom + 96, |pen| {
            for (row, system) in self.systems.iter().enumerate() {
                let floor = frame.top + (row as i32 + 1) * ROW - 6;
                let label = fit_text(&system.label, TEXT, name_room);
                pen.text(&label, (frame.left - 24, floor - 70), Align::Right, TEXT, Ink::TEXT)?;
                pen.text(&totals[row], (frame.left - 24, floor - 34), Align::Right, SMALL_TEXT, Ink::MUTED)?;
                for (index, share) in shares(system).into_iter().enumerate() {
                    let score = self.scores[index];
                    let ink = match score {
                        score if score < 0.0 => Ink::VERMILION,
                        score if score == 0.0 && is_signed => Ink::MUTED,
                        _ => Ink::BLUE,
                    };
                    let height = (share / most * f64::from(ROW - 60)).round() as i32;
                    let (left, right) = (x.at(index as f64) + 14, x.at(index as f64 + 1.0) - 14);
                    pen.fill((left, floor - height), (right, floor), ink)?;
                    let at = (i32::midpoint(left, right), floor - height - 18);
                    let text = format!("{} %", number(share, usize::from(share > 0.0 && share < 10.0)));
                    pen.text(&text, at, Align::Center, SMALL_TEXT, Ink::TEXT)?;
                }
                pen.line((frame.left, floor), (frame.right, floor), Ink::TEXT, 2)?;
            }
            for (index, score) in self.scores.iter().enumerate() {
                let at = (x.at(index as f64 + 0.5), frame.bottom + SMALL_TEXT);
                let decimals = usize::from(score.fract() != 0.0);
                let sign = if is_signed && *score > 0.0 { "+" } else { "" };
                pen.text(&format!("{sign}{}", number(*score, decimals)), at, Align::Center, TEXT, Ink::TEXT)?;
            }
            frame.draw_x_label(pen, &self.x_label, frame.bottom + 70)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_shares_per_system() {
        let mut figure = Ratings {
            title: "answers".into(),
            x_label: "score".into(),
            scores: vec![-1.0, 0.0, 1.0],
            systems: vec![
                RatingCounts { label: "a".into(), counts: vec![1, 2, 1] },
                RatingCounts { label: "b".into(), counts: vec![0, 0, 0] },
            ],
        };
        let svg = figure.to_svg().unwrap();
        assert_eq!(svg.matches("25 %").count(), 2);
        assert_eq!(svg.matches("50 %").count(), 1);
        assert_eq!(svg.matches(">0 %").count(), 3);
        assert!(svg.contains("n = 4") && svg.contains("n = 0"));
        figure.systems[0].counts.pop();
        assert!(matches!(figure.to_svg(), Err(Error::LengthMismatch { got: 2, expected: 3, .. })));
    }
}
