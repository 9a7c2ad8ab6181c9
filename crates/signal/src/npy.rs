//! Arrays in NumPy's `.npy` format, in which other tools keep features, durations and embeddings.
//!
//! # References
//!
//! NumPy's `numpy/lib/format.py`: magic, version, length of the header, the header as a Python literal, the data.

const MAGIC: &[u8] = b"\x93NUMPY";
/// Most numbers of a vector that is read, more than any utterance has frames.
const MOST_NUMBERS: usize = 1 << 20;

/// Reason why bytes are no vector of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The header is not that of an array.
    #[error("it is not a NumPy array: {0}")]
    NoArray(&'static str),
    /// More than one dimension is longer than 1.
    #[error("its shape is {0:?}, expected one dimension")]
    Shape(Vec<usize>),
    /// The elements are neither integers nor floats, by NumPy's name of their type.
    #[error("its elements are `{0}`, expected integers or floats")]
    Kind(String),
    /// The vector is too long.
    #[error("it has {0} numbers, expected at most {MOST_NUMBERS}")]
    TooMany(usize),
    /// The data ends early.
    #[error("it has {found} numbers, but its header says {expected}")]
    Truncated {
        /// Numbers in the file.
        found: usize,
        /// Numbers by its header.
        expected: usize,
    },
}

/// Reads an array of integers or floats with one dimension, apart from others of length 1.
///
/// Arrays of Python objects are pickles, which are programs; they are refused like any other kind that is no number.
///
/// # Errors
///
/// [`NpyError`] if the bytes are no such array.
pub fn read_vector(bytes: &[u8]) -> Result<Vec<f64>, NpyError> {
    use NpyError::NoArray;

    let rest = bytes.strip_prefix(MAGIC).ok_or(NoArray("it does not start with its magic bytes"))?;
    let truncated = NoArray("its header is truncated");
    let (version, rest) = rest.split_first_chunk::<2>().ok_or(truncated.clone())?;
    let (length, rest) = match version[0] {
        1 => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_le_bytes(*length)), rest)),
        2 | 3 => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest)),
        _ => return Err(NoArray("its version is not 1, 2 or 3")),
    }
    .ok_or(truncated.clone())?;
    let (header, data) = rest.split_at_checked(length).ok_or(truncated)?;
    let header = str::from_utf8(header).map_err(|_| NoArray("its header is not UTF-8"))?;
    let after = |key: &str| header.split_once(key).map(|(_, rest)| rest.trim_start());
    let kind = after("'descr':").and_then(|rest| rest.strip_prefix('\'')?.split('\'').next());
    let kind = kind.ok_or(NoArray("its header has no `descr`"))?;
    let sides = after("'shape':").and_then(|rest| Some(rest.strip_prefix('(')?.split_once(')')?.0));
    let sides: Option<Vec<usize>> = sides.and_then(|sides| {
        sides
            .split(',')
            .map(str::trim)
            .filter(|side| !side.is_empty())
            .map(|side| side.parse().ok())
            .collect()
    });
    let sides = sides.ok_or(NoArray("its header has no `shape`"))?;
    let expected = sides.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
    let expected = expected.ok_or(NoArray("its shape is too large"))?;
    if sides.iter().filter(|side| **side != 1).count() > 1 {
        return Err(NpyError::Shape(sides));
    }
    if expected > MOST_NUMBERS {
        return Err(NpyError::TooMany(expected));
    }
    let mut numbers = numbers(kind, data).ok_or_else(|| NpyError::Kind(kind.to_owned()))?;
    if numbers.len() < expected {
        return Err(NpyError::Truncated { found: numbers.len(), expected });
    }
    numbers.truncate(expected);
    Ok(numbers)
}

/// Converts elements of a type, by NumPy's name of it; `None` if they are no numbers.
#[expect(clippy::cast_lossless, reason = "one macro for integers of all widths")]
fn numbers(kind: &str, data: &[u8]) -> Option<Vec<f64>> {
    macro_rules! read {
        ($type:ty, $from:ident) => {
            data.as_chunks().0.iter().map(|bytes| <$type>::$from(*bytes) as f64).collect()
        };
    }
    Some(match kind {
        "|i1" | "<i1" | ">i1" => data.iter().map(|byte| f64::from(byte.cast_signed())).collect(),
        "|u1" | "<u1" | ">u1" => data.iter().map(|byte| f64::from(*byte)).collect(),
        "<i2" => read!(i16, from_le_bytes),
        "<u2" => read!(u16, from_le_bytes),
        "<i4" => read!(i32, from_le_bytes),
        "<u4" => read!(u32, from_le_bytes),
        "<i8" => read!(i64, from_le_bytes),
        "<u8" => read!(u64, from_le_bytes),
        "<f4" => read!(f32, from_le_bytes),
        "<f8" => read!(f64, from_le_bytes),
        ">i2" => read!(i16, from_be_bytes),
        ">u2" => read!(u16, from_be_bytes),
        ">i4" => read!(i32, from_be_bytes),
        ">u4" => read!(u32, from_be_bytes),
        ">i8" => read!(i64, from_be_bytes),
        ">u8" => read!(u64, from_be_bytes),
        ">f4" => read!(f32, from_be_bytes),
        ">f8" => read!(f64, from_be_bytes),
        "<f2" => data.as_chunks().0.iter().map(|bytes| half(u16::from_le_bytes(*bytes))).collect(),
        ">f2" => data.as_chunks().0.iter().map(|bytes| half(u16::from_be_bytes(*bytes))).collect(),
        _ => return None,
    })
}

/// Converts a number of half precision.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    }
}

/// Encodes an array: format version 1.0, C order. `kind` is NumPy's name of the type of the elements, such as `<f4`.
#[must_use]
pub fn write(kind: &str, shape: &[usize], data: impl IntoIterator<Item = u8>) -> Vec<u8> {
    const ALIGNMENT: usize = 64;
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut header =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}{comma}), }}", sizes.join(", "));
    // The data begins at a multiple of 64, after a newline.
    let unpadded = MAGIC.len() + 4 + header.len() + 1;
    header.push_str(&" ".repeat(unpadded.next_multiple_of(ALIGNMENT) - unpadded));
    header.push('\n');
    let mut bytes = [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes()].concat();
    bytes.extend(data);
    bytes
}

/// Encodes numbers in single precision.
#[must_use]
pub fn write_f32(shape: &[usize], data: &[f32]) -> Vec<u8> {
    write("<f4", shape, data.iter().flat_map(|value| value.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{half, read_vector, write, write_f32};

    #[test]
    fn writes_the_header_of_numpy_and_aligned_data() {
        let bytes = write_f32(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let data = bytes.len() - 24;
        assert_eq!(data % 64, 0);
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        assert_eq!(usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), data - 10);
        assert!(bytes[10..data].starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
        assert_eq!(&bytes[data..data + 4], 1.0_f32.to_le_bytes());
        let one = write("<i8", &[1], 7_i64.to_le_bytes());
        assert!(one[10..].starts_with(b"{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }"));
    }

    #[test]
    fn reads_integers_of_any_width() {
        let check = |kind: &str, shape: &[usize], data: Vec<u8>| {
            assert_eq!(read_vector(&write(kind, shape, data)).unwrap(), [3.0, 1.0], "{kind} {shape:?}");
        };
        check("<i8", &[2], [3_i64, 1].map(i64::to_le_bytes).concat());
        check("<i4", &[1, 2], [3_i32, 1].map(i32::to_le_bytes).concat());
        check(">i4", &[2, 1], [3_i32, 1].map(i32::to_be_bytes).concat());
        check("<u2", &[2], [3_u16, 1].map(u16::to_le_bytes).concat());
        check(">u2", &[2], [3_u16, 1].map(u16::to_be_bytes).concat());
        check("|u1", &[2], vec![3, 1]);
        check("<f4", &[2], [3_f32, 1.0].map(f32::to_le_bytes).concat());
        check("<f8", &[2], [3_f64, 1.0].map(f64::to_le_bytes).concat());
        assert_eq!(read_vector(&write("|i1", &[2], [255, 1])).unwrap(), [-1.0, 1.0]);
    }

    #[test]
    fn reads_floats_of_any_width() {
        for (kind, shape, data) in [
            ("<f2", &[3][..], [0x3800_u16, 0xc500, 0x0001].map(u16::to_le_bytes).concat()),
            (">f2", &[1, 3], [0x3800_u16, 0xc500, 0x0001].map(u16::to_be_bytes).concat()),
            ("<f4", &[3, 1], [0.5_f32, -5.0, 5.960_464_5e-8].map(f32::to_le_bytes).concat()),
            (">f4", &[1, 1, 3], [0.5_f32, -5.0, 5.960_464_5e-8].map(f32::to_be_bytes).concat()),
            ("<f8", &[3], [0.5_f64, -5.0, 2_f64.powi(-24)].map(f64::to_le_bytes).concat()),
        ] {
            assert_eq!(
                read_vector(&write(kind, shape, data)).unwrap(),
                [0.5, -5.0, 2_f64.powi(-24)],
                "{kind}"
            );
        }
        assert!(half(0x7e00).is_nan() && half(0x7c00).is_infinite() && half(0xfc00) == f64::NEG_INFINITY);
    }

    #[test]
    fn says_why_bytes_are_no_vector() {
        let good = write("<i4", &[2], [0; 8]);
        for cut in [0, 5, 7, 9, 40, good.len() - 1] {
            assert!(read_vector(&good[..cut]).is_err(), "{cut}");
        }
        for (bytes, why) in [
            (b"RIFF".to_vec(), "it is not a NumPy array: it does not start with its magic bytes"),
            (good[..20].to_vec(), "it is not a NumPy array: its header is truncated"),
            (good[..good.len() - 1].to_vec(), "it has 1 numbers, but its header says 2"),
            (write("<f4", &[2, 3], [0; 24]), "its shape is [2, 3], expected one dimension"),
            (write("<c8", &[1], [0; 8]), "its elements are `<c8`, expected integers or floats"),
            (write("|O", &[2], [0x80]), "its elements are `|O`, expected integers or floats"),
            (
                write("<i8", &[99_999_999_999_999_999, 99_999_999], [0; 8]),
                "it is not a NumPy array: its shape is too large",
            ),
            (write("<f4", &[9_999_999_999], [0; 8]), "it has 9999999999 numbers, expected at most 1048576"),
        ] {
            assert_eq!(read_vector(&bytes).unwrap_err().to_string(), why);
        }
    }
}
