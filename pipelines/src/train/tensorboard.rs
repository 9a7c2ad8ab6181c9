//! Scalars for TensorBoard, as records of protocol buffers.
//!
//! ```text
//! record   length u64 · masked CRC-32C of the length · event · masked CRC-32C of the event       little-endian
//! event    1: wall time (double)   2: step (varint)   3: file version (string)   5: summary
//! summary  1: value, repeated      value  1: tag (string)   2: simple value (float)
//! ```

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A writer of an events file.
pub(super) struct Events {
    file: File,
}

impl Events {
    /// Creates a file in `directory`, with the time in its name, as TensorBoard expects.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        let now = now();
        let mut file = File::create(directory.join(format!("events.out.tfevents.{now:.6}.mynah")))?;
        let mut event = double(1, now);
        event.extend(bytes(3, b"brain.Event:2"));
        file.write_all(&record(&event))?;
        Ok(Self { file })
    }

    /// Writes the scalars of a step.
    pub(super) fn scalars(&mut self, step: u64, scalars: &[(String, f64)]) -> io::Result<()> {
        let mut summary = Vec::new();
        for (tag, value) in scalars {
            let mut entry = bytes(1, tag.as_bytes());
            entry.push(2 << 3 | 5);
            entry.extend((*value as f32).to_le_bytes());
            summary.extend(bytes(1, &entry));
        }
        let mut event = double(1, now());
        event.push(2 << 3);
        event.extend(varint(step));
        event.extend(bytes(5, &summary));
        self.file.write_all(&record(&event))
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

fn record(event: &[u8]) -> Vec<u8> {
    let length = (event.len() as u64).to_le_bytes();
    let mut out = length.to_vec();
    out.extend(masked_crc(&length).to_le_bytes());
    out.extend(event);
    out.extend(masked_crc(event).to_le_bytes());
    out
}

/// Computes the checksum of a record, rotated and shifted as the format requires.
fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn double(field: u8, value: f64) -> Vec<u8> {
    let mut out = vec![field << 3 | 1];
    out.extend(value.to_le_bytes());
    out
}

fn bytes(field: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    out.extend(varint(value.len() as u64));
    out.extend(value);
    out
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

#[cfg(test)]
mod tests {
    use super::{bytes, double, masked_crc, record, varint};

    #[test]
    fn encodes_numbers_as_protocol_buffers() {
        assert_eq!(varint(0), [0]);
        assert_eq!(varint(300), [0xac, 0x02]);
        assert_eq!(bytes(2, b"testing"), b"\x12\x07testing");
        assert_eq!(double(1, 1.0), [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
    }

    #[test]
    fn writes_the_records_of_tensorflow() {
        // The first record of an events file of TensorBoard 2.21 for the wall time 1.0: length 24, its checksum, the
        // event, its checksum.
        let mut event = double(1, 1.0);
        event.extend(bytes(3, b"brain.Event:2"));
        let expected = b"\x18\x00\x00\x00\x00\x00\x00\x00\xa3\x7f\x4b\x22";
        let record = record(&event);
        assert_eq!(&record[..12], expected);
        assert_eq!(record.len(), 12 + 24 + 4);
        // RFC 3720 B.4: CRC-32C of 32 zeros is 0x8a9136aa.
        assert_eq!(masked_crc(&[0; 32]), 0x8a91_36aa_u32.rotate_right(15).wrapping_add(0xa282_ead8));
    }
}
