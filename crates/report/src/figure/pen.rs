//! Drawing primitives shared by all figures: plotters' SVG backend, a palette and text measured by rule.
//!
//! Lengths are in half pixels, so that plotters' integer coordinates are fine enough: a figure of 1920 units is
//! displayed 960 pixels wide. Colors are written as plain hexadecimal attributes, which every SVG program understands;
//! a style sheet inside the SVG maps each of them to its counterpart for dark pages, for programs that support style
//! sheets.

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle};

use crate::error::Error;

/// Width of a figure that fills the page, in units.
pub(crate) const WIDE: i32 = 1920;
/// Width of a figure that shares its row with another, in units.
pub(crate) const NARROW: i32 = 920;
/// Half pixels per pixel.
const UNITS_PER_PIXEL: u32 = 2;
/// Height of ordinary text, in units.
pub(crate) const TEXT: i32 = 25;
/// Height of secondary text, in units.
pub(crate) const SMALL_TEXT: i32 = 22;
/// Namespace attribute that a standalone SVG file needs.
const NAME_SPACE: &str = " xmlns=\"http://www.w3.org/2000/svg\"";
/// Factor by which plotters divides every font size before writing it.
const PLOTTERS_FONT_FACTOR: f64 = 1.24;
/// Font stack of whatever the reader's system has; no font is loaded.
const FONT: &str = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif";

/// A color of the palette, by purpose, with its values on light and dark pages.
///
/// The series colors are those of Okabe and Ito, which stay distinct under the common kinds of color blindness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ink {
    light: (u8, u8, u8),
    dark: (u8, u8, u8),
}

impl Ink {
    /// Text and axes.
    pub(crate) const TEXT: Ink = Ink { light: (0x1f, 0x23, 0x28), dark: (0xe4, 0xe7, 0xeb) };
    /// Secondary text.
    pub(crate) const MUTED: Ink = Ink { light: (0x59, 0x63, 0x6e), dark: (0x9d, 0xa7, 0xb3) };
    /// Grid lines.
    pub(crate) const GRID: Ink = Ink { light: (0xdd, 0xe2, 0xe8), dark: (0x34, 0x3b, 0x44) };
    /// Background of the page.
    pub(crate) const PAPER: Ink = Ink { light: (0xff, 0xff, 0xff), dark: (0x16, 0x1b, 0x22) };
    /// Lines over a picture, the same on light and dark pages.
    pub(crate) const OVERLAY: Ink = Ink { light: (0xfe, 0xfe, 0xfe), dark: (0xfe, 0xfe, 0xfe) };
    /// A highlighted region, such as an equivalence margin.
    pub(crate) const BAND: Ink = Ink { light: (0xe3, 0xee, 0xe6), dark: (0x1f, 0x36, 0x2a) };
    /// First series.
    pub(crate) const BLUE: Ink = Ink { light: (0x00, 0x72, 0xb2), dark: (0x4f, 0xa8, 0xe0) };
    /// Second series.
    pub(crate) const VERMILION: Ink = Ink { light: (0xd5, 0x5e, 0x00), dark: (0xff, 0x8d, 0x4d) };
    /// Third series.
    pub(crate) const GREEN: Ink = Ink { light: (0x00, 0x9e, 0x73), dark: (0x2f, 0xc2, 0x9a) };
    /// Fourth series.
    pub(crate) const PURPLE: Ink = Ink { light: (0xb0, 0x5b, 0x8c), dark: (0xe3, 0x9a, 0xc4) };
    /// Fifth series.
    pub(crate) const ORANGE: Ink = Ink { light: (0xc9, 0x86, 0x00), dark: (0xf0, 0xb4, 0x29) };
    /// Sixth series.
    pub(crate) const SKY: Ink = Ink { light: (0x3d, 0x9a, 0xd1), dark: (0x9a, 0xd6, 0xf7) };

    const ALL: [Ink; 11] = [
        Ink::TEXT,
        Ink::MUTED,
        Ink::GRID,
        Ink::PAPER,
        Ink::BAND,
        Ink::BLUE,
        Ink::VERMILION,
        Ink::GREEN,
        Ink::PURPLE,
        Ink::ORANGE,
        Ink::SKY,
    ];

    /// Returns the color of series `index`; after the sixth they repeat.
    pub(crate) fn series(index: usize) -> Ink {
        let series = [Ink::BLUE, Ink::VERMILION, Ink::GREEN, Ink::PURPLE, Ink::ORANGE, Ink::SKY];
        series[index % series.len()]
    }

    fn hex((r, g, b): (u8, u8, u8)) -> String {
        // Uppercase, as plotters writes it: the style sheet must match the attributes.
        format!("#{r:02X}{g:02X}{b:02X}")
    }

    fn stroke(self, width: u32) -> ShapeStyle {
        ShapeStyle::from(self.rgb()).stroke_width(width)
    }

    fn rgb(self) -> RGBColor {
        RGBColor(self.light.0, self.light.1, self.light.2)
    }
}

/// Horizontal alignment of text relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// The point is at the left end.
    Left,
    /// The point is in the middle.
    Center,
    /// The point is at the right end.
    Right,
}

/// Result of a drawing closure.
pub(crate) type Drawn = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// A pen that draws on one SVG.
pub(crate) struct Pen<'a> {
    backend: SVGBackend<'a>,
}

impl Pen<'_> {
    /// Draws a straight line.
    pub(crate) fn line(&mut self, from: (i32, i32), to: (i32, i32), ink: Ink, width: u32) -> Drawn {
        Ok(self.backend.draw_line(from, to, &ink.stroke(width))?)
    }

    /// Draws a filled rectangle between two corners; nothing if it has no area.
    pub(crate) fn fill(&mut self, corner: (i32, i32), other: (i32, i32), ink: Ink) -> Drawn {
        let upper_left = (corner.0.min(other.0), corner.1.min(other.1));
        let lower_right = (corner.0.max(other.0), corner.1.max(other.1));
        if upper_left.0 == lower_right.0 || upper_left.1 == lower_right.1 {
            return Ok(());
        }
        Ok(self.backend.draw_rect(upper_left, lower_right, &ink.stroke(1), true)?)
    }

    /// Draws a filled dot with the given opacity.
    pub(crate) fn dot(&mut self, center: (i32, i32), radius: u32, ink: Ink, alpha: f64) -> Drawn {
        Ok(self.backend.draw_circle(center, radius, &ShapeStyle::from(ink.rgb().mix(alpha)), true)?)
    }

    /// Draws a line through several points.
    pub(crate) fn path(&mut self, points: Vec<(i32, i32)>, ink: Ink, width: u32) -> Drawn {
        Ok(self.backend.draw_path(points, &ink.stroke(width))?)
    }

    /// Draws a filled polygon.
    pub(crate) fn area(&mut self, corners: Vec<(i32, i32)>, ink: Ink) -> Drawn {
        Ok(self.backend.fill_polygon(corners, &ink.rgb().to_rgba())?)
    }

    /// Draws a line of text, vertically centered at the point.
    pub(crate) fn text(&mut self, text: &str, at: (i32, i32), align: Align, size: i32, ink: Ink) -> Drawn {
        self.styled_text(text, at, align, (size, ink), FontTransform::None)
    }

    /// Draws text that runs upwards and ends at the point, horizontally centered on it.
    pub(crate) fn text_upwards(&mut self, text: &str, end: (i32, i32), size: i32, ink: Ink) -> Drawn {
        self.styled_text(text, end, Align::Right, (size, ink), FontTransform::Rotate270)
    }

    fn styled_text(
        &mut self,
        text: &str,
        at: (i32, i32),
        align: Align,
        (size, ink): (i32, Ink),
        transform: FontTransform,
    ) -> Drawn {
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Center => HPos::Center,
            Align::Right => HPos::Right,
        };
        let color = ink.rgb().to_rgba();
        let style =
            TextStyle::from((FONT, f64::from(size) * PLOTTERS_FONT_FACTOR).into_font().transform(transform))
                .color(&color)
                .pos(Pos::new(horizontal, VPos::Center));
        Ok(self.backend.draw_text(text, &style, at)?)
    }
}

/// Makes one SVG of `width` × `height` units, with `title` for readers who cannot see it.
pub(crate) fn draw<F>(title: &str, width: i32, height: i32, draw_on: F) -> Result<String, Error>
where
    F: FnOnce(&mut Pen<'_>) -> Drawn,
{
    let size = (width.max(1) as u32, height.max(1) as u32);
    let mut svg = String::new();
    let mut pen = Pen { backend: SVGBackend::with_string(&mut svg, size) };
    let drawn = pen
        .fill((0, 0), (size.0 as i32, size.1 as i32), Ink::PAPER)
        .and_then(|()| draw_on(&mut pen))
        .and_then(|()| Ok(pen.backend.present()?));
    drop(pen);
    drawn.map_err(|error| Error::Drawing { what: title.to_owned(), why: error.to_string() })?;
    Ok(finish(title, size, &svg))
}

/// Draws a figure that says there are no data.
pub(crate) fn draw_nothing(title: &str, width: i32, height: i32) -> Result<String, Error> {
    draw(title, width, height, |pen| {
        pen.text("no values", (width / 2, height / 2), Align::Center, TEXT, Ink::MUTED)
    })
}

/// Rejects values that are NaN or infinite.
pub(crate) fn check_finite(what: &str, values: &[f64]) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NotFinite { what: what.to_owned(), index }),
        None => Ok(()),
    }
}

/// Removes the parts that an inline SVG gets from its page: the namespace, and the palette for dark pages.
pub(crate) fn inline(svg: &str) -> String {
    svg.replacen(&format!("<style>{}</style>\n", dark_style()), "", 1).replacen(NAME_SPACE, "", 1)
}

/// Returns `true` for a figure wider than one that shares its row with another; the style of pages scales the others down to
/// the width of a phone.
pub(crate) fn is_wide(svg: &str) -> bool {
    !svg.contains(&format!(" width=\"{}\" height=", NARROW / UNITS_PER_PIXEL as i32))
}

/// Returns the palette for dark pages, which a page with inline figures includes once.
pub(crate) fn dark_style() -> String {
    let mut rules = String::new();
    for ink in Ink::ALL {
        let (light, dark) = (Ink::hex(ink.light), Ink::hex(ink.dark));
        for attribute in ["fill", "stroke"] {
            rules +=
                &[".mynah-figure [", attribute, "=\"", &light, "\"]{", attribute, ":", &dark, "}"].concat();
        }
    }
    format!("@media screen and (prefers-color-scheme:dark){{{rules}}}")
}

/// Estimates the width of `text`, generously, in the usual sans-serif fonts.
///
/// No font is read. The estimate is a rule: widths in ems by class of character, those of the wider fonts that [`FONT`]
/// may resolve to.
pub(crate) fn text_width(text: &str, size: i32) -> i32 {
    let ems: f64 = text
        .chars()
        .map(|character| match character {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.33,
            'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' => 0.4,
            'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.92,
            'A'..='Z' => 0.7,
            'a'..='z' | '0'..='9' => 0.58,
            '\u{1100}'.. => 1.0,
            _ => 0.62,
        })
        .sum();
    (ems * f64::from(size)).ceil() as i32
}

/// Truncates `text` with an ellipsis if it is wider than `width`.
pub(crate) fn fit_text(text: &str, size: i32, width: i32) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while !kept.is_empty() {
        kept.pop();
        let shorter = kept.iter().collect::<String>().trim_end().to_owned() + "…";
        if text_width(&shorter, size) <= width {
            return shorter;
        }
    }
    String::new()
}

/// Replaces plotters' root tag by one with a size in pixels, a title and the palette for dark pages.
fn finish(title: &str, (width, height): (u32, u32), svg: &str) -> String {
    let body = svg.split_once('>').map_or("", |(_, body)| body).trim_start();
    // plotters writes the opacity of everything and the font of each word, and puts each word on its own line.
    let body = body
        .replace(" opacity=\"1\"", "")
        .replace(&format!(" font-family=\"{}\"", escape(FONT)), "")
        .replace("\n</text>", "</text>");
    let body: String = body
        .lines()
        .map(|line| if line.starts_with("<text ") { line.to_owned() } else { format!("{line}\n") })
        .collect();
    format!(
        "<svg{NAME_SPACE} class=\"mynah-figure\" role=\"img\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{}\">\n<title>{}</title>\n\
         <style>{}</style>\n{body}",
        width / UNITS_PER_PIXEL,
        height / UNITS_PER_PIXEL,
        escape(FONT),
        escape(title),
        dark_style(),
    )
}

/// Escapes the special characters of XML in `text`, as plotters does.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&apos;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_every_color_a_counterpart_for_dark_pages() {
        let svg = draw("a & b", 100, 50, |pen| pen.line((0, 0), (10, 10), Ink::BLUE, 2)).unwrap();
        assert!(svg.starts_with("<svg "), "{svg}");
        assert!(svg.contains("<title>a &amp; b</title>"), "{svg}");
        assert!(svg.contains("stroke=\"#0072B2\""), "{svg}");
        assert!(svg.contains("[stroke=\"#0072B2\"]{stroke:#4FA8E0}"), "{svg}");
        assert!(svg.contains("width=\"50\" height=\"25\" viewBox=\"0 0 100 50\""), "{svg}");
    }

    #[test]
    fn only_narrow_figures_are_scaled_down() {
        let drawn = |width| draw("t", width, 50, |_| Ok(())).unwrap();
        assert!(!is_wide(&drawn(NARROW)) && is_wide(&drawn(WIDE)) && is_wide(&drawn(NARROW + 2)));
        let style = include_str!("../../templates/style.css");
        assert!(style.contains(&format!(".mynah-figure[width=\"{}\"]", NARROW / UNITS_PER_PIXEL as i32)));
    }

    #[test]
    fn escapes_user_text() {
        let svg = draw("t", 100, 50, |pen| pen.text("<b>&", (0, 0), Align::Left, TEXT, Ink::TEXT)).unwrap();
        assert!(svg.contains(">&lt;b&gt;&amp;</text>"), "{svg}");
    }

    #[test]
    fn truncates_text_only_when_it_does_not_fit() {
        assert_eq!(fit_text("mynah", 20, 200), "mynah");
        let cut = fit_text("a rather long name of a system", 20, 120);
        assert!(cut.ends_with('…') && text_width(&cut, 20) <= 120, "{cut}");
        assert_eq!(fit_text("abc", 20, 1), "");
    }
}
