//! Mel spectrograms with the boundaries of their phones.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::axis::{Frame, extent};
use super::pen::{Align, Ink, NARROW, SMALL_TEXT, TEXT, WIDE, check_finite, draw, draw_nothing, text_width};
use crate::error::Error;

/// Steps of the color scale; more cannot be told apart by eye and cost bytes.
const LEVELS: usize = 64;
/// Anchors of the color scale, from the lowest value to the highest, evenly spaced: dark blue through violet and orange
/// to light yellow, with increasing lightness, so that it also reads in grayscale.
const ANCHORS: [(f64, f64, f64); 7] = [
    (5.0, 6.0, 22.0),
    (42.0, 16.0, 92.0),
    (107.0, 24.0, 110.0),
    (171.0, 50.0, 92.0),
    (226.0, 95.0, 52.0),
    (251.0, 158.0, 24.0),
    (250.0, 240.0, 160.0),
];
/// Height of the picture itself, in units.
const PICTURE_HEIGHT: i32 = 320;
/// Maximum number of label rows above the picture; a label that fits in none of them is omitted.
const LABEL_ROWS: usize = 3;

/// A named segment of the time axis: one phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MelLabel {
    /// Label above the picture.
    pub text: String,
    /// First frame.
    pub start_frame: usize,
    /// End frame, exclusive.
    pub end_frame: usize,
}

/// A mel spectrogram, optionally with the phones it was aligned with.
#[derive(Debug, Clone, PartialEq)]
pub struct Mel {
    /// Description for readers who cannot see the figure.
    pub title: String,
    /// Log-magnitudes, row-major `[band, frame]`, the lowest band first.
    pub values: Vec<f32>,
    /// Number of bands.
    pub n_bands: usize,
    /// Hop in seconds from one frame to the next.
    pub hop_seconds: f64,
    /// Phones in order; empty to draw none.
    pub labels: Vec<MelLabel>,
}

impl Mel {
    /// Draws the spectrogram.
    ///
    /// One pixel per band and frame, stretched to the figure's size; colors run from the lowest value of this
    /// spectrogram to its highest in 64 steps, so two figures are not comparable by color. Time runs from 0 at the left
    /// edge of the first frame; boundaries are between frames. Without frames the figure says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::LengthMismatch`] when the values do not fill whole frames, and [`Error::NotFinite`] for a value
    /// that is NaN or infinite.
    pub fn to_svg(&self) -> Result<String, Error> {
        self.to_svg_lasting(0.0)
    }

    /// Returns the duration in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.values.len().checked_div(self.n_bands).unwrap_or(0) as f64 * self.hop_seconds
    }

    /// Draws the spectrogram as [`Mel::to_svg`] does, with an axis of at least `seconds`, so that spectrograms of one
    /// sentence by several speakers can be compared side by side.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Mel::to_svg`], and [`Error::NotFinite`] when `seconds` is NaN or infinite.
    pub fn to_svg_lasting(&self, seconds: f64) -> Result<String, Error> {
        self.draw(seconds, WIDE, self.range())
    }

    /// Draws the spectrogram as [`Mel::to_svg_lasting`] does, at half the width, for two side by side.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Mel::to_svg_lasting`].
    pub fn to_narrow_svg_lasting(&self, seconds: f64) -> Result<String, Error> {
        self.draw(seconds, NARROW, self.range())
    }

    /// Draws the spectrogram as [`Mel::to_narrow_svg_lasting`] does, in colors from the first value of `range` to the second, so
    /// that those of one sentence can be compared by color too. Values outside have the color of the nearer end.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Mel::to_svg_lasting`], and [`Error::NotFinite`] when an end is NaN or infinite.
    pub fn to_narrow_svg_within(&self, seconds: f64, range: (f64, f64)) -> Result<String, Error> {
        check_finite(&self.title, &[range.0, range.1])?;
        self.draw(seconds, NARROW, Some(range))
    }

    /// Returns the lowest and the highest value; `None` without frames.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        extent(self.values.iter().map(|&value| f64::from(value)))
    }

    /// Returns the spectrogram with at most `n_frames` frames, each the mean of as many as it takes, for smaller files.
    #[must_use]
    pub fn at_most(self, n_frames: usize) -> Mel {
        let n_own = self.values.len().checked_div(self.n_bands).unwrap_or(0);
        let n_joined = n_own.div_ceil(n_frames.max(1));
        if n_joined <= 1 || n_own * self.n_bands != self.values.len() {
            return self;
        }
        let mean = |frames: &[f32]| frames.iter().sum::<f32>() / frames.len() as f32;
        let band = |band: &[f32]| band.chunks(n_joined).map(mean).collect::<Vec<f32>>();
        let joined = |label: MelLabel| MelLabel {
            start_frame: label.start_frame / n_joined,
            end_frame: label.end_frame.div_ceil(n_joined),
            ..label
        };
        Mel {
            values: self.values.chunks(n_own).flat_map(band).collect(),
            hop_seconds: self.hop_seconds * n_joined as f64,
            labels: self.labels.into_iter().map(joined).collect(),
            ..self
        }
    }

    fn draw(&self, seconds: f64, width: i32, range: Option<(f64, f64)>) -> Result<String, Error> {
        let n_frames = self.values.len().checked_div(self.n_bands).unwrap_or(0);
        if n_frames * self.n_bands != self.values.len() {
            return Err(Error::LengthMismatch {
                what: self.title.clone(),
                got: self.values.len(),
                expected: n_frames * self.n_bands,
            });
        }
        if let Some(index) = self.values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite { what: self.title.clone(), index });
        }
        check_finite(&self.title, &[self.hop_seconds, seconds])?;
        if n_frames == 0 {
            return draw_nothing(&self.title, width, 160);
        }
        let label_height = SMALL_TEXT + 4;
        let top = if self.labels.is_empty() { 20 } else { 20 + LABEL_ROWS as i32 * label_height };
        let frame = Frame { left: 110, top, right: width - 30, bottom: top + PICTURE_HEIGHT };
        let own_seconds = n_frames as f64 * self.hop_seconds;
        let x = frame.x(0.0, own_seconds.max(seconds));
        let y = frame.y(0.0, self.n_bands as f64);
        let svg = draw(&self.title, width, frame.bottom + 92, |pen| {
            // An axis without a grid, whose lines would look like boundaries in the picture.
            let axis = Frame { top: frame.bottom, ..frame };
            axis.draw_x(pen, &x, "time (s)")?;
            for band in [0, self.n_bands] {
                let at = (frame.left - 12, y.at(band as f64) + if band == 0 { -8 } else { 8 });
                pen.text(&band.to_string(), at, Align::Right, SMALL_TEXT, Ink::TEXT)?;
            }
            pen.text("mel", (frame.left - 12, frame.bottom - 175), Align::Right, TEXT, Ink::MUTED)?;
            pen.text("band", (frame.left - 12, frame.bottom - 145), Align::Right, TEXT, Ink::MUTED)?;
            let mut free_from = [i32::MIN; LABEL_ROWS];
            for (index, label) in self.labels.iter().enumerate() {
                let start = x.at(label.start_frame as f64 * self.hop_seconds);
                let end = x.at(label.end_frame as f64 * self.hop_seconds);
                if index > 0 {
                    pen.line((start, frame.top), (start, frame.bottom), Ink::OVERLAY, 2)?;
                }
                let half = text_width(&label.text, SMALL_TEXT) / 2;
                let middle = i32::midpoint(start, end);
                // The lowest free row; with neighbors on different rows all of them are readable.
                if let Some(row) = (0..LABEL_ROWS).find(|&row| free_from[row] <= middle - half) {
                    free_from[row] = middle + half + 6;
                    let height = frame.top - label_height / 2 - row as i32 * label_height;
                    pen.text(&label.text, (middle, height), Align::Center, SMALL_TEXT, Ink::TEXT)?;
                }
            }
            Ok(())
        })?;
        let image = format!(
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             href=\"data:image/png;base64,{}\"/>\n",
            frame.left,
            frame.top,
            (x.at(own_seconds) - frame.left).max(1),
            PICTURE_HEIGHT,
            STANDARD.encode(self.pixels(n_frames, range.unwrap_or_default())?)
        );
        Ok(under_lines(&svg, &image))
    }

    /// Encodes the PNG: one byte a pixel, the highest band in the first row.
    fn pixels(&self, n_frames: usize, (low, high): (f64, f64)) -> Result<Vec<u8>, Error> {
        let range = if high > low { high - low } else { 1.0 };
        let mut indices = Vec::with_capacity(self.values.len());
        for band in (0..self.n_bands).rev() {
            for value in &self.values[band * n_frames..(band + 1) * n_frames] {
                let share = (f64::from(*value) - low) / range;
                indices.push((share * LEVELS as f64).floor().clamp(0.0, (LEVELS - 1) as f64) as u8);
            }
        }
        let mut bytes = Vec::new();
        let failed = |source| Error::Pixels { what: self.title.clone(), source };
        let mut encoder = png::Encoder::new(&mut bytes, n_frames as u32, self.n_bands as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(palette());
        encoder.set_compression(png::Compression::High);
        // PNG's filters predict bytes from their neighbors, which does not suit palette indices.
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&indices).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(bytes)
    }
}

/// Puts the picture below everything but the background, which is the first shape of the figure.
fn under_lines(svg: &str, image: &str) -> String {
    match svg.split_once("/>\n") {
        Some((background, rest)) => format!("{background}/>\n{image}{rest}"),
        None => svg.to_owned(),
    }
}

/// Returns the color scale in PNG's form: red, green and blue of each level.
fn palette() -> Vec<u8> {
    let mut palette = Vec::with_capacity(LEVELS * 3);
    for level in 0..LEVELS {
        let position = level as f64 / (LEVELS - 1) as f64 * (ANCHORS.len() - 1) as f64;
        let below = (position.floor() as usize).min(ANCHORS.len() - 2);
        let weight = position - below as f64;
        let (from, to) = (ANCHORS[below], ANCHORS[below + 1]);
        for (a, b) in [(from.0, to.0), (from.1, to.1), (from.2, to.2)] {
            palette.push((a + weight * (b - a)).round() as u8);
        }
    }
    palette
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes the pixels of the figure as palette indices, row by row, with width and height.
    fn decode(svg: &str) -> (Vec<u8>, u32, u32) {
        let start = svg.find("base64,").unwrap() + "base64,".len();
        let end = start + svg[start..].find('"').unwrap();
        let bytes = STANDARD.decode(&svg[start..end]).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::IDENTITY);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (pixels, info.width, info.height)
    }

    fn mel(values: Vec<f32>, n_bands: usize) -> Mel {
        Mel { title: "mel".into(), values, n_bands, hop_seconds: 256.0 / 22050.0, labels: Vec::new() }
    }

    #[test]
    fn draws_the_lowest_band_last_and_spans_the_color_scale() {
        let (pixels, width, height) = decode(&mel(vec![0.0, 1.0, 2.0, 3.0, 4.0, 8.0], 2).to_svg().unwrap());
        assert_eq!((width, height), (3, 2));
        assert_eq!(pixels, [24, 32, 63, 0, 8, 16]);
    }

    #[test]
    fn fills_its_part_of_a_longer_axis() {
        let mel = mel(vec![0.0; 80 * 100], 80);
        let width = |svg: &str| -> i32 {
            let image = svg.split("<image ").nth(1).unwrap();
            image.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        let (whole, half) = (mel.to_svg().unwrap(), mel.to_svg_lasting(2.0 * mel.seconds()).unwrap());
        assert_eq!((width(&whole) + 1) / 2, width(&half));
        assert_eq!(mel.to_svg_lasting(mel.seconds() / 3.0).unwrap(), whole);
        assert!(matches!(mel.to_svg_lasting(f64::NAN), Err(Error::NotFinite { .. })));
    }

    #[test]
    fn colors_by_a_given_range() {
        let mel = mel(vec![0.0, 1.0, 2.0, 3.0], 2);
        let (pixels, ..) = decode(&mel.to_narrow_svg_within(0.0, (1.0, 5.0)).unwrap());
        assert_eq!(pixels, [16, 32, 0, 0]);
        assert_eq!(mel.range(), Some((0.0, 3.0)));
        assert!(matches!(mel.to_narrow_svg_within(0.0, (0.0, f64::NAN)), Err(Error::NotFinite { .. })));
    }

    #[test]
    fn joins_frames_beyond_the_most() {
        let long =
            Mel { hop_seconds: 0.01, ..mel(vec![0.0, 2.0, 4.0, 6.0, 8.0, 1.0, 1.0, 3.0, 3.0, 5.0], 2) };
        let short = long.clone().at_most(3);
        assert_eq!((short.values.as_slice(), short.n_bands), (&[1.0, 5.0, 8.0, 1.0, 3.0, 5.0][..], 2));
        assert!((short.hop_seconds - 0.02).abs() < 1e-12);
        assert_eq!(long.clone().at_most(5), long);
        assert_eq!(mel(Vec::new(), 0).at_most(3), mel(Vec::new(), 0));
    }

    #[test]
    fn draws_a_flat_spectrogram_in_the_lowest_color() {
        let (pixels, ..) = decode(&mel(vec![-11.5; 8], 2).to_svg().unwrap());
        assert_eq!(pixels, [0; 8]);
    }

    #[test]
    fn rejects_malformed_spectrograms() {
        assert!(matches!(mel(vec![0.0; 7], 2).to_svg(), Err(Error::LengthMismatch { got: 7, .. })));
        assert!(matches!(mel(vec![0.0, f32::INFINITY], 2).to_svg(), Err(Error::NotFinite { index: 1, .. })));
        assert!(mel(Vec::new(), 80).to_svg().unwrap().contains("no values"));
        assert!(mel(Vec::new(), 0).to_svg().unwrap().contains("no values"));
    }

    #[test]
    fn increases_lightness_along_the_color_scale() {
        let lightness: Vec<f64> = palette()
            .chunks(3)
            .map(|c| 0.299 * f64::from(c[0]) + 0.587 * f64::from(c[1]) + 0.114 * f64::from(c[2]))
            .collect();
        assert!(lightness.windows(2).all(|pair| pair[1] > pair[0]), "{lightness:?}");
    }
}
