//! Distributions of one measure by system: a row for each, with what has no value beside it.

use super::axis::{Frame, LARGEST, Scale, extent};
use super::histogram::quantile;
use super::interval::check_interval;
use super::pen::{
    Align, Drawn, Ink, NARROW, Pen, SMALL_TEXT, TEXT, check_finite, draw, draw_nothing, fit_text, text_width,
};
use crate::error::Error;

/// Height of the row of one system, in units.
const ROW: i32 = 84;
/// Most values that are drawn as dots; more become an outline.
const MOST_DOTS: usize = 60;
/// Half the height of the dots or the outline of a row, in units.
const HALF: i32 = 24;
/// Steps of an outline over the width of the axis.
const STEPS: usize = 64;
/// Room for the names of the systems, in units; longer names are truncated.
const MOST_NAME_ROOM: i32 = 230;
/// Values between these shares of every system are always on the axis; others may not be, if it would be more than
/// [`MOST_STRETCH`] times as long.
const SHARES: (f64, f64) = (0.02, 0.98);
const MOST_STRETCH: f64 = 3.0;

/// One system.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpreadRow {
    /// Name.
    pub label: String,
    /// Values of its items, in any order; finite.
    pub values: Vec<f64>,
    /// Value of the system: the mean, or a pooled rate.
    pub mean: Option<f64>,
    /// Ends of the interval of the mean, if there is one.
    pub interval: Option<(f64, f64)>,
    /// Counts of items without a value with the word for each, the gravest first; zeros are left out.
    pub without: Vec<(u64, String)>,
}

/// Distributions of one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Spreads {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Label of the axis, with the unit.
    pub x_label: String,
    /// Value of a perfect copy, marked if it is on the axis.
    pub perfect: Option<f64>,
    /// Systems from top to bottom.
    pub rows: Vec<SpreadRow>,
}

impl Spreads {
    /// Draws the distributions.
    ///
    /// Each item is a dot or, where a system has more than 60, they are an outline whose height is the number of items near a
    /// value. Below are the quartiles and the median, and the mean with its interval. If a few values would stretch the axis
    /// to more than three times the range of the others, those that are farther away than this range are counted at its ends. Without rows the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a value that is NaN or infinite, and [`Error::BadInterval`] for an interval that
    /// does not contain its mean.
    pub fn to_svg(&self) -> Result<String, Error> {
        for (index, row) in self.rows.iter().enumerate() {
            check_finite(&self.title, &row.values)?;
            check_finite(&self.title, &row.mean.into_iter().collect::<Vec<_>>())?;
            if let (Some(mean), Some((low, high))) = (row.mean, row.interval) {
                check_interval(&self.title, index, (mean, low, high))?;
            }
        }
        if self.rows.is_empty() {
            return draw_nothing(&self.title, NARROW, 160);
        }
        let sorted: Vec<Vec<f64>> = self.rows.iter().map(|row| sorted(&row.values)).collect();
        let name_room = self.widest(|row| text_width(&row.label, SMALL_TEXT)).min(MOST_NAME_ROOM);
        let count_room =
            self.widest(|row| counts(row).map(|(text, _)| text_width(&text, SMALL_TEXT)).max().unwrap_or(0));
        let frame = Frame {
            left: 16 + name_room + 24,
            top: 24,
            right: NARROW - 28 - if count_room > 0 { count_room + 16 } else { 0 },
            bottom: 24 + self.rows.len() as i32 * ROW,
        };
        let (low, high) = self.axis(&sorted);
        let x = Scale::padded(low, high, 0.04, (frame.left, frame.right));
        draw(&self.title, NARROW, frame.bottom + 92, |pen| {
            frame.draw_x(pen, &x, &self.x_label)?;
            if let Some(perfect) = self.perfect.filter(|perfect| (low..=high).contains(perfect)) {
                let at = x.at(perfect);
                pen.line((at, frame.top), (at, frame.bottom), Ink::GREEN, 2)?;
            }
            for (index, (row, sorted)) in self.rows.iter().zip(&sorted).enumerate() {
                let top = frame.top + index as i32 * ROW;
                let middle = top + ROW / 2;
                let label = fit_text(&row.label, SMALL_TEXT, name_room);
                pen.text(&label, (frame.left - 16, middle), Align::Right, SMALL_TEXT, Ink::TEXT)?;
                draw_counts(pen, row, (frame.right + 16, middle))?;
                let inside = Frame { top, bottom: top + ROW, ..frame };
                if sorted.is_empty() {
                    let at = (i32::midpoint(frame.left, frame.right), middle);
                    pen.text("no values", at, Align::Center, TEXT, Ink::MUTED)?;
                } else {
                    draw_values(pen, sorted, &x, inside, (low, high))?;
                    draw_summary(pen, row, sorted, &x, inside)?;
                }
            }
            Ok(())
        })
    }

    fn widest(&self, width: impl Fn(&SpreadRow) -> i32) -> i32 {
        self.rows.iter().map(width).max().unwrap_or(0)
    }

    /// Returns the ends of the axis: all values, or those that most items have.
    fn axis(&self, sorted: &[Vec<f64>]) -> (f64, f64) {
        let means = self.rows.iter().flat_map(|row| {
            let (low, high) = row.interval.unzip();
            [row.mean, low, high].into_iter().flatten()
        });
        let with_values = || sorted.iter().filter(|values| !values.is_empty());
        let ends = with_values().flat_map(|values| [values[0], values[values.len() - 1]]);
        let usual = with_values().flat_map(|values| [quantile(values, SHARES.0), quantile(values, SHARES.1)]);
        let Some((low, high)) = extent(ends.chain(means.clone())) else { return (0.0, 1.0) };
        let (usual_low, usual_high) = extent(usual.chain(means)).unwrap_or((low, high));
        let range = usual_high - usual_low;
        if range <= 0.0 || (high - low) / range <= MOST_STRETCH {
            return (low, high);
        }
        // Values as far away as the range of the others are not beyond the axis, which ends at the farthest of them.
        let (least, most) = (usual_low - range, usual_high + range);
        let near = sorted.iter().flatten().copied().filter(|value| (least..=most).contains(value));
        extent(near.chain([usual_low, usual_high])).unwrap_or((usual_low, usual_high))
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().map(|value| value.clamp(-LARGEST, LARGEST)).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Returns the counts that are not zero in words; `true` for the gravest.
fn counts(row: &SpreadRow) -> impl Iterator<Item = (String, bool)> + '_ {
    let worded = row.without.iter().enumerate().filter(|(_, (count, _))| *count > 0);
    worded.map(|(index, (count, word))| (format!("{count} {word}"), index == 0))
}

fn draw_counts(pen: &mut Pen<'_>, row: &SpreadRow, (left, middle): (i32, i32)) -> Drawn {
    let n_lines = counts(row).count() as i32;
    for (index, (text, is_gravest)) in counts(row).enumerate() {
        let y = middle + (2 * index as i32 - (n_lines - 1)) * (SMALL_TEXT + 2) / 2;
        let ink = if is_gravest { Ink::VERMILION } else { Ink::MUTED };
        pen.text(&text, (left, y), Align::Left, SMALL_TEXT, ink)?;
    }
    Ok(())
}

/// Draws dots or an outline, and the number of values beyond the ends of the axis.
fn draw_values(pen: &mut Pen<'_>, sorted: &[f64], x: &Scale, frame: Frame, (low, high): (f64, f64)) -> Drawn {
    let center = frame.top + HALF + 6;
    let n_below = sorted.iter().take_while(|value| **value < low).count();
    let n_above = sorted.iter().rev().take_while(|value| **value > high).count();
    let shown = &sorted[n_below..sorted.len() - n_above];
    let width = f64::from(frame.right - frame.left) / STEPS as f64;
    let step_of = |value: f64| ((f64::from(x.at(value) - frame.left) / width) as usize).min(STEPS - 1);
    if sorted.len() <= MOST_DOTS {
        let mut in_step = [0_i32; STEPS];
        for &value in shown {
            let n_before = &mut in_step[step_of(value)];
            // Around the line: 0, 1, −1, 2, −2 and so on.
            let offset = if *n_before % 2 == 0 { -*n_before / 2 } else { *n_before / 2 + 1 };
            *n_before += 1;
            let y = center + (offset * 7).clamp(-HALF, HALF);
            pen.dot((x.at(value), y), 5, Ink::BLUE, 0.7)?;
        }
    } else if !shown.is_empty() {
        let mut in_step = [0_usize; STEPS];
        for &value in shown {
            in_step[step_of(value)] += 1;
        }
        let most = in_step.iter().copied().max().unwrap_or(1).max(1) as f64;
        // At least a hair, so that rare values stay visible.
        let height = |count: usize| {
            if count == 0 { 0 } else { ((count as f64 / most * f64::from(HALF)) as i32).max(2) }
        };
        for side in [-1, 1] {
            let mut corners = vec![(frame.left, center)];
            for (step, &count) in in_step.iter().enumerate() {
                let y = center + side * height(count);
                let at = |step: usize| frame.left + (step as f64 * width).round() as i32;
                corners.extend([(at(step), y), (at(step + 1), y)]);
            }
            corners.push((frame.right, center));
            pen.area(corners, Ink::SKY)?;
        }
    }
    let y = center - HALF + 4;
    if n_below > 0 {
        pen.text(&format!("‹ {n_below} more"), (frame.left + 4, y), Align::Left, SMALL_TEXT, Ink::MUTED)?;
    }
    if n_above > 0 {
        pen.text(&format!("{n_above} more ›"), (frame.right - 4, y), Align::Right, SMALL_TEXT, Ink::MUTED)?;
    }
    Ok(())
}

/// Draws the quartiles with the median, and the mean with its interval.
fn draw_summary(pen: &mut Pen<'_>, row: &SpreadRow, sorted: &[f64], x: &Scale, frame: Frame) -> Drawn {
    let y = frame.top + 2 * HALF + 14;
    let [first, median, third] = [0.25, 0.5, 0.75].map(|share| x.at(quantile(sorted, share)));
    pen.line((first, y), (third, y), Ink::TEXT, 6)?;
    pen.line((median, y - 9), (median, y + 9), Ink::TEXT, 4)?;
    let y = y + 14;
    if let Some((low, high)) = row.interval {
        pen.line((x.at(low), y), (x.at(high), y), Ink::VERMILION, 3)?;
    }
    match row.mean {
        Some(mean) => pen.dot((x.at(mean), y), 6, Ink::VERMILION, 1.0),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: Vec<f64>) -> SpreadRow {
        SpreadRow { label: "voice".into(), values, ..SpreadRow::default() }
    }

    fn spreads(rows: Vec<SpreadRow>) -> Spreads {
        Spreads { title: "mcd by system".into(), x_label: "dB".into(), perfect: None, rows }
    }

    #[test]
    fn draws_a_dot_for_each_of_few_values_and_an_outline_of_many() {
        let dots = |n: u32| {
            let svg = spreads(vec![row((0..n).map(f64::from).collect())]).to_svg().unwrap();
            (svg.matches("<circle").count(), svg.matches("<polygon").count())
        };
        assert_eq!((dots(7), dots(60), dots(61)), ((7, 0), (60, 0), (0, 2)));
    }

    #[test]
    fn many_values_take_no_more_room_than_some() {
        let length = |n: usize| {
            let values = (0..n).map(|index| (index as f64 * 0.7).sin()).collect();
            spreads(vec![row(values)]).to_svg().unwrap().len()
        };
        assert!(length(100_000) < length(100) + 1000);
    }

    #[test]
    fn counts_values_that_would_stretch_the_axis() {
        let mut values: Vec<f64> = (0..200).map(|index| f64::from(index) / 100.0).collect();
        assert!(!spreads(vec![row(values.clone())]).to_svg().unwrap().contains("more"));
        values.extend([90.0, 95.0, -70.0]);
        let svg = spreads(vec![row(values)]).to_svg().unwrap();
        assert!(svg.contains("‹ 1 more") && svg.contains("2 more ›"), "{svg}");
    }

    #[test]
    fn counts_what_has_no_value() {
        let without = vec![(3, "failed".to_owned()), (0, "undefined".to_owned()), (1, "no row".to_owned())];
        let svg = spreads(vec![SpreadRow { without, ..row(Vec::new()) }]).to_svg().unwrap();
        assert!(svg.contains("3 failed") && svg.contains("1 no row") && svg.contains("no values"), "{svg}");
        assert!(!svg.contains("undefined"), "{svg}");
    }

    #[test]
    fn marks_the_mean_with_its_interval_and_the_perfect_value() {
        let mut figure = spreads(vec![SpreadRow {
            mean: Some(2.0),
            interval: Some((1.5, 2.5)),
            ..row(vec![1.0, 2.0, 3.0])
        }]);
        figure.perfect = Some(1.0);
        let svg = figure.to_svg().unwrap();
        assert_eq!(svg.matches(" fill=\"#D55E00\"").count(), 1, "{svg}");
        assert!(svg.contains(" stroke=\"#009E73\""), "{svg}");
        figure.perfect = Some(0.0);
        assert!(!figure.to_svg().unwrap().contains(" stroke=\"#009E73\""));
    }

    #[test]
    fn rejects_what_is_not_finite_and_wrong_intervals() {
        assert!(matches!(spreads(vec![row(vec![f64::NAN])]).to_svg(), Err(Error::NotFinite { .. })));
        let wrong = SpreadRow { mean: Some(1.0), interval: Some((2.0, 3.0)), ..row(vec![1.0]) };
        assert!(matches!(spreads(vec![wrong]).to_svg(), Err(Error::BadInterval { .. })));
        assert!(spreads(Vec::new()).to_svg().unwrap().contains("no values"));
        let extreme = row(vec![-f64::MAX, 0.0, f64::MAX]);
        assert!(!spreads(vec![extreme]).to_svg().unwrap().contains("NaN"));
    }
}
