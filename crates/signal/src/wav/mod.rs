//! RIFF/WAVE files: any number of channels in, one channel of 16-bit PCM out.
//!
//! Supported input is integer PCM of 8, 16, 24 and 32 bits and float of 32 and 64 bits, each also as
//! `WAVE_FORMAT_EXTENSIBLE`, which allows any number of valid bits, stored at the top of their container;
//! A-law and µ-law of ITU-T G.711; and the 64-bit form RF64 (EBU Tech 3306), whose sizes are in a `ds64` chunk.
//! Conventions:
//!
//! - An integer sample is divided by the magnitude of its most negative value: 16-bit by 32768. Unsigned
//!   8-bit is centered at 128. Full scale is therefore [-1, 1), and every encoding up to 24 bits is exact.
//! - A float sample is taken as is, even above full scale; one that is not finite, or too large for 32 bits,
//!   is an error.
//! - Chunks other than `fmt ` and `data` are skipped, including the padding byte after a chunk of odd size.
//!   Bytes after the data are ignored, as are the size in the RIFF header and the number of bytes per second, which
//!   many writers get wrong. A second `data` chunk is an error: nothing tells that it belongs to the first.
//! - A data chunk that promises more than the file holds is [`Error::Truncated`], never shortened. The sizes
//!   `0xFFFF_FFFF` and `0x7FFF_F000`, the latter rounded down to whole blocks, come from writers that could not
//!   seek back (ffmpeg and `SoX` to a pipe); they promise nothing, and the data extends to the end of the file. A size of 0
//!   means an empty file, whatever follows: it is left
//!   by a writer stopped before it could fill in the size, and nothing tells how much is missing.
//!
//! [`Error::Truncated`]: crate::Error::Truncated

mod decode;
mod encode;
mod header;

pub use decode::{decode, decode_channels, read};
pub use encode::{encode_pcm16, write_pcm16};
pub use header::{SampleFormat, WavInfo, info};
