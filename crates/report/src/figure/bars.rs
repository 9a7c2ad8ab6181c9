//! Bar charts of counts.

use super::axis::{Frame, Scale, y_label_room};
use super::pen::{Ink, NARROW, SMALL_TEXT, WIDE, check_finite, draw, draw_nothing, fit_text, text_width};
use crate::error::Error;

/// Height of the plot without its labels, in units.
const PLOT_HEIGHT: i32 = 360;
/// Room for the names below the bars, in units; longer names are truncated.
const MOST_LABEL_ROOM: i32 = 220;
/// Minimum spacing of bars, in units, at which every name is readable.
const SMALLEST_STEP: i32 = SMALL_TEXT + 2;

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Name of the counted thing.
    pub label: String,
    /// Height; finite and not negative.
    pub value: f64,
}

/// A bar chart with the names written upwards below the bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Label of the heights, with their unit.
    pub y_label: String,
    /// Bars from left to right.
    pub bars: Vec<Bar>,
}

impl Bars {
    /// Draws the bars; the figure grows in width when there are more than fit on the page. Without bars it says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a value that is NaN or infinite. A negative value is drawn as zero.
    pub fn to_svg(&self) -> Result<String, Error> {
        let values: Vec<f64> = self.bars.iter().map(|bar| bar.value).collect();
        check_finite(&self.title, &values)?;
        let Some(most) = values.iter().copied().reduce(f64::max) else {
            return draw_nothing(&self.title, WIDE, 160);
        };
        let labels: Vec<String> =
            self.bars.iter().map(|bar| fit_text(&bar.label, SMALL_TEXT, MOST_LABEL_ROOM)).collect();
        let label_room = labels.iter().map(|label| text_width(label, SMALL_TEXT)).max().unwrap_or(0) + 24;
        let left = 24 + y_label_room(0.0, most);
        let n_bars = self.bars.len() as i32;
        let width = (left + 30 + n_bars * SMALLEST_STEP).max(WIDE.min(left + 30 + n_bars * 120)).max(NARROW);
        let frame = Frame { left, top: 80, right: width - 30, bottom: 80 + PLOT_HEIGHT };
        let y = frame.y(0.0, if most > 0.0 { most * 1.04 } else { 1.0 });
        let x = Scale::new(0.0, f64::from(n_bars), (frame.left, frame.right));
        let gap = ((frame.right - frame.left) / n_bars / 8).clamp(1, 12);
        draw(&self.title, width, frame.bottom + label_room, |pen| {
            frame.draw_y(pen, &y, &self.y_label)?;
            pen.line((frame.left, frame.bottom), (frame.right, frame.bottom), Ink::TEXT, 2)?;
            for (index, bar) in self.bars.iter().enumerate() {
                let (left, right) = (x.at(index as f64) + gap, x.at(index as f64 + 1.0) - gap);
                pen.fill((left, y.at(bar.value)), (right, frame.bottom), Ink::BLUE)?;
                let end = (i32::midpoint(left, right), frame.bottom + 12);
                pen.text_upwards(&labels[index], end, SMALL_TEXT, Ink::TEXT)?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(values: &[f64]) -> Bars {
        let bar = |(index, &value): (usize, &f64)| Bar { label: format!("AH{index}"), value };
        Bars {
            title: "phones".into(),
            y_label: "count".into(),
            bars: values.iter().enumerate().map(bar).collect(),
        }
    }

    #[test]
    fn draws_every_bar_with_a_height_and_every_name() {
        let svg = bars(&[3.0, 0.0, 12.0]).to_svg().unwrap();
        assert_eq!(svg.matches(" fill=\"#0072B2\"").count(), 2);
        assert!(["AH0", "AH1", "AH2"].iter().all(|name| svg.contains(name)), "{svg}");
    }

    #[test]
    fn draws_nothing_and_zero_and_rejects_nonfinite_values() {
        assert!(bars(&[]).to_svg().unwrap().contains("no values"));
        assert!(bars(&[0.0]).to_svg().unwrap().contains("AH0"));
        assert!(matches!(bars(&[1.0, f64::NAN]).to_svg(), Err(Error::NotFinite { index: 1, .. })));
    }
}
