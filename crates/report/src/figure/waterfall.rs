//! Waterfall plots: sorted differences of many items, with the shares above and below zero.

use super::axis::{Frame, Scale, extent, number, y_label_room};
use super::interval::check_interval;
use super::pen::{
    Align, Drawn, Ink, Pen, SMALL_TEXT, TEXT, WIDE, check_finite, draw, draw_nothing, fit_text,
};
use crate::error::Error;

/// Number of panels per row.
const COLUMNS: i32 = 2;
const PANEL_WIDTH: i32 = WIDE / COLUMNS;
const PANEL_HEIGHT: i32 = 500;
/// Maximum number of items drawn; more are sampled evenly from the sorted ones, since they cannot be told apart by eye.
const MOST_STEPS: usize = 400;

/// The differences by one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// Name of the measure.
    pub title: String,
    /// Label of the differences, with their unit.
    pub label: String,
    /// Words for an item above zero, below zero and at zero, such as `worse`, `better` and `equal`.
    pub words: [String; 3],
    /// `true` if above zero is good; the good side is blue.
    pub above_is_good: bool,
    /// One difference for each item, in any order; all finite.
    pub values: Vec<f64>,
    /// Mean with the ends of its interval, if there is one.
    pub interval: Option<(f64, f64, f64)>,
}

/// Differences of the same items by several measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfalls {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Panels in reading order.
    pub panels: Vec<Waterfall>,
    /// `true` to draw all panels to one scale, for one measure of several systems.
    pub one_scale: bool,
}

impl Waterfalls {
    /// Draws each measure in a panel: the items from left to right by their differences, filled up to zero.
    ///
    /// The line across with the shaded band is the mean with its interval. The shares of items above zero, below and at
    /// zero are printed above the panel. With more than 400 items, 400 quantiles at evenly spaced ranks are drawn; the
    /// shares count all items. Without panels, or in an empty panel, the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a value that is NaN or infinite, and [`Error::BadInterval`] for an interval
    /// that does not contain its mean.
    pub fn to_svg(&self) -> Result<String, Error> {
        for (index, panel) in self.panels.iter().enumerate() {
            check_finite(&panel.title, &panel.values)?;
            if let Some(interval) = panel.interval {
                check_interval(&panel.title, index, interval)?;
            }
        }
        if self.panels.is_empty() {
            return draw_nothing(&self.title, WIDE, 160);
        }
        let ranges: Vec<(f64, f64)> = self.panels.iter().map(Waterfall::range).collect();
        let widest = extent(ranges.iter().flat_map(|&(low, high)| [low, high])).filter(|_| self.one_scale);
        let n_rows = (self.panels.len() as i32 + COLUMNS - 1) / COLUMNS;
        let width = if self.panels.len() == 1 { PANEL_WIDTH } else { WIDE };
        draw(&self.title, width, n_rows * PANEL_HEIGHT, |pen| {
            for (index, (panel, range)) in self.panels.iter().zip(ranges).enumerate() {
                let index = index as i32;
                let corner = (index % COLUMNS * PANEL_WIDTH, index / COLUMNS * PANEL_HEIGHT);
                panel.draw(pen, corner, widest.unwrap_or(range))?;
            }
            Ok(())
        })
    }
}

impl Waterfall {
    /// Returns the range of the values, the interval and 0.
    fn range(&self) -> (f64, f64) {
        let ends = self.interval.map(|(_, low, high)| [low, high]).into_iter().flatten();
        extent(self.values.iter().copied().chain(ends).chain([0.0])).unwrap_or((0.0, 1.0))
    }

    fn draw(&self, pen: &mut Pen<'_>, (left, top): (i32, i32), (low, high): (f64, f64)) -> Drawn {
        let title = fit_text(&self.title, TEXT + 3, PANEL_WIDTH - 48);
        pen.text(&title, (left + 24, top + 34), Align::Left, TEXT + 3, Ink::TEXT)?;
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        if sorted.is_empty() {
            let at = (left + PANEL_WIDTH / 2, top + PANEL_HEIGHT / 2);
            return pen.text("no values", at, Align::Center, TEXT, Ink::MUTED);
        }
        pen.text(&self.shares(), (left + 24, top + 72), Align::Left, SMALL_TEXT, Ink::MUTED)?;
        let frame = Frame {
            left: left + 24 + y_label_room(low, high),
            top: top + 150,
            right: left + PANEL_WIDTH - 40,
            bottom: top + PANEL_HEIGHT - 60,
        };
        let y = Scale::padded(low, high, 0.04, (frame.bottom, frame.top));
        if let Some((_, low, high)) = self.interval {
            pen.fill((frame.left, y.at(low)), (frame.right, y.at(high)), Ink::BAND)?;
        }
        frame.draw_y(pen, &y, &self.label)?;
        let shown = thin_out(&sorted);
        let x = frame.x(0.0, shown.len() as f64);
        let (above, below) =
            if self.above_is_good { (Ink::BLUE, Ink::VERMILION) } else { (Ink::VERMILION, Ink::BLUE) };
        fill_steps(pen, &x, &y, &shown, |value| value < 0.0, below)?;
        fill_steps(pen, &x, &y, &shown, |value| value > 0.0, above)?;
        pen.line((frame.left, y.at(0.0)), (frame.right, y.at(0.0)), Ink::TEXT, 2)?;
        if let Some((mean, ..)) = self.interval {
            pen.line((frame.left, y.at(mean)), (frame.right, y.at(mean)), Ink::GREEN, 4)?;
        }
        let label = format!("items by their difference (n = {})", number(sorted.len() as f64, 0));
        frame.draw_x_label(pen, &label, frame.bottom + 30)
    }

    /// Formats the shares: "72 % better, 26 % worse, 2 % equal".
    fn shares(&self) -> String {
        let n = self.values.len().max(1) as f64;
        let share = |is_counted: fn(f64) -> bool| {
            let count = self.values.iter().filter(|value| is_counted(**value)).count();
            format!("{}\u{202f}%", number(100.0 * count as f64 / n, 0))
        };
        let [above, below, equal] = &self.words;
        format!(
            "{} {below}, {} {above}, {} {equal}",
            share(|value| value < 0.0),
            share(|value| value > 0.0),
            share(|value| value == 0.0)
        )
    }
}

/// Returns the values, or an evenly spaced sample of them small enough to draw.
fn thin_out(sorted: &[f64]) -> Vec<f64> {
    if sorted.len() <= MOST_STEPS {
        return sorted.to_vec();
    }
    // Both ends are kept, so that the largest differences are visible.
    let index = |step: usize| (step * (sorted.len() - 1) + (MOST_STEPS - 1) / 2) / (MOST_STEPS - 1);
    (0..MOST_STEPS).map(|step| sorted[index(step)]).collect()
}

/// Fills the area between zero and the selected values, one step wide each and side by side.
fn fill_steps(
    pen: &mut Pen<'_>,
    x: &Scale,
    y: &Scale,
    sorted: &[f64],
    belongs: fn(f64) -> bool,
    ink: Ink,
) -> Drawn {
    let mut corners = Vec::new();
    let steps = || sorted.iter().enumerate().filter(|(_, value)| belongs(**value));
    for (index, value) in steps() {
        let height = y.at(*value);
        corners.extend([(x.at(index as f64), height), (x.at(index as f64 + 1.0), height)]);
    }
    let (Some((first, _)), Some((last, _))) = (steps().next(), steps().next_back()) else { return Ok(()) };
    corners.extend([(x.at(last as f64 + 1.0), y.at(0.0)), (x.at(first as f64), y.at(0.0))]);
    pen.area(corners, ink)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(values: Vec<f64>, interval: Option<(f64, f64, f64)>) -> Waterfalls {
        let panel = Waterfall {
            title: "mcd".into(),
            label: "difference (dB)".into(),
            words: ["worse", "better", "equal"].map(str::to_owned),
            above_is_good: false,
            values,
            interval,
        };
        Waterfalls { title: "differences".into(), panels: vec![panel], one_scale: false }
    }

    #[test]
    fn counts_every_item_and_fills_both_signs() {
        let svg = figure(vec![-1.0, -2.0, 0.0, 3.0], Some((0.0, -1.0, 1.0))).to_svg().unwrap();
        assert!(svg.contains("50\u{202f}% better, 25\u{202f}% worse, 25\u{202f}% equal"), "{svg}");
        assert_eq!(svg.matches("<polygon").count(), 2);
    }

    #[test]
    fn keeps_both_ends_when_sampling_many_items() {
        let values: Vec<f64> = (0..13_100).map(|index| f64::from(index) / 100.0 - 5.0).collect();
        let shown = thin_out(&values);
        assert_eq!((shown.len(), shown[0], shown[399]), (400, -5.0, values[13_099]));
        assert!(shown.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(figure(values, None).to_svg().unwrap().len() < 20_000);
    }

    #[test]
    fn draws_panels_to_one_scale_on_request() {
        let mut both = figure(vec![-1.0, 1.0], None);
        both.panels.push(figure(vec![-8.0, 8.0], None).panels.remove(0));
        assert_eq!(both.to_svg().unwrap().matches(">5</text>").count(), 1);
        both.one_scale = true;
        assert_eq!(both.to_svg().unwrap().matches(">5</text>").count(), 2);
    }

    #[test]
    fn draws_nothing_and_rejects_invalid_values() {
        assert!(figure(Vec::new(), None).to_svg().unwrap().contains("no values"));
        assert!(matches!(figure(vec![f64::NAN], None).to_svg(), Err(Error::NotFinite { index: 0, .. })));
        let wrong = figure(vec![1.0], Some((3.0, 0.0, 2.0)));
        assert!(matches!(wrong.to_svg(), Err(Error::BadInterval { .. })));
    }
}
