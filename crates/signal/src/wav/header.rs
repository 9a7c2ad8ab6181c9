//! WAV headers, checked against the bytes that follow them.

use std::io::Cursor;
use std::path::Path;

use crate::Error;

/// Size written by encoders that do not know the size.
pub(super) const UNKNOWN_SIZE: u32 = u32::MAX;
/// Size written by `SoX` for the same reason, before it is rounded down to whole blocks.
const UNKNOWN_TO_SOX: u32 = 0x7FFF_F000;

const TAG_PCM: u16 = 1;
const TAG_FLOAT: u16 = 3;
const TAG_A_LAW: u16 = 6;
const TAG_MU_LAW: u16 = 7;
const TAG_EXTENSIBLE: u16 = 0xFFFE;
/// Length in bytes of the oldest form of a `fmt ` chunk, with which every form starts.
const PLAIN_FORMAT_LENGTH: usize = 16;

/// Encoding of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleFormat {
    /// Signed integers; unsigned for 8 bits.
    Integer,
    /// IEEE floating point.
    Float,
    /// A-law of ITU-T G.711, 8 bits for 13.
    ALaw,
    /// µ-law of ITU-T G.711, 8 bits for 14.
    MuLaw,
}

/// Contents of a WAV header whose data is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WavInfo {
    /// Sample rate in hertz; not 0.
    pub sample_rate: u32,
    /// Number of channels; not 0.
    pub channels: u16,
    /// Encoding of the samples.
    pub format: SampleFormat,
    /// Bits per sample in the file.
    pub container_bits: u16,
    /// Significant bits of those.
    pub valid_bits: u16,
    /// Samples per channel.
    pub n_samples: u64,
}

impl WavInfo {
    /// Returns the duration in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.n_samples as f64 / f64::from(self.sample_rate)
    }
}

/// Reads the header of a WAV file.
///
/// `bytes` is the whole file; `path` is used only in messages.
///
/// # Errors
///
/// Returns [`Error::Unreadable`], [`Error::UnsupportedFormat`] or [`Error::Truncated`].
/// [`decode`](super::decode()) alone checks that there is exactly one channel and at least one sample.
pub fn info(bytes: &[u8], path: &Path) -> Result<WavInfo, Error> {
    parse(bytes, path).map(|(info, _)| info)
}

/// Reads the header, and returns it with the bytes of the samples.
pub(super) fn parse<'a>(bytes: &'a [u8], path: &Path) -> Result<(WavInfo, &'a [u8]), Error> {
    let unreadable =
        |why: &str| Error::Unreadable { path: path.to_owned(), container: "WAV", why: why.to_owned() };
    if bytes.is_empty() {
        return Err(unreadable("the file is empty"));
    }
    match (bytes.get(..4), bytes.get(8..12)) {
        (Some(b"RIFF" | b"RF64" | b"BW64"), Some(b"WAVE")) => {}
        (Some(b"RIFX"), Some(b"WAVE")) => {
            let format = "the RIFX form of WAV".to_owned();
            return Err(Error::UnsupportedFormat { path: path.to_owned(), format });
        }
        _ => return Err(unreadable("it does not start with a RIFF/WAVE header")),
    }

    let is_64 = &bytes[..4] != b"RIFF";
    let mut format = None;
    // The size of the data in the 64-bit form.
    let mut wide_size = None;
    let mut rest = &bytes[12..];
    loop {
        let Some((&[a, b, c, d, s0, s1, s2, s3], body)) = rest.split_first_chunk() else {
            return Err(unreadable(if format.is_some() {
                "it has no `data` chunk"
            } else {
                "it has no `fmt ` chunk"
            }));
        };
        let size = u32::from_le_bytes([s0, s1, s2, s3]);
        match &[a, b, c, d] {
            b"data" => {
                let format =
                    format.ok_or_else(|| unreadable("its `data` chunk precedes its `fmt ` chunk"))?;
                let wide_size = wide_size.filter(|_| size == UNKNOWN_SIZE);
                return samples_of(body, wide_size.unwrap_or_else(|| promised(size, &format)), format, path);
            }
            b"ds64" if is_64 => {
                // The size of the file comes first, then that of the data.
                let size = body.get(8..16).and_then(|bytes| bytes.first_chunk());
                let size = size.ok_or_else(|| unreadable("it ends within its `ds64` chunk"))?;
                wide_size = Some(Some(u64::from_le_bytes(*size)));
            }
            b"fmt " => {
                let chunk =
                    body.get(..size as usize).ok_or_else(|| unreadable("it ends within its `fmt ` chunk"))?;
                format = Some(parse_format(chunk, path)?);
            }
            _ => {}
        }
        // A chunk of odd size is followed by a padding byte not counted in its size.
        rest = body.get(size as usize + (size % 2) as usize..).unwrap_or_default();
    }
}

/// Reads a `fmt ` chunk through hound, which knows the forms found in the wild; samples are not counted yet.
fn parse_format(chunk: &[u8], path: &Path) -> Result<WavInfo, Error> {
    let unreadable = |why: String| Error::Unreadable { path: path.to_owned(), container: "WAV", why };
    let unsupported = |format: String| Error::UnsupportedFormat { path: path.to_owned(), format };
    if chunk.len() < PLAIN_FORMAT_LENGTH {
        return Err(unreadable(format!("its `fmt ` chunk has {} bytes, expected at least 16", chunk.len())));
    }
    let u16_at = |at: usize| u16::from_le_bytes([chunk[at], chunk[at + 1]]);
    let (tag, channels, block_align, bits) = (u16_at(0), u16_at(2), u16_at(12), u16_at(14));
    // The tail of a plain chunk is meaningless, and hound rejects some of them (32-bit PCM with a tail).
    let chunk = match tag {
        TAG_PCM | TAG_FLOAT => &chunk[..PLAIN_FORMAT_LENGTH],
        TAG_EXTENSIBLE => chunk,
        TAG_A_LAW | TAG_MU_LAW => {
            let sample_rate = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
            if sample_rate == 0 || channels == 0 || bits != 8 || block_align != channels {
                return Err(unreadable("its `fmt ` chunk is inconsistent".to_owned()));
            }
            let format = if tag == TAG_A_LAW { SampleFormat::ALaw } else { SampleFormat::MuLaw };
            return Ok(WavInfo {
                sample_rate,
                channels,
                format,
                container_bits: 8,
                valid_bits: 8,
                n_samples: 0,
            });
        }
        _ => return Err(unsupported(format!("format tag {tag:#06x}"))),
    };
    if tag == TAG_FLOAT && !matches!(bits, 32 | 64) {
        return Err(unsupported(format!("{bits}-bit float")));
    }
    if tag == TAG_FLOAT && bits == 64 {
        // hound does not support such samples in a plain chunk.
        let sample_rate = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        if sample_rate == 0 || channels == 0 || u32::from(block_align) != 8 * u32::from(channels) {
            return Err(unreadable("its `fmt ` chunk is inconsistent".to_owned()));
        }
        return Ok(WavInfo {
            sample_rate,
            channels,
            format: SampleFormat::Float,
            container_bits: 64,
            valid_bits: 64,
            n_samples: 0,
        });
    }

    // A file with this chunk and no data.
    let mut header = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
    header.extend((chunk.len() as u32).to_le_bytes());
    let content = header.len();
    header.extend(chunk);
    // The bytes per second follow from the other fields. Some programs write them wrong, and hound refuses that.
    let sample_rate = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
    let byte_rate = sample_rate.saturating_mul(u32::from(block_align));
    header[content + 8..content + 12].copy_from_slice(&byte_rate.to_le_bytes());
    header.extend(b"data\0\0\0\0");
    let spec = match hound::WavReader::new(Cursor::new(header)) {
        Ok(reader) => reader.spec(),
        Err(hound::Error::FormatError(why)) => return Err(unreadable(why.to_owned())),
        Err(hound::Error::Unsupported) => return Err(unsupported("its extensible subformat".to_owned())),
        Err(other) => return Err(unreadable(other.to_string())),
    };
    if spec.sample_rate == 0 {
        return Err(unreadable("its sample rate is 0".to_owned()));
    }
    if block_align % channels != 0 {
        return Err(unreadable(format!(
            "blocks of {block_align} bytes cannot be divided among {channels} channels"
        )));
    }
    let container_bits = (block_align / channels).saturating_mul(8);
    let valid_bits = spec.bits_per_sample;
    let format = match spec.sample_format {
        hound::SampleFormat::Int => SampleFormat::Integer,
        hound::SampleFormat::Float => SampleFormat::Float,
    };
    let known = match format {
        SampleFormat::Integer => {
            matches!(container_bits, 8 | 16 | 24 | 32)
                && valid_bits <= container_bits
                // Only the extensible form says where fewer valid bits are located.
                && (tag == TAG_EXTENSIBLE || valid_bits == container_bits)
        }
        SampleFormat::Float => matches!(container_bits, 32 | 64) && valid_bits == container_bits,
        SampleFormat::ALaw | SampleFormat::MuLaw => false,
    };
    if !known {
        let kind = if format == SampleFormat::Float { "float" } else { "integer" };
        return Err(unsupported(format!("{valid_bits}-bit {kind} in {container_bits}-bit containers")));
    }
    Ok(WavInfo { sample_rate: spec.sample_rate, channels, format, container_bits, valid_bits, n_samples: 0 })
}

/// Returns the size that a `data` chunk promises; `None` if its writer did not know it.
fn promised(size: u32, info: &WavInfo) -> Option<u64> {
    let block = u32::from(info.container_bits / 8) * u32::from(info.channels);
    let to_sox = UNKNOWN_TO_SOX - UNKNOWN_TO_SOX % block.max(1);
    (size != UNKNOWN_SIZE && size != to_sox && size != UNKNOWN_TO_SOX).then_some(u64::from(size))
}

/// Checks the size of a `data` chunk against the bytes that follow it.
fn samples_of<'a>(
    body: &'a [u8],
    size: Option<u64>,
    mut info: WavInfo,
    path: &Path,
) -> Result<(WavInfo, &'a [u8]), Error> {
    let block = usize::from(info.container_bits / 8) * usize::from(info.channels);
    let promised = size.map_or(body.len(), |size| usize::try_from(size).unwrap_or(usize::MAX));
    let Some(data) = body.get(..promised) else {
        return Err(Error::Truncated {
            path: path.to_owned(),
            promised: (promised / block) as u64,
            found: (body.len() / block) as u64,
        });
    };
    if !data.len().is_multiple_of(block) {
        let why = format!("its data of {} bytes ends inside a block of {block}", data.len());
        return Err(Error::Unreadable { path: path.to_owned(), container: "WAV", why });
    }
    let after = body.get(data.len() + data.len() % 2..).unwrap_or_default();
    if has_more_data(after) {
        let why = "it has a second `data` chunk, which may hold the rest of the recording".to_owned();
        return Err(Error::Unreadable { path: path.to_owned(), container: "WAV", why });
    }
    info.n_samples = (data.len() / block) as u64;
    Ok((info, data))
}

/// Returns true if one of these chunks is another `data` chunk with content.
fn has_more_data(mut rest: &[u8]) -> bool {
    while let Some((&[a, b, c, d, s0, s1, s2, s3], body)) = rest.split_first_chunk() {
        let size = u32::from_le_bytes([s0, s1, s2, s3]);
        if &[a, b, c, d] == b"data" && size > 0 && !body.is_empty() {
            return true;
        }
        rest = body.get(size as usize + (size % 2) as usize..).unwrap_or_default();
    }
    false
}
