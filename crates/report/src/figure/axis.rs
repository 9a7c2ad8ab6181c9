//! Scales, ticks and the frame of a plot.

use plotters::coord::ranged1d::{BoldPoints, Ranged};
use plotters::coord::types::RangedCoordf64;

use super::pen::{Align, Drawn, Ink, Pen, SMALL_TEXT, TEXT, text_width};

/// Free space between two tick labels of a horizontal axis, in units.
const TICK_LABEL_GAP: i32 = 24;
/// How far tick labels stand from the axis, in units.
const TICK_LABEL_DISTANCE: i32 = 12;

/// A linear map from values to units.
pub(crate) struct Scale {
    coordinate: RangedCoordf64,
    low: f64,
    high: f64,
    units: (i32, i32),
}

impl Scale {
    /// Maps `low` to the first and `high` to the second of `units`; a range without extent is widened.
    pub(crate) fn new(low: f64, high: f64, units: (i32, i32)) -> Scale {
        let (low, high) = widen(low, high);
        Scale { coordinate: RangedCoordf64::from(low..high), low, high, units }
    }

    /// As [`Scale::new`], with `share` of the range added at both ends.
    pub(crate) fn padded(low: f64, high: f64, share: f64, units: (i32, i32)) -> Scale {
        let (low, high) = widen(low, high);
        let pad = (high - low) * share;
        Scale::new(low - pad, high + pad, units)
    }

    /// Where `value` lies; values outside of the range land on its ends.
    pub(crate) fn at(&self, value: f64) -> i32 {
        self.coordinate.map(&value.clamp(self.low, self.high), self.units)
    }

    /// At most `count` round values inside the range.
    pub(crate) fn ticks(&self, count: usize) -> Vec<f64> {
        self.coordinate.key_points(BoldPoints(count))
    }

    /// Round values whose labels fit side by side on a horizontal axis, with their labels.
    fn horizontal_ticks(&self) -> Vec<(f64, String)> {
        let room = (self.units.1 - self.units.0).abs();
        for count in (2..=9).rev() {
            let ticks = label_ticks(&self.ticks(count));
            let needed: i32 =
                ticks.iter().map(|(_, label)| text_width(label, SMALL_TEXT) + TICK_LABEL_GAP).sum();
            if needed <= room {
                return ticks;
            }
        }
        label_ticks(&self.ticks(1))
    }
}

/// The rectangle that data are drawn in.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// Left edge.
    pub(crate) left: i32,
    /// Upper edge.
    pub(crate) top: i32,
    /// Right edge.
    pub(crate) right: i32,
    /// Lower edge.
    pub(crate) bottom: i32,
}

impl Frame {
    /// A scale along the lower edge.
    pub(crate) fn x(&self, low: f64, high: f64) -> Scale {
        Scale::new(low, high, (self.left, self.right))
    }

    /// A scale along the left edge, upwards.
    pub(crate) fn y(&self, low: f64, high: f64) -> Scale {
        Scale::new(low, high, (self.bottom, self.top))
    }

    /// Draws the lower axis: grid lines upwards, ticks below, the axis label below them.
    pub(crate) fn draw_x(&self, pen: &mut Pen<'_>, scale: &Scale, label: &str) -> Drawn {
        for (value, text) in scale.horizontal_ticks() {
            let x = scale.at(value);
            if self.top < self.bottom {
                pen.line((x, self.top), (x, self.bottom), Ink::GRID, 1)?;
            }
            pen.line((x, self.bottom), (x, self.bottom + 6), Ink::TEXT, 2)?;
            let at = (x, self.bottom + TICK_LABEL_DISTANCE + SMALL_TEXT / 2);
            pen.text(&text, at, Align::Center, SMALL_TEXT, Ink::TEXT)?;
        }
        pen.line((self.left, self.bottom), (self.right, self.bottom), Ink::TEXT, 2)?;
        self.draw_x_label(pen, label, self.bottom + TICK_LABEL_DISTANCE + SMALL_TEXT + 24)
    }

    /// Draws the label of the lower axis with its middle at `y`.
    pub(crate) fn draw_x_label(&self, pen: &mut Pen<'_>, label: &str, y: i32) -> Drawn {
        pen.text(label, (i32::midpoint(self.left, self.right), y), Align::Center, TEXT, Ink::MUTED)
    }

    /// Draws the left axis: grid lines to the right, ticks to the left, the axis label above the left edge.
    ///
    /// The label stands upright above the axis, since a sideways one is hard to read.
    pub(crate) fn draw_y(&self, pen: &mut Pen<'_>, scale: &Scale, label: &str) -> Drawn {
        let count = ((self.bottom - self.top) / (SMALL_TEXT * 3)).clamp(2, 7) as usize;
        for (value, text) in label_ticks(&scale.ticks(count)) {
            let y = scale.at(value);
            pen.line((self.left, y), (self.right, y), Ink::GRID, 1)?;
            let at = (self.left - TICK_LABEL_DISTANCE, y);
            pen.text(&text, at, Align::Right, SMALL_TEXT, Ink::TEXT)?;
        }
        pen.text(label, (self.left - 40, self.top - TEXT), Align::Left, TEXT, Ink::MUTED)
    }
}

/// How much room the tick labels of a left axis over `low..high` need, in units.
pub(crate) fn y_label_room(low: f64, high: f64) -> i32 {
    let scale = Scale::new(low, high, (0, 100));
    let widest = label_ticks(&scale.ticks(7)).iter().map(|(_, label)| text_width(label, SMALL_TEXT)).max();
    widest.unwrap_or(0).max(40) + TICK_LABEL_DISTANCE
}

/// The ticks with labels that have as many decimals as their distance needs, and no negative zero.
pub(crate) fn label_ticks(ticks: &[f64]) -> Vec<(f64, String)> {
    let step = ticks.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(f64::INFINITY, f64::min);
    let step =
        if step.is_finite() && step > 0.0 { step } else { ticks.first().map_or(1.0, |tick| tick.abs()) };
    let decimals = if step > 0.0 { (-(step.log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize } else { 0 };
    ticks.iter().map(|&tick| (tick, number(tick, decimals))).collect()
}

/// `value` with `decimals` decimals, a true minus sign, no negative zero and thin spaces between thousands.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && whole.len() > 4 && (whole.len() - position).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    let is_zero = text.chars().all(|character| character == '0' || character == '.');
    if value < 0.0 && !is_zero { format!("−{grouped}") } else { grouped }
}

/// The extent of `values`; `None` when there are none.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// A range that has an extent: a single value gets half a unit, or a tenth of itself, on both sides.
fn widen(low: f64, high: f64) -> (f64, f64) {
    let smallest = low.abs().max(high.abs()) * 1e-9;
    if high - low > smallest {
        return (low, high);
    }
    let pad = if low == 0.0 { 0.5 } else { (low.abs() * 0.1).max(1e-6) };
    (low - pad, high + pad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tick_labels_have_the_decimals_of_their_step() {
        let labels = |ticks: &[f64]| label_ticks(ticks).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(labels(&[-0.5, 0.0, 0.5]), ["−0.5", "0.0", "0.5"]);
        assert_eq!(labels(&[0.0, 20_000.0]), ["0", "20\u{202f}000"]);
        assert_eq!(labels(&[0.02, 0.04]), ["0.02", "0.04"]);
        assert_eq!(labels(&[3.0]), ["3"]);
        assert_eq!(labels(&[0.0]), ["0"]);
    }

    #[test]
    fn a_value_that_rounds_to_zero_has_no_sign() {
        assert_eq!(number(-0.000_1, 2), "0.00");
        assert_eq!(number(-1234.5, 1), "−1234.5");
        assert_eq!(number(-12_345.6, 1), "−12\u{202f}345.6");
    }

    #[test]
    fn a_single_value_still_has_a_scale() {
        let scale = Scale::new(5.0, 5.0, (0, 100));
        assert_eq!(scale.at(5.0), 50);
        let zero = Scale::new(0.0, 0.0, (0, 100));
        assert_eq!(zero.at(0.0), 50);
        assert!(!zero.ticks(5).is_empty());
    }

    #[test]
    fn values_outside_of_the_range_land_on_its_ends() {
        let scale = Scale::new(0.0, 1.0, (100, 0));
        assert_eq!(scale.at(7.0), 0);
        assert_eq!(scale.at(-7.0), 100);
    }
}
