//! Several measures side by side, each with its own axis: systems in rows, or training steps from left to right.

use super::axis::{Frame, Scale, extent, y_label_room};
use super::interval::check_interval;
use super::pen::{Align, Ink, Pen, SMALL_TEXT, TEXT, WIDE, draw, draw_nothing, fit_text, text_width};
use crate::error::Error;

/// Panels beside each other.
const COLUMNS: i32 = 2;
const PANEL_WIDTH: i32 = WIDE / COLUMNS;
/// Height of a panel over training steps, in units.
const STEP_PANEL_HEIGHT: i32 = 460;
/// Height of the row of one system, in units.
const ROW: i32 = 52;
/// Height of a panel's title and of its axis, in units.
const PANEL_EDGES: i32 = 70 + 110;
/// Room for the names of the systems, in units; longer names are cut.
const MOST_NAME_ROOM: i32 = 330;

/// One system in one panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelPoint {
    /// The system.
    pub label: String,
    /// Its training step, where it is known.
    pub step: Option<u64>,
    /// The estimate; finite.
    pub estimate: f64,
    /// The ends of the interval, where there is one.
    pub interval: Option<(f64, f64)>,
}

/// One measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Its name.
    pub title: String,
    /// What the axis shows, with the unit.
    pub label: String,
    /// In the order of the rows.
    pub points: Vec<PanelPoint>,
}

/// Several measures of the same systems.
#[derive(Debug, Clone, PartialEq)]
pub struct Panels {
    /// What is shown, for readers who cannot see the figure.
    pub title: String,
    /// In reading order.
    pub panels: Vec<Panel>,
}

impl Panels {
    /// Draws the panels.
    ///
    /// When every point has a training step, no two of a panel the same, and there are at least three, the steps are
    /// the horizontal axis and the points are joined; otherwise every system has a row. Points without an interval are
    /// dots alone. Without panels, or in an empty panel, the figure says so.
    ///
    /// # Errors
    ///
    /// [`Error::NotFinite`] for a value that is not a number, [`Error::BadInterval`] for an interval that does not
    /// hold its estimate.
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
        let over_steps = self.panels.iter().all(has_steps);
        let most_rows = self.panels.iter().map(|panel| panel.points.len()).max().unwrap_or(0).max(1) as i32;
        let panel_height = if over_steps { STEP_PANEL_HEIGHT } else { PANEL_EDGES + most_rows * ROW };
        let n_rows = (self.panels.len() as i32 + COLUMNS - 1) / COLUMNS;
        let width = if self.panels.len() == 1 { PANEL_WIDTH } else { WIDE };
        draw(&self.title, width, n_rows * panel_height, |pen| {
            for (index, panel) in self.panels.iter().enumerate() {
                let corner = (index as i32 % COLUMNS * PANEL_WIDTH, index as i32 / COLUMNS * panel_height);
                pen.text(&panel.title, (corner.0 + 24, corner.1 + 34), Align::Left, TEXT + 3, Ink::TEXT)?;
                if panel.points.is_empty() {
                    let at = (corner.0 + PANEL_WIDTH / 2, corner.1 + panel_height / 2);
                    pen.text("no values", at, Align::Center, TEXT, Ink::MUTED)?;
                } else if over_steps {
                    draw_over_steps(pen, panel, corner)?;
                } else {
                    draw_in_rows(pen, panel, corner)?;
                }
            }
            Ok(())
        })
    }
}

/// Whether the points of a panel can stand along an axis of training steps.
fn has_steps(panel: &Panel) -> bool {
    let mut steps: Vec<u64> = panel.points.iter().filter_map(|point| point.step).collect();
    let n_points = panel.points.len();
    steps.sort_unstable();
    steps.dedup();
    steps.len() == n_points && n_points >= 3
}

fn value_extent(panel: &Panel) -> (f64, f64) {
    let ends = panel.points.iter().flat_map(|point| {
        let (low, high) = point.interval.unwrap_or((point.estimate, point.estimate));
        [low, high]
    });
    extent(ends).unwrap_or((0.0, 1.0))
}

fn draw_over_steps(
    pen: &mut Pen<'_>,
    panel: &Panel,
    (left, top): (i32, i32),
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (low, high) = value_extent(panel);
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
    let mut points: Vec<&PanelPoint> = panel.points.iter().collect();
    points.sort_by_key(|point| point.step);
    let place = |point: &PanelPoint| (x.at(point.step.unwrap_or_default() as f64), y.at(point.estimate));
    pen.path(points.iter().map(|point| place(point)).collect(), Ink::BLUE, 2)?;
    for point in points {
        let at = place(point);
        if let Some((low, high)) = point.interval {
            pen.line((at.0, y.at(low)), (at.0, y.at(high)), Ink::BLUE, 3)?;
        }
        pen.dot(at, 8, Ink::BLUE, 1.0)?;
    }
    Ok(())
}

fn draw_in_rows(
    pen: &mut Pen<'_>,
    panel: &Panel,
    (left, top): (i32, i32),
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (low, high) = value_extent(panel);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn panels(steps: &[Option<u64>]) -> Panels {
        let point = |(index, &step): (usize, &Option<u64>)| PanelPoint {
            label: format!("system {index}"),
            step,
            estimate: index as f64,
            interval: Some((index as f64 - 0.5, index as f64 + 0.5)),
        };
        let points = steps.iter().enumerate().map(point).collect();
        let panel = Panel { title: "mcd".into(), label: "mcd (dB)".into(), points };
        Panels { title: "scores".into(), panels: vec![panel.clone(), panel] }
    }

    #[test]
    fn steps_are_an_axis_only_when_all_have_one_and_all_differ() {
        let over_steps = |steps: &[Option<u64>]| panels(steps).to_svg().unwrap().contains("training step");
        assert!(over_steps(&[Some(100), Some(200), Some(300)]));
        assert!(!over_steps(&[Some(100), Some(200)]));
        assert!(!over_steps(&[Some(100), None, Some(300)]));
        assert!(!over_steps(&[Some(100), Some(100), Some(300)]));
    }

    #[test]
    fn empty_panels_say_so_and_wrong_intervals_are_refused() {
        assert_eq!(panels(&[]).to_svg().unwrap().matches("no values").count(), 2);
        let mut wrong = panels(&[None]);
        wrong.panels[1].points[0].interval = Some((1.0, 2.0));
        assert!(matches!(wrong.to_svg(), Err(Error::BadInterval { index: 0, .. })));
    }
}
