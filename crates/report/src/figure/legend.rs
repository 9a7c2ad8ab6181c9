//! Legend with the names of the series, above a plot.

use super::pen::{Align, Drawn, Ink, Pen, SMALL_TEXT, fit_text, text_width};

/// Height of one row of names, in units.
const ROW: i32 = 36;
/// Length of a color sample, in units.
const SAMPLE: i32 = 30;
/// Margin at both sides, in units.
const EDGE: i32 = 36;

/// Returns the height of a legend in units; 0 without names.
pub(crate) fn legend_height(labels: &[&str], width: i32) -> i32 {
    place(labels, width).last().map_or(0, |(_, _, row)| (row + 1) * ROW)
}

/// Draws the names with their colors from `top` on, in as many rows as they need; returns the height used.
pub(crate) fn draw_legend(
    pen: &mut Pen<'_>,
    labels: &[&str],
    top: i32,
    width: i32,
) -> Result<i32, Box<dyn std::error::Error + Send + Sync>> {
    for (index, (label, x, row)) in place(labels, width).into_iter().enumerate() {
        let y = top + row * ROW + ROW / 2;
        sample(pen, (x, y), Ink::series(index))?;
        pen.text(&label, (x + SAMPLE + 12, y), Align::Left, SMALL_TEXT, Ink::TEXT)?;
    }
    Ok(legend_height(labels, width))
}

/// Lays out the names as displayed, with their left ends and rows.
fn place(labels: &[&str], width: i32) -> Vec<(String, i32, i32)> {
    let (mut x, mut row) = (EDGE, 0);
    let mut placed = Vec::new();
    for label in labels {
        let label = fit_text(label, SMALL_TEXT, width - 2 * EDGE - SAMPLE - 12);
        let needed = SAMPLE + 12 + text_width(&label, SMALL_TEXT) + 24;
        if x > EDGE && x + needed > width - EDGE {
            (x, row) = (EDGE, row + 1);
        }
        placed.push((label, x, row));
        x += needed;
    }
    placed
}

fn sample(pen: &mut Pen<'_>, (x, y): (i32, i32), ink: Ink) -> Drawn {
    pen.fill((x, y - 4), (x + SAMPLE, y + 4), ink)
}
