//! Histograms of distributions.

use super::axis::{Frame, LARGEST, extent, number, round_step, y_label_room};
use super::pen::{Align, Ink, NARROW, SMALL_TEXT, TEXT, check_finite, draw, draw_nothing, text_width};
use crate::error::Error;

/// Minimum and maximum number of bars.
const BARS: (usize, usize) = (8, 48);
const WIDTH: i32 = NARROW;
const HEIGHT: i32 = 500;

/// A histogram with a line at the median.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Label of the values, with their unit.
    pub x_label: String,
    /// Name of the counted things, such as `utterances`.
    pub y_label: String,
    /// The values, in any order; all finite.
    pub values: Vec<f64>,
}

impl Histogram {
    /// Draws the histogram.
    ///
    /// The width of a bar is the Freedman–Diaconis width, 2 IQR / n^(1/3), rounded to 1, 2 or 5 times a power of ten
    /// that gives 8 to 48 bars; edges are multiples of it. A value on an edge belongs to the bar on its right. Without
    /// values the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a value that is NaN or infinite.
    ///
    /// # References
    ///
    /// D. Freedman, P. Diaconis: On the histogram as a density estimator. Zeitschrift für
    /// Wahrscheinlichkeitstheorie 57, 453–476 (1981).
    pub fn to_svg(&self) -> Result<String, Error> {
        check_finite(&self.title, &self.values)?;
        let mut sorted: Vec<f64> = self.values.iter().map(|value| value.clamp(-LARGEST, LARGEST)).collect();
        sorted.sort_by(f64::total_cmp);
        let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
            return draw_nothing(&self.title, WIDTH, 160);
        };
        let width = bar_width(&sorted);
        let first = (low / width).floor();
        let n_bars = ((high / width).floor() - first) as usize + 1;
        let mut counts = vec![0_usize; n_bars];
        for value in &sorted {
            counts[((value / width).floor() - first).clamp(0.0, (n_bars - 1) as f64) as usize] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(0) as f64;
        let frame =
            Frame { left: 24 + y_label_room(0.0, most), top: 84, right: WIDTH - 36, bottom: HEIGHT - 92 };
        let x = frame.x(first * width, (first + n_bars as f64) * width);
        let y = frame.y(0.0, most * 1.04);
        let median = quantile(&sorted, 0.5);
        draw(&self.title, WIDTH, HEIGHT, |pen| {
            frame.draw_y(pen, &y, &self.y_label)?;
            frame.draw_x(pen, &x, &self.x_label)?;
            for (index, &count) in counts.iter().enumerate() {
                let left = x.at((first + index as f64) * width) + 1;
                let right = (x.at((first + index as f64 + 1.0) * width) - 1).max(left + 1);
                pen.fill((left, y.at(count as f64)), (right, frame.bottom - 1), Ink::BLUE)?;
            }
            let at = x.at(median);
            pen.line((at, frame.top - 8), (at, frame.bottom), Ink::VERMILION, 3)?;
            let label = format!("median {}", number(median, decimals(width)));
            let half = text_width(&label, SMALL_TEXT) / 2;
            // The label of the vertical axis is at the left of the same line.
            let leftmost = frame.left - 30 + text_width(&self.y_label, TEXT) + half;
            let place = (at.clamp(leftmost.min(frame.right - half), frame.right - half), frame.top - 26);
            pen.text(&label, place, Align::Center, SMALL_TEXT, Ink::VERMILION)
        })
    }
}

/// Computes the width of a bar for sorted values.
fn bar_width(sorted: &[f64]) -> f64 {
    let range = extent(sorted.iter().copied()).map_or(0.0, |(low, high)| high - low);
    let scale = sorted.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    if range <= (scale * 1e-9).max(f64::MIN_POSITIVE * 1e3) {
        return if scale < 1e-300 { 1.0 } else { round_step(scale * 0.05) };
    }
    let spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
    let wanted = 2.0 * spread / (sorted.len() as f64).cbrt();
    round_step(wanted.clamp(range / BARS.1 as f64, range / BARS.0 as f64))
}

/// Returns the decimals that show a quarter of a bar.
fn decimals(width: f64) -> usize {
    (1.0 - width.log10()).ceil().clamp(0.0, 6.0) as usize
}

/// Computes the quantile by linear interpolation between order statistics, as `numpy.quantile` does; `sorted` must not
/// be empty.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let weight = position - below as f64;
    sorted[below] + weight * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use mynah_testkit::assert_close;

    use super::*;

    #[test]
    fn matches_numpy_quantiles() {
        // numpy.quantile([1, 2, 4, 8], [0.25, 0.5, 0.75]) = [1.75, 3.0, 5.0]
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for (share, expected) in [(0.0, 1.0), (0.25, 1.75), (0.5, 3.0), (0.75, 5.0), (1.0, 8.0)] {
            assert_close(quantile(&sorted, share), expected, 0.0, "quantile");
        }
        assert_close(quantile(&[7.0], 0.5), 7.0, 0.0, "quantile of one value");
    }

    #[test]
    fn keeps_the_number_of_bars_readable() {
        let cases: [Vec<f64>; 5] = [
            vec![5.0],
            vec![0.0; 10],
            (0..1000).map(f64::from).collect(),
            (0..1000).map(|i| f64::from(i) * 1e-4 - 3.0).collect(),
            // One outlier far from the other values.
            (0..100).map(|i| if i == 99 { 1e6 } else { f64::from(i) }).collect(),
        ];
        for values in cases {
            let width = bar_width(&values);
            let (low, high) = extent(values.iter().copied()).unwrap();
            let n_bars = (high / width).floor() - (low / width).floor() + 1.0;
            assert!(width > 0.0 && n_bars <= 72.0, "{width} {n_bars}");
        }
    }

    #[test]
    fn counts_every_value_and_rejects_nonfinite_ones() {
        let mut figure = Histogram {
            title: "lengths".into(),
            x_label: "seconds".into(),
            y_label: "clips".into(),
            values: vec![1.0, 2.0, 2.5, 9.0],
        };
        let svg = figure.to_svg().unwrap();
        assert_eq!(svg, figure.to_svg().unwrap());
        figure.values.push(f64::NAN);
        assert!(matches!(figure.to_svg(), Err(Error::NotFinite { index: 4, .. })));
        figure.values.clear();
        assert!(figure.to_svg().unwrap().contains("no values"));
    }
}
