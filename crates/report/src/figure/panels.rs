//! Several measures side by side, each with its own axis: systems in rows, or training steps from left to right.

use std::collections::BTreeSet;

use super::axis::{Frame, Scale, extent, y_label_room};
use super::interval::check_interval;
use super::legend::{draw_legend, legend_height};
use super::pen::{Align, Drawn, Ink, Pen, SMALL_TEXT, TEXT, WIDE, draw, draw_nothing, fit_text, text_width};
use crate::error::Error;

/// Number of panels per row.
const COLUMNS: i32 = 2;
const PANEL_WIDTH: i32 = WIDE / COLUMNS;
/// Height of a panel over training steps, in units.
const STEP_PANEL_HEIGHT: i32 = 460;
/// Height of the row of one system, in units.
const ROW: i32 = 52;
/// Height of a panel's title and of its axis, in units.
const PANEL_EDGES: i32 = 70 + 110;
/// Room for the names of the systems, in units; longer names are truncated.
const MOST_NAME_ROOM: i32 = 330;
/// Maximum number of runs with distinct colors.
const MOST_RUNS: usize = 6;
/// Maximum number of systems without a step that can be told apart as lines across the panel.
const MOST_LINES: usize = 3;

/// One system in one panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelPoint {
    /// Name of the system.
    pub label: String,
    /// Training step, if known.
    pub step: Option<u64>,
    /// Run of the checkpoint; only points of one run are joined.
    pub run: String,
    /// Estimate; finite.
    pub estimate: f64,
    /// Ends of the interval, if there is one.
    pub interval: Option<(f64, f64)>,
}

/// A panel for one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Name of the measure.
    pub title: String,
    /// Label of the axis, with the unit.
    pub label: String,
    /// Points in the order of the rows.
    pub points: Vec<PanelPoint>,
}

/// Panels of several measures of the same systems.
#[derive(Debug, Clone, PartialEq)]
pub struct Panels {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Panels in reading order.
    pub panels: Vec<Panel>,
    /// `true` if 0 is meaningful and marked in every panel.
    pub zero_line: bool,
}

impl Panels {
    /// Draws the panels.
    ///
    /// The horizontal axis is the training step if there is a panel with at least three steps, no panel in which two
    /// points of a run have the same step, at most six runs, and at most three points without a step: the points of
    /// each run are joined, and those without a step are lines across. Otherwise every system has a row. Points without
    /// an interval are plain dots. Without panels, or in an empty panel, the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a value that is NaN or infinite, and [`Error::BadInterval`] for an interval
    /// that does not contain its estimate.
    pub fn to_svg(&self) -> Result<String, Error> {
        for panel in &self.panels {
            for (index, point) in panel.points.iter().enumerate() {
                let (low, high) = point.interval.unwrap_or((point.estimate, point.estimate));
                check_interval(&panel.title, index, (point.estimate, low, high))?;
            }
        }
        if self.panels.is_empty() {
            return draw_nothing(&self.title, WIDE, 160);
        }
        let over_steps = self.has_steps();
        let most_rows = self.panels.iter().map(|panel| panel.points.len()).max().unwrap_or(0).max(1) as i32;
        let panel_height = if over_steps { STEP_PANEL_HEIGHT } else { PANEL_EDGES + most_rows * ROW };
        let n_rows = (self.panels.len() as i32 + COLUMNS - 1) / COLUMNS;
        let width = if self.panels.len() == 1 { PANEL_WIDTH } else { WIDE };
        let runs = self.runs();
        let in_legend: Vec<&str> = if over_steps && runs.len() > 1 {
            runs.iter().map(|run| run_label(run)).collect()
        } else {
            Vec::new()
        };
        let top = if in_legend.is_empty() { 0 } else { legend_height(&in_legend, width) + 24 };
        draw(&self.title, width, top + n_rows * panel_height, |pen| {
            draw_legend(pen, &in_legend, 10, width)?;
            for (index, panel) in self.panels.iter().enumerate() {
                let (column, row) = (index as i32 % COLUMNS, index as i32 / COLUMNS);
                let corner = (column * PANEL_WIDTH, top + row * panel_height);
                let title = fit_text(&panel.title, TEXT + 3, PANEL_WIDTH - 48);
                pen.text(&title, (corner.0 + 24, corner.1 + 34), Align::Left, TEXT + 3, Ink::TEXT)?;
                if panel.points.is_empty() {
                    let at = (corner.0 + PANEL_WIDTH / 2, corner.1 + panel_height / 2);
                    pen.text("no values", at, Align::Center, TEXT, Ink::MUTED)?;
                } else if over_steps {
                    self.draw_over_steps(pen, panel, corner, &runs)?;
                } else {
                    self.draw_in_rows(pen, panel, corner)?;
                }
            }
            Ok(())
        })
    }

    /// Returns `true` if all panels can have an axis of training steps.
    fn has_steps(&self) -> bool {
        let panels = || self.panels.iter().filter(|panel| !panel.points.is_empty());
        let fits = |panel: &Panel| {
            let steps: Vec<(&str, u64)> =
                panel.points.iter().filter_map(|point| Some((point.run.as_str(), point.step?))).collect();
            let n_different = steps.iter().collect::<BTreeSet<_>>().len();
            n_different == steps.len() && panel.points.len() - steps.len() <= MOST_LINES
        };
        let n_steps =
            |panel: &Panel| panel.points.iter().filter_map(|point| point.step).collect::<BTreeSet<_>>().len();
        panels().all(fits) && panels().any(|panel| n_steps(panel) >= 3) && self.runs().len() <= MOST_RUNS
    }

    /// Returns the runs of all points with a step, in the order in which they first occur.
    fn runs(&self) -> Vec<&str> {
        let mut runs: Vec<&str> = Vec::new();
        for point in self.panels.iter().flat_map(|panel| &panel.points).filter(|point| point.step.is_some()) {
            if !runs.contains(&point.run.as_str()) {
                runs.push(&point.run);
            }
        }
        runs
    }

    /// Returns the range of the values of a panel, including 0 if it is marked.
    fn extent(&self, panel: &Panel) -> (f64, f64) {
        let ends = panel.points.iter().flat_map(|point| {
            let (low, high) = point.interval.unwrap_or((point.estimate, point.estimate));
            [low, high]
        });
        extent(ends.chain(self.zero_line.then_some(0.0))).unwrap_or((0.0, 1.0))
    }

    fn draw_over_steps(
        &self,
        pen: &mut Pen<'_>,
        panel: &Panel,
        (left, top): (i32, i32),
        runs: &[&str],
    ) -> Drawn {
        let (low, high) = self.extent(panel);
        let frame = Frame {
            left: left + 24 + y_label_room(low, high),
            top: top + 120,
            right: left + PANEL_WIDTH - 40,
            bottom: top + STEP_PANEL_HEIGHT - 100,
        };
        let steps = extent(panel.points.iter().filter_map(|point| point.step).map(|step| step as f64));
        let (first, last) = steps.unwrap_or((0.0, 1.0));
        let x = Scale::padded(first, last, 0.03, (frame.left, frame.right));
        let y = Scale::padded(low, high, 0.08, (frame.bottom, frame.top));
        frame.draw_y(pen, &y, &panel.label)?;
        frame.draw_x(pen, &x, "training step")?;
        if self.zero_line {
            pen.line((frame.left, y.at(0.0)), (frame.right, y.at(0.0)), Ink::TEXT, 2)?;
        }
        for (index, point) in panel.points.iter().filter(|point| point.step.is_none()).enumerate() {
            let height = y.at(point.estimate);
            pen.line((frame.left, height), (frame.right, height), Ink::MUTED, 2)?;
            // From the left, where falling curves are far above; at different places, so that the names of nearby lines
            // stay readable.
            let third = (frame.right - frame.left) / MOST_LINES as i32;
            let label = fit_text(&point.label, SMALL_TEXT, third - 12);
            let at = (frame.left + 8 + index as i32 * third, height - SMALL_TEXT / 2 - 4);
            pen.text(&label, at, Align::Left, SMALL_TEXT, Ink::MUTED)?;
        }
        for (index, run) in runs.iter().enumerate() {
            let of_run = |point: &&PanelPoint| point.step.is_some() && point.run == *run;
            let mut points: Vec<&PanelPoint> = panel.points.iter().filter(of_run).collect();
            points.sort_by_key(|point| point.step);
            let place =
                |point: &PanelPoint| (x.at(point.step.unwrap_or_default() as f64), y.at(point.estimate));
            let ink = Ink::series(index);
            if points.len() > 1 {
                pen.path(points.iter().map(|point| place(point)).collect(), ink, 2)?;
            }
            for point in points {
                let at = place(point);
                if let Some((low, high)) = point.interval {
                    pen.line((at.0, y.at(low)), (at.0, y.at(high)), ink, 3)?;
                }
                pen.dot(at, 8, ink, 1.0)?;
            }
        }
        Ok(())
    }

    fn draw_in_rows(&self, pen: &mut Pen<'_>, panel: &Panel, (left, top): (i32, i32)) -> Drawn {
        let (low, high) = self.extent(panel);
        let widest = panel.points.iter().map(|point| text_width(&point.label, SMALL_TEXT)).max().unwrap_or(0);
        let name_room = widest.min(MOST_NAME_ROOM);
        let frame = Frame {
            left: left + 24 + name_room + 28,
            top: top + 70,
            right: left + PANEL_WIDTH - 40,
            bottom: top + 70 + panel.points.len() as i32 * ROW,
        };
        let x = Scale::padded(low, high, 0.08, (frame.left, frame.right));
        frame.draw_x(pen, &x, &panel.label)?;
        if self.zero_line {
            pen.line((x.at(0.0), frame.top), (x.at(0.0), frame.bottom), Ink::TEXT, 2)?;
        }
        for (index, point) in panel.points.iter().enumerate() {
            let y = frame.top + index as i32 * ROW + ROW / 2;
            let label = fit_text(&point.label, SMALL_TEXT, name_room);
            pen.text(&label, (frame.left - 20, y), Align::Right, SMALL_TEXT, Ink::TEXT)?;
            if let Some((low, high)) = point.interval {
                pen.line((x.at(low), y), (x.at(high), y), Ink::BLUE, 3)?;
                for end in [low, high] {
                    pen.line((x.at(end), y - 8), (x.at(end), y + 8), Ink::BLUE, 3)?;
                }
            }
            pen.dot((x.at(point.estimate), y), 8, Ink::BLUE, 1.0)?;
        }
        Ok(())
    }
}

/// Returns the name of a run without the separator of its number, such as the hyphen of `voice-`.
fn run_label(run: &str) -> &str {
    match run.trim_matches(|character: char| !character.is_alphanumeric()) {
        "" => "run",
        label => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panels(steps: &[Option<u64>]) -> Panels {
        let point = |(index, &step): (usize, &Option<u64>)| PanelPoint {
            label: format!("system {index}"),
            step,
            run: "voice".into(),
            estimate: index as f64,
            interval: Some((index as f64 - 0.5, index as f64 + 0.5)),
        };
        let points = steps.iter().enumerate().map(point).collect();
        let panel = Panel { title: "mcd".into(), label: "mcd (dB)".into(), points };
        Panels { title: "scores".into(), panels: vec![panel.clone(), panel], zero_line: false }
    }

    #[test]
    fn uses_a_step_axis_when_no_run_repeats_a_step() {
        let over_steps = |steps: &[Option<u64>]| panels(steps).to_svg().unwrap().contains("training step");
        assert!(over_steps(&[Some(100), Some(200), Some(300)]));
        assert!(!over_steps(&[Some(100), Some(200)]));
        assert!(!over_steps(&[Some(100), Some(100), Some(300), Some(400)]));
        assert!(over_steps(&[Some(100), None, Some(300), Some(400)]));
        assert!(!over_steps(&[Some(100), Some(300), Some(400), None, None, None, None]));
    }

    #[test]
    fn draws_a_line_per_run_and_a_legend() {
        let mut two = panels(&[Some(100), Some(200), Some(300), Some(100), Some(200)]);
        for panel in &mut two.panels {
            panel.points[3].run = "other-".into();
            panel.points[4].run = "other-".into();
        }
        let svg = two.to_svg().unwrap();
        assert!(svg.contains("training step") && svg.contains(">other</text>"), "{svg}");
        assert_eq!(svg.matches("<polyline").count(), 4);
    }

    #[test]
    fn includes_zero_in_the_panel_when_marked() {
        let mut figure = panels(&[None, None]);
        for point in figure.panels.iter_mut().flat_map(|panel| &mut panel.points) {
            (point.estimate, point.interval) = (5.0, Some((4.9, 5.1)));
        }
        assert!(!figure.to_svg().unwrap().contains(">0</text>"));
        figure.zero_line = true;
        assert!(figure.to_svg().unwrap().contains(">0</text>"));
    }

    #[test]
    fn labels_empty_panels_and_rejects_wrong_intervals() {
        assert_eq!(panels(&[]).to_svg().unwrap().matches("no values").count(), 2);
        let mut wrong = panels(&[None]);
        wrong.panels[1].points[0].interval = Some((1.0, 2.0));
        assert!(matches!(wrong.to_svg(), Err(Error::BadInterval { index: 0, .. })));
    }
}
