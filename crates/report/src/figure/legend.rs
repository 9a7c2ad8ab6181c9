//! The names of the series, above a plot.

use super::pen::{Align, Drawn, Ink, Pen, SMALL_TEXT, fit_text, text_width};

/// Height of one row of names, in units.
const ROW: i32 = 36;
/// Length of a colour sample, in units.
const SAMPLE: i32 = 30;

/// Draws the names with their colours from `top` on, in as many rows as they need; returns the height used.
pub(crate) fn draw_legend(
    pen: &mut Pen<'_>,
    labels: &[&str],
    top: i32,
    width: i32,
) -> Result<i32, Box<dyn std::error::Error + Send + Sync>> {
    let (left, right) = (36, width - 36);
    let (mut x, mut row) = (left, 0);
    for (index, label) in labels.iter().enumerate() {
        let label = fit_text(label, SMALL_TEXT, right - left - SAMPLE - 12);
        let needed = SAMPLE + 12 + text_width(&label, SMALL_TEXT) + 24;
        if x > left && x + needed > right {
            (x, row) = (left, row + 1);
        }
        let y = top + row * ROW + ROW / 2;
        sample(pen, (x, y), Ink::series(index))?;
        pen.text(&label, (x + SAMPLE + 12, y), Align::Left, SMALL_TEXT, Ink::TEXT)?;
        x += needed;
    }
    Ok(if labels.is_empty() { 0 } else { (row + 1) * ROW })
}

fn sample(pen: &mut Pen<'_>, (x, y): (i32, i32), ink: Ink) -> Drawn {
    pen.fill((x, y - 4), (x + SAMPLE, y + 4), ink)
}
