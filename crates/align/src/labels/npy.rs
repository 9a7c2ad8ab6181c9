//! One-dimensional numeric arrays in NumPy's `.npy` format.

use super::label::FormatError;

/// Largest array that is read, longer than any utterance.
const MOST_VALUES: usize = 1 << 20;

/// Reads an array of integers or floats with one dimension, apart from others of length 1.
///
/// # References
///
/// NumPy's `numpy/lib/format.py`: magic, version, length of the header, the header as a Python literal, the data.
pub(super) fn read_npy(bytes: &[u8]) -> Result<Vec<f64>, FormatError> {
    let broken = |why: &str| FormatError::new(format!("it is not a NumPy array: {why}"));
    let rest =
        bytes.strip_prefix(b"\x93NUMPY").ok_or_else(|| broken("it does not start with its magic bytes"))?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(|| broken("its header is truncated"))?;
    let (length, rest) = match version[0] {
        1 => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_le_bytes(*length)), rest)),
        2 | 3 => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest)),
        _ => return Err(broken("its version is not 1, 2 or 3")),
    }
    .ok_or_else(|| broken("its header is truncated"))?;
    let (header, data) = rest.split_at_checked(length).ok_or_else(|| broken("its header is truncated"))?;
    let header = str::from_utf8(header).map_err(|_| broken("its header is not UTF-8"))?;
    let kind = quoted(header, "descr").ok_or_else(|| broken("its header has no `descr`"))?;
    let shape = shape(header).ok_or_else(|| broken("its header has no `shape`"))?;
    let count = shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
    let count = count.filter(|count| *count <= MOST_VALUES).ok_or_else(|| broken("it is too large"))?;
    if shape.iter().filter(|side| **side != 1).count() > 1 {
        return Err(FormatError::new(format!("its shape is {shape:?}, expected one dimension")));
    }
    let values = values(kind, data)
        .ok_or_else(|| FormatError::new(format!("its elements are `{kind}`, expected integers or floats")))?;
    if values.len() < count {
        return Err(broken("it has fewer elements than its shape"));
    }
    Ok(values.into_iter().take(count).collect())
}

/// Returns the quoted text after `'key':`.
fn quoted<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{key}':"))?;
    rest.trim_start().strip_prefix('\'')?.split('\'').next()
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let (_, rest) = header.split_once("'shape':")?;
    let (sides, _) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    sides.split(',').map(str::trim).filter(|side| !side.is_empty()).map(|side| side.parse().ok()).collect()
}

#[expect(clippy::cast_lossless, reason = "one macro for integers of all widths")]
fn values(kind: &str, data: &[u8]) -> Option<Vec<f64>> {
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
        ">i4" => read!(i32, from_be_bytes),
        ">i8" => read!(i64, from_be_bytes),
        ">f4" => read!(f32, from_be_bytes),
        ">f8" => read!(f64, from_be_bytes),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::read_npy;

    /// Builds a file of version 1 in NumPy's layout.
    fn npy(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
        while !(10 + header.len() + 1).is_multiple_of(64) {
            header.push(' ');
        }
        header.push('\n');
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
    }

    #[test]
    fn reads_integers_and_floats_of_any_width() {
        let check = |kind: &str, shape: &str, data: &[u8]| {
            assert_eq!(read_npy(&npy(kind, shape, data)).unwrap(), [3.0, 1.0], "{kind} {shape}");
        };
        check("<i8", "(2,)", &[3_i64, 1].map(i64::to_le_bytes).concat());
        check("<i4", "(1, 2)", &[3_i32, 1].map(i32::to_le_bytes).concat());
        check(">i4", "(2, 1)", &[3_i32, 1].map(i32::to_be_bytes).concat());
        check("<u2", "(2,)", &[3_u16, 1].map(u16::to_le_bytes).concat());
        check("|u1", "(2,)", &[3, 1]);
        check("<f4", "(2,)", &[3_f32, 1.0].map(f32::to_le_bytes).concat());
        check("<f8", "(2,)", &[3_f64, 1.0].map(f64::to_le_bytes).concat());
    }

    #[test]
    fn rejects_malformed_arrays() {
        let good = npy("<i4", "(2,)", &[0; 8]);
        for cut in [0, 5, 7, 9, 40, good.len() - 1] {
            assert!(read_npy(&good[..cut]).is_err(), "{cut}");
        }
        assert!(read_npy(&npy("<i4", "(2, 2)", &[0; 16])).unwrap_err().why.contains("one dimension"));
        assert!(read_npy(&npy("<c8", "(1,)", &[0; 8])).unwrap_err().why.contains("`<c8`"));
        assert!(read_npy(&npy("<i8", "(99999999999999999, 99999999)", &[0; 8])).is_err());
    }
}
