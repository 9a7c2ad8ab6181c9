//! Line charts, such as losses over training steps.

use super::axis::{Frame, Scale, extent, y_label_room};
use super::legend::draw_legend;
use super::pen::{Ink, WIDE, check_finite, draw, draw_nothing};
use crate::error::Error;

const HEIGHT: i32 = 640;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name for the legend.
    pub label: String,
    /// Horizontal and vertical value of each point, in drawing order; all finite.
    pub points: Vec<(f64, f64)>,
}

/// A line chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Label of the horizontal axis, with its unit.
    pub x_label: String,
    /// Label of the vertical axis, with its unit.
    pub y_label: String,
    /// Lines, drawn in one color each.
    pub lines: Vec<Line>,
}

impl Lines {
    /// Draws the lines; a line of a single point is a dot. Without points the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a value that is NaN or infinite.
    pub fn to_svg(&self) -> Result<String, Error> {
        for line in &self.lines {
            for (index, (x, y)) in line.points.iter().enumerate() {
                check_finite(&line.label, &[*x, *y])
                    .map_err(|_| Error::NotFinite { what: line.label.clone(), index })?;
            }
        }
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let (Some(across), Some(up)) =
            (extent(points().map(|point| point.0)), extent(points().map(|point| point.1)))
        else {
            return draw_nothing(&self.title, WIDE, 160);
        };
        let labels: Vec<&str> = self.lines.iter().map(|line| line.label.as_str()).collect();
        draw(&self.title, WIDE, HEIGHT, |pen| {
            let legend = draw_legend(pen, &labels, 20, WIDE)?;
            let frame = Frame {
                left: 24 + y_label_room(up.0, up.1),
                top: 84 + legend,
                right: WIDE - 40,
                bottom: HEIGHT - 92,
            };
            let x = frame.x(across.0, across.1);
            let y = Scale::padded(up.0, up.1, 0.04, (frame.bottom, frame.top));
            frame.draw_y(pen, &y, &self.y_label)?;
            frame.draw_x(pen, &x, &self.x_label)?;
            for (index, line) in self.lines.iter().enumerate() {
                let path: Vec<_> = line.points.iter().map(|point| (x.at(point.0), y.at(point.1))).collect();
                if let [only] = path[..] {
                    pen.dot(only, 7, Ink::series(index), 1.0)?;
                } else if !path.is_empty() {
                    pen.path(path, Ink::series(index), 3)?;
                }
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_every_line_and_rejects_nonfinite_values() {
        let mut figure = Lines {
            title: "losses".into(),
            x_label: "training step".into(),
            y_label: "loss".into(),
            lines: vec![
                Line { label: "mel".into(), points: vec![(0.0, 3.0), (10.0, 2.0), (20.0, 1.5)] },
                Line { label: "validation".into(), points: vec![(20.0, 1.6)] },
                Line { label: "never logged".into(), points: Vec::new() },
            ],
        };
        let svg = figure.to_svg().unwrap();
        assert_eq!((svg.matches("<polyline").count(), svg.matches("<circle").count()), (1, 1));
        figure.lines[1].points.push((30.0, f64::INFINITY));
        assert!(matches!(figure.to_svg(), Err(Error::NotFinite { index: 1, .. })));
        figure.lines.clear();
        assert!(figure.to_svg().unwrap().contains("no values"));
    }
}
