//! Scatter plots.

use super::axis::{Frame, Scale, extent, y_label_room};
use super::legend::draw_legend;
use super::pen::{Ink, NARROW, check_finite, draw, draw_nothing};
use crate::error::Error;

const WIDTH: i32 = NARROW;
const HEIGHT: i32 = 700;
/// Share of the range left free around the points.
const MARGIN: f64 = 0.04;

/// A group of points.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterSeries {
    /// Name for the legend.
    pub label: String,
    /// Horizontal and vertical value of each point; all finite.
    pub points: Vec<(f64, f64)>,
}

/// A scatter plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Label of the horizontal axis, with its unit.
    pub x_label: String,
    /// Label of the vertical axis, with its unit.
    pub y_label: String,
    /// Groups, drawn in one color each.
    pub series: Vec<ScatterSeries>,
    /// `true` if both axes have the same range and a line marks equal values.
    pub diagonal: bool,
}

impl Scatter {
    /// Draws the points, half transparent, in the given order. Without points the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a value that is NaN or infinite.
    pub fn to_svg(&self) -> Result<String, Error> {
        for series in &self.series {
            for (index, (x, y)) in series.points.iter().enumerate() {
                check_finite(&series.label, &[*x, *y])
                    .map_err(|_| Error::NotFinite { what: series.label.clone(), index })?;
            }
        }
        let points = || self.series.iter().flat_map(|series| &series.points);
        let (Some(mut across), Some(mut up)) =
            (extent(points().map(|point| point.0)), extent(points().map(|point| point.1)))
        else {
            return draw_nothing(&self.title, WIDTH, 160);
        };
        if self.diagonal {
            across = (across.0.min(up.0), across.1.max(up.1));
            up = across;
        }
        let labels: Vec<&str> = self.series.iter().map(|series| series.label.as_str()).collect();
        draw(&self.title, WIDTH, HEIGHT, |pen| {
            let legend = if labels.len() > 1 { draw_legend(pen, &labels, 20, WIDTH)? } else { 0 };
            let frame = Frame {
                left: 24 + y_label_room(up.0, up.1),
                top: 80 + legend,
                right: WIDTH - 36,
                bottom: HEIGHT - 92,
            };
            let x = Scale::padded(across.0, across.1, MARGIN, (frame.left, frame.right));
            let y = Scale::padded(up.0, up.1, MARGIN, (frame.bottom, frame.top));
            frame.draw_y(pen, &y, &self.y_label)?;
            frame.draw_x(pen, &x, &self.x_label)?;
            if self.diagonal {
                pen.line((x.at(across.0), y.at(up.0)), (x.at(across.1), y.at(up.1)), Ink::MUTED, 2)?;
            }
            for (index, series) in self.series.iter().enumerate() {
                for point in &series.points {
                    pen.dot((x.at(point.0), y.at(point.1)), 6, Ink::series(index), 0.6)?;
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
    fn draws_every_point_and_rejects_nonfinite_ones() {
        let mut figure = Scatter {
            title: "durations".into(),
            x_label: "recording (s)".into(),
            y_label: "system (s)".into(),
            series: vec![ScatterSeries { label: "a".into(), points: vec![(1.0, 2.0), (3.0, 3.0)] }],
            diagonal: true,
        };
        assert_eq!(figure.to_svg().unwrap().matches("<circle").count(), 2);
        figure.series[0].points.push((0.0, f64::NAN));
        assert!(matches!(figure.to_svg(), Err(Error::NotFinite { index: 2, .. })));
        figure.series.clear();
        assert!(figure.to_svg().unwrap().contains("no values"));
    }
}
