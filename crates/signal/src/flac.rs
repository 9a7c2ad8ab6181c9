//! Reading of FLAC files.
//!
//! Samples equal those of a WAV file with the same bits: an integer is divided by the magnitude of its most
//! negative value. The checksum of every frame and the number of samples are verified. Encoders that write to
//! a pipe leave out the number; then all samples present count. The MD5 sum of the samples is not verified.

use std::io::Cursor;
use std::path::Path;

use claxon::{Block, FlacReader};

use crate::{Error, Recording};

/// First bytes of every FLAC file.
const MAGIC: &[u8] = b"fLaC";

/// Returns true if the bytes start like a FLAC file.
#[must_use]
pub fn is_flac(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Decodes all channels of a FLAC file.
///
/// `bytes` is the whole file; `path` is used only in messages.
///
/// # Errors
///
/// Returns [`Error::Unreadable`], [`Error::UnsupportedFormat`], [`Error::Truncated`] or [`Error::Empty`].
pub fn decode_channels(bytes: &[u8], path: &Path) -> Result<Recording, Error> {
    let unreadable = |why: String| Error::Unreadable { path: path.to_owned(), container: "FLAC", why };
    let of = |error: claxon::Error| match error {
        claxon::Error::Unsupported(format) => {
            Error::UnsupportedFormat { path: path.to_owned(), format: format.to_owned() }
        }
        claxon::Error::FormatError(why) => unreadable(why.to_owned()),
        claxon::Error::IoError(error) => unreadable(error.to_string()),
    };
    let mut reader = FlacReader::new(Cursor::new(bytes)).map_err(of)?;
    let info = reader.streaminfo();
    let n_channels = info.channels as u16;
    if info.sample_rate == 0 {
        return Err(unreadable("its sample rate is 0".to_owned()));
    }
    let promised = info.samples.unwrap_or(0);
    let scale = 1.0 / (1_u64 << (info.bits_per_sample - 1)) as f32;
    // Bounded by the file size, in case the header lies; a block of silence takes about 14 bytes.
    let mut samples: Vec<f32> = Vec::with_capacity((bytes.len() * 2).min(1 << 24));
    let mut blocks = reader.blocks();
    let mut buffer = Vec::new();
    loop {
        match blocks.read_next_or_eof(std::mem::take(&mut buffer)) {
            Ok(Some(block)) => {
                interleave(&block, scale, &mut samples);
                buffer = block.into_buffer();
            }
            Ok(None) => break,
            Err(error) => {
                let found = (samples.len() / usize::from(n_channels)) as u64;
                let at_end = matches!(&error, claxon::Error::IoError(error)
                    if error.kind() == std::io::ErrorKind::UnexpectedEof);
                if at_end && found < promised {
                    return Err(Error::Truncated { path: path.to_owned(), promised, found });
                }
                return Err(of(error));
            }
        }
    }
    let found = (samples.len() / usize::from(n_channels)) as u64;
    if found < promised {
        return Err(Error::Truncated { path: path.to_owned(), promised, found });
    }
    if promised > 0 && found > promised {
        return Err(unreadable(format!("its header promises {promised} samples, but it holds {found}")));
    }
    if samples.is_empty() {
        return Err(Error::Empty { path: path.to_owned() });
    }
    Ok(Recording::new(samples, n_channels, info.sample_rate))
}

/// Appends a block with its channels interleaved.
fn interleave(block: &Block, scale: f32, samples: &mut Vec<f32>) {
    let n_channels = block.channels();
    let start = samples.len();
    samples.resize(start + block.duration() as usize * n_channels as usize, 0.0);
    for channel in 0..n_channels {
        let places = samples[start..].iter_mut().skip(channel as usize).step_by(n_channels as usize);
        for (place, &sample) in places.zip(block.channel(channel)) {
            *place = sample as f32 * scale;
        }
    }
}
