//! Reading of lossy files: MP3, Ogg Vorbis, Ogg Opus, and AAC in MP4 or ADTS.
//!
//! Samples are those of the decoder in single precision. Delay and padding of the encoder are removed where the file
//! states them, as Ogg does and MP3 files of LAME do; AAC keeps the padding with which it begins and ends, up to 2048 samples. A damaged
//! packet is an error, because whatever a decoder plays in its place was never recorded.

use std::io::{Cursor, ErrorKind};
use std::path::Path;

use opus_pure::{Error as OpusError, MAX_PACKET_SAMPLES, OggOpusReader, Trim};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use crate::{Error, Recording};

/// Sample rate of every decoded Opus file, whatever was encoded.
const OPUS_RATE: u32 = 48_000;
/// Place of the first packet in an Ogg file whose first page has one, as that of Opus has.
const FIRST_PACKET: usize = 28;

/// Names the container of a compressed file by its first bytes; `None` if it is none that this module reads.
#[must_use]
pub fn container(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'O', b'g', b'g', b'S', ..] => Some("Ogg"),
        [b'I', b'D', b'3', ..] => Some("MP3"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("MP4"),
        // Eleven bits of synchronization; the two bits of the layer are 0 in ADTS and 1 in layer III.
        [0xFF, second, ..] if second & 0xF6 == 0xF0 => Some("ADTS"),
        [0xFF, second, ..] if second & 0xE6 == 0xE2 => Some("MP3"),
        _ => None,
    }
}

/// Decodes all channels of a compressed file.
///
/// `bytes` is the whole file; `path` is used only in messages.
///
/// # Errors
///
/// Returns [`Error::Unreadable`], [`Error::UnsupportedFormat`] or [`Error::Empty`].
pub fn decode_channels(bytes: &[u8], path: &Path) -> Result<Recording, Error> {
    let container = container(bytes).unwrap_or("compressed");
    let unreadable = |why: String| Error::Unreadable { path: path.to_owned(), container, why };
    if bytes.get(FIRST_PACKET..).is_some_and(|packet| packet.starts_with(b"OpusHead")) {
        let decoded = decode_opus(bytes).map_err(|error| unreadable(error.to_string()))?;
        return recording(decoded, path, None, &unreadable);
    }
    let of = |error: SymphoniaError| match error {
        SymphoniaError::Unsupported(format) => {
            Error::UnsupportedFormat { path: path.to_owned(), format: format!("{container} with {format}") }
        }
        SymphoniaError::DecodeError(why) | SymphoniaError::LimitError(why) => unreadable(why.to_owned()),
        SymphoniaError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            unreadable("it ends in the middle".to_owned())
        }
        other => unreadable(other.to_string()),
    };
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    let probe = symphonia::default::get_probe();
    let mut format = probe
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(of)?;
    let track =
        format.default_track(TrackType::Audio).ok_or_else(|| unreadable("it has no sound".to_owned()))?;
    let track_id = track.id;
    let params = track.codec_params.as_ref().and_then(|params| params.audio().cloned());
    let params = params.ok_or_else(|| unreadable("its codec is unknown".to_owned()))?;
    let promised = track.num_frames;
    let decoded = decode(format.as_mut(), track_id, &params).map_err(of)?;
    recording(decoded, path, promised, &unreadable)
}

/// Checks the samples of a file whose header promises a number of them.
fn recording(
    decoded: Decoded,
    path: &Path,
    promised: Option<u64>,
    unreadable: &dyn Fn(String) -> Error,
) -> Result<Recording, Error> {
    let Decoded { samples, n_channels, sample_rate } = decoded;
    if samples.is_empty() {
        return Err(Error::Empty { path: path.to_owned() });
    }
    if sample_rate == 0 || n_channels == 0 {
        return Err(unreadable("its sample rate or its number of channels is 0".to_owned()));
    }
    let found = (samples.len() / usize::from(n_channels)) as u64;
    // MP3 headers may count a frame too many; a cut file lacks seconds.
    if let Some(promised) = promised.filter(|promised| found + u64::from(sample_rate) / 10 < *promised) {
        return Err(Error::Truncated { path: path.to_owned(), promised, found });
    }
    Ok(Recording::new(samples, n_channels, sample_rate))
}

struct Decoded {
    samples: Vec<f32>,
    n_channels: u16,
    sample_rate: u32,
}

fn decode(
    format: &mut (dyn FormatReader + '_),
    track_id: u32,
    params: &AudioCodecParameters,
) -> Result<Decoded, SymphoniaError> {
    let codecs = symphonia::default::get_codecs();
    let mut decoder: Box<dyn AudioDecoder> =
        codecs.make_audio_decoder(params, &AudioDecoderOptions::default())?;
    let mut decoded = Decoded { samples: Vec::new(), n_channels: 0, sample_rate: 0 };
    let mut part: Vec<f32> = Vec::new();
    while let Some(packet) = next(format)? {
        if packet.track_id != track_id {
            continue;
        }
        let buffer = decoder.decode(&packet)?;
        let (rate, n_channels) = (buffer.spec().rate(), buffer.spec().channels().count() as u16);
        if decoded.n_channels == 0 {
            (decoded.n_channels, decoded.sample_rate) = (n_channels, rate);
        } else if (decoded.n_channels, decoded.sample_rate) != (n_channels, rate) {
            return Err(SymphoniaError::Unsupported("a change of the sample rate or the channels"));
        }
        buffer.copy_to_vec_interleaved(&mut part);
        decoded.samples.extend_from_slice(&part);
    }
    Ok(decoded)
}

/// Decodes Ogg Opus, without the samples that the header and the last page exclude, at the level that the header asks for.
fn decode_opus(bytes: &[u8]) -> Result<Decoded, OpusError> {
    let mut reader = OggOpusReader::new(bytes)?;
    let head = reader.head().clone();
    let n_channels = usize::from(head.channel_count);
    let mut decoder = head.decoder(OPUS_RATE as i32)?;
    let mut trim = Trim::new(&head, OPUS_RATE as i32, n_channels)?;
    let mut part = vec![0.0; MAX_PACKET_SAMPLES * n_channels];
    let mut samples = Vec::new();
    while let Some(packet) = reader.read_packet()? {
        let n = decoder.decode(&packet.data, MAX_PACKET_SAMPLES, &mut part)?;
        samples.extend_from_slice(trim.keep(&packet, &part[..n * n_channels]));
    }
    Ok(Decoded { samples, n_channels: u16::from(head.channel_count), sample_rate: OPUS_RATE })
}

/// Returns the next packet; `None` at the end of the file.
fn next(format: &mut (dyn FormatReader + '_)) -> Result<Option<Packet>, SymphoniaError> {
    match format.next_packet() {
        // Readers of several formats report the end so.
        Err(SymphoniaError::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::container;

    #[test]
    fn containers_are_known_by_their_first_bytes() {
        for (bytes, expected) in [
            (&b"OggS\0\x02"[..], Some("Ogg")),
            (b"ID3\x04", Some("MP3")),
            (b"\0\0\0\x20ftypM4A ", Some("MP4")),
            (b"\xff\xfb\x90\x64", Some("MP3")),
            (b"\xff\xf3\x40\xc0", Some("MP3")),
            (b"\xff\xf1\x50\x80", Some("ADTS")),
            (b"RIFF", None),
            (b"fLaC", None),
            (b"\xff\xfe", None),
            (b"", None),
        ] {
            assert_eq!(container(bytes), expected, "{bytes:?}");
        }
    }
}
