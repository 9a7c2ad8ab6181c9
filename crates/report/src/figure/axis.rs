//! Scales, ticks and the frame of a plot.

use super::pen::{Align, Drawn, Ink, Pen, SMALL_TEXT, TEXT, text_width};

/// Minimum gap between two tick labels of a horizontal axis, in units.
const TICK_LABEL_GAP: i32 = 24;
/// Distance of tick labels from the axis, in units.
const TICK_LABEL_DISTANCE: i32 = 12;

/// Limit beyond which numbers are drawn at the edge; differences of smaller ones stay finite.
pub(crate) const LARGEST: f64 = 1e300;
/// Relative width below which a range is widened, since the digits of a label could not tell its ends apart.
const NARROWEST: f64 = 1e-9;
/// Most decimals of a label; beyond that, and from the next limit on, numbers are written with an exponent.
const MOST_DECIMALS: usize = 6;
const LARGEST_PLAIN: f64 = 1e9;
/// Magnitude from which numbers have no decimals left.
const LARGEST_WITH_ALL_DIGITS: f64 = 1e15;

/// A linear map from values to units.
///
/// Ticks and the map are implemented here because those of plotters 0.3.7 never terminate for very large or very small
/// ranges.
pub(crate) struct Scale {
    low: f64,
    high: f64,
    units: (i32, i32),
}

impl Scale {
    /// Maps `low` to the first and `high` to the second of `units`; an empty range is widened.
    pub(crate) fn new(low: f64, high: f64, units: (i32, i32)) -> Scale {
        let (low, high) = widen(low.max(-LARGEST), high.min(LARGEST));
        Scale { low, high, units }
    }

    /// Creates a scale as [`Scale::new`] does, with `share` of the range added at both ends.
    pub(crate) fn padded(low: f64, high: f64, share: f64, units: (i32, i32)) -> Scale {
        let (low, high) = widen(low.max(-LARGEST), high.min(LARGEST));
        let pad = (high - low) * share;
        Scale::new(low - pad, high + pad, units)
    }

    /// Maps `value` to its position; values outside the range are placed at its ends.
    pub(crate) fn at(&self, value: f64) -> i32 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        let (from, to) = (f64::from(self.units.0), f64::from(self.units.1));
        (from + share * (to - from)).round() as i32
    }

    /// Returns at most `count` multiples of 1, 2 or 5 times a power of ten inside the range, and at least one if it has
    /// any.
    pub(crate) fn ticks(&self, count: usize) -> Vec<f64> {
        let range = self.high - self.low;
        let mut step = round_step(range / count.max(1) as f64);
        // Ends that are multiples may add one too many.
        for _ in 0..3 {
            let first = (self.low / step - 1e-6).ceil();
            let n_ticks = (self.high / step + 1e-6).floor() - first + 1.0;
            if n_ticks <= count as f64 {
                return (0..n_ticks.max(0.0) as usize).map(|index| (first + index as f64) * step).collect();
            }
            step = round_step(step * 1.5);
        }
        Vec::new()
    }

    /// Returns round values whose labels fit side by side on a horizontal axis, with their labels.
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

/// The rectangle in which data are drawn.
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
    /// Returns a scale along the lower edge.
    pub(crate) fn x(&self, low: f64, high: f64) -> Scale {
        Scale::new(low, high, (self.left, self.right))
    }

    /// Returns a scale along the left edge, upwards.
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

    /// Draws the label of the lower axis, vertically centered at `y`.
    pub(crate) fn draw_x_label(&self, pen: &mut Pen<'_>, label: &str, y: i32) -> Drawn {
        pen.text(label, (i32::midpoint(self.left, self.right), y), Align::Center, TEXT, Ink::MUTED)
    }

    /// Draws the left axis: grid lines to the right, ticks to the left, the axis label above the left edge.
    ///
    /// The label is upright above the axis, since a sideways one is hard to read.
    pub(crate) fn draw_y(&self, pen: &mut Pen<'_>, scale: &Scale, label: &str) -> Drawn {
        let count = ((self.bottom - self.top) / (SMALL_TEXT * 2)).clamp(2, 7) as usize;
        for (value, text) in label_ticks(&scale.ticks(count)) {
            let y = scale.at(value);
            pen.line((self.left, y), (self.right, y), Ink::GRID, 1)?;
            let at = (self.left - TICK_LABEL_DISTANCE, y);
            pen.text(&text, at, Align::Right, SMALL_TEXT, Ink::TEXT)?;
        }
        pen.text(label, (self.left - 40, self.top - TEXT), Align::Left, TEXT, Ink::MUTED)
    }
}

/// Returns the width needed by the tick labels of a left axis over `low..high`, in units.
pub(crate) fn y_label_room(low: f64, high: f64) -> i32 {
    let scale = Scale::new(low, high, (0, 100));
    let widest = label_ticks(&scale.ticks(7)).iter().map(|(_, label)| text_width(label, SMALL_TEXT)).max();
    widest.unwrap_or(0).max(40) + TICK_LABEL_DISTANCE
}

/// Returns the smallest of 1, 2 and 5 times a power of ten that is at least `width`, up to rounding.
pub(crate) fn round_step(width: f64) -> f64 {
    let width = width.clamp(f64::MIN_POSITIVE, LARGEST);
    let power = 10.0_f64.powf(width.log10().floor()).max(f64::MIN_POSITIVE);
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= width * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// Formats the ticks with as many decimals as their spacing needs, and without negative zero.
pub(crate) fn label_ticks(ticks: &[f64]) -> Vec<(f64, String)> {
    let largest = ticks.iter().fold(0.0_f64, |most, tick| most.max(tick.abs()));
    let step = ticks.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(f64::INFINITY, f64::min);
    let step = if step.is_finite() && step > 0.0 { step } else { largest };
    let decimals = if step > 0.0 { (-(step.log10() + 1e-9).floor()).max(0.0) as usize } else { 0 };
    let label = |&tick: &f64| {
        if tick != 0.0 && (decimals > MOST_DECIMALS || largest >= LARGEST_PLAIN) {
            // As many digits as tell neighbors apart.
            let order = |size: f64| (size.log10() + 1e-9).floor();
            let digits = (order(tick.abs()) - order(step)).clamp(0.0, 9.0) as usize;
            (tick, format!("{tick:.digits$e}").replace('-', "−"))
        } else {
            (tick, number(tick, decimals.min(MOST_DECIMALS)))
        }
    };
    ticks.iter().map(label).collect()
}

/// Formats `value` with `decimals` decimals, a true minus sign, no negative zero and thin spaces between thousands.
///
/// From 10^15 on the digits would be meaningless, and the number is written with an exponent.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    if value.abs() >= LARGEST_WITH_ALL_DIGITS {
        return format!("{value:.decimals$e}").replace('-', "−");
    }
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

/// Returns the extent of `values`; `None` if there are none.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// Widens an empty range: a single value gets half a unit, or a tenth of itself, on both sides.
fn widen(low: f64, high: f64) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    if high - low > (size * NARROWEST).max(f64::MIN_POSITIVE * 1e3) {
        return (low, high);
    }
    let middle = f64::midpoint(low, high);
    let pad = if size < 1e-300 { 0.5 } else { size * 0.1 };
    (middle - pad, middle + pad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_tick_labels_the_decimals_of_their_step() {
        let labels = |ticks: &[f64]| label_ticks(ticks).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(labels(&[-0.5, 0.0, 0.5]), ["−0.5", "0.0", "0.5"]);
        assert_eq!(labels(&[0.0, 20_000.0]), ["0", "20\u{202f}000"]);
        assert_eq!(labels(&[0.02, 0.04]), ["0.02", "0.04"]);
        assert_eq!(labels(&[3.0]), ["3"]);
        assert_eq!(labels(&[0.0]), ["0"]);
        assert_eq!(labels(&[-2e-8, 0.0, 2e-8]), ["−2e−8", "0.000000", "2e−8"]);
        assert_eq!(labels(&[1.0e12, 1.5e12]), ["1.0e12", "1.5e12"]);
    }

    #[test]
    fn drops_the_sign_of_a_value_that_rounds_to_zero() {
        assert_eq!(number(-0.000_1, 2), "0.00");
        assert_eq!(number(-1234.5, 1), "−1234.5");
        assert_eq!(number(-12_345.6, 1), "−12\u{202f}345.6");
    }

    #[test]
    fn makes_round_ticks_within_the_limit() {
        let ticks = |low, high, count| Scale::new(low, high, (0, 100)).ticks(count);
        assert_eq!(ticks(0.0, 10.0, 6).len(), 6);
        assert_eq!(
            ticks(-0.83, 0.2, 6),
            [-0.8, -0.6, -0.4, -0.2, 0.0, 0.2].map(|tick: f64| (tick / 0.2).round() * 0.2)
        );
        assert_eq!(ticks(3.0, 97.0, 3), [50.0]);
        for (low, high) in
            [(-1e300, 1e300), (1e-300, 2e-300), (0.0, f64::MAX), (1e12, 1e12 + 1e-3), (-7.0, -6.99)]
        {
            for count in 1..10 {
                let ticks = ticks(low, high, count);
                assert!(
                    ticks.len() <= count && ticks.iter().all(|tick| tick.is_finite()),
                    "{low} {high} {ticks:?}"
                );
            }
        }
    }

    #[test]
    fn scales_a_single_value() {
        let scale = Scale::new(5.0, 5.0, (0, 100));
        assert_eq!(scale.at(5.0), 50);
        let zero = Scale::new(0.0, 0.0, (0, 100));
        assert_eq!(zero.at(0.0), 50);
        assert!(!zero.ticks(5).is_empty());
    }

    #[test]
    fn clamps_values_outside_the_range() {
        let scale = Scale::new(0.0, 1.0, (100, 0));
        assert_eq!(scale.at(7.0), 0);
        assert_eq!(scale.at(-7.0), 100);
    }
}
