//! Vectors of floats in NumPy's `.npy` format.

/// The most numbers of a vector, more than any embedding has.
const MOST_NUMBERS: usize = 1 << 20;

/// Reads an array with one dimension, apart from others of length 1; the reason otherwise is a clause about the file.
///
/// Arrays of Python objects are pickles, which are programs; they are refused like any other kind that is no float.
///
/// # References
///
/// NumPy's `numpy/lib/format.py`: magic, version, length of the header, the header as a Python literal, the data.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<f64>, String> {
    let (kind, sides, data) = header(bytes).ok_or("is no NumPy array")?;
    if sides.iter().filter(|side| **side != 1).count() > 1 {
        return Err(format!("has the shape {sides:?}, but an embedding is one vector"));
    }
    let count: usize = sides.iter().product();
    if count > MOST_NUMBERS {
        return Err(format!("has {count} numbers, more than any embedding"));
    }
    let mut numbers = match kind {
        "<f2" => numbers(data, |bytes| half(u16::from_le_bytes(bytes))),
        ">f2" => numbers(data, |bytes| half(u16::from_be_bytes(bytes))),
        "<f4" => numbers(data, |bytes| f64::from(f32::from_le_bytes(bytes))),
        ">f4" => numbers(data, |bytes| f64::from(f32::from_be_bytes(bytes))),
        "<f8" => numbers(data, f64::from_le_bytes),
        ">f8" => numbers(data, f64::from_be_bytes),
        _ => return Err(format!("has elements of the kind `{kind}`, which are no floats")),
    };
    if numbers.len() < count {
        return Err(format!("has {} numbers, but its header says {count}", numbers.len()));
    }
    numbers.truncate(count);
    Ok(numbers)
}

/// Splits a file into the kind of its elements, its shape and the data.
fn header(bytes: &[u8]) -> Option<(&str, Vec<usize>, &[u8])> {
    let (version, rest) = bytes.strip_prefix(b"\x93NUMPY")?.split_first_chunk::<2>()?;
    let (length, rest) = match version[0] {
        1 => {
            rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_le_bytes(*length)), rest))?
        }
        2 | 3 => {
            rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest))?
        }
        _ => return None,
    };
    let (header, data) = rest.split_at_checked(length)?;
    let header = str::from_utf8(header).ok()?;
    let after = |key: &str| header.split_once(key).map(|(_, rest)| rest.trim_start());
    let kind = after("'descr':")?.strip_prefix('\'')?.split('\'').next()?;
    let (sides, _) = after("'shape':")?.strip_prefix('(')?.split_once(')')?;
    let sides = sides.split(',').map(str::trim).filter(|side| !side.is_empty());
    let sides: Vec<usize> = sides.map(|side| side.parse().ok()).collect::<Option<_>>()?;
    // Sides whose product is no number are no shape.
    sides.iter().try_fold(1_usize, |product, side| product.checked_mul(*side))?;
    Some((kind, sides, data))
}

fn numbers<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    data.as_chunks().0.iter().map(|bytes| number(*bytes)).collect()
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Builds a file of version 1 in NumPy's layout.
    pub(crate) fn file(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
        while !(10 + header.len() + 1).is_multiple_of(64) {
            header.push(' ');
        }
        header.push('\n');
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
    }

    #[test]
    fn reads_floats_of_any_width() {
        for (kind, shape, data) in [
            ("<f2", "(3,)", [0x3800_u16, 0xc500, 0x0001].map(u16::to_le_bytes).concat()),
            (">f2", "(1, 3)", [0x3800_u16, 0xc500, 0x0001].map(u16::to_be_bytes).concat()),
            ("<f4", "(3, 1)", [0.5_f32, -5.0, 5.960_464_5e-8].map(f32::to_le_bytes).concat()),
            (">f4", "(1, 1, 3)", [0.5_f32, -5.0, 5.960_464_5e-8].map(f32::to_be_bytes).concat()),
            ("<f8", "(3,)", [0.5_f64, -5.0, 2_f64.powi(-24)].map(f64::to_le_bytes).concat()),
        ] {
            assert_eq!(read(&file(kind, shape, &data)).unwrap(), [0.5, -5.0, 2_f64.powi(-24)], "{kind}");
        }
        assert!(half(0x7e00).is_nan() && half(0x7c00).is_infinite() && half(0xfc00) == f64::NEG_INFINITY);
    }

    #[test]
    fn says_why_a_file_is_no_vector() {
        let good = file("<f8", "(2,)", &[0; 16]);
        for (bytes, why) in [
            (&b"RIFF"[..], "is no NumPy array"),
            (&good[..20], "is no NumPy array"),
            (&good[..good.len() - 1], "has 1 numbers, but its header says 2"),
            (&file("<f4", "(2, 3)", &[0; 24]), "has the shape [2, 3], but an embedding is one vector"),
            (&file("|O", "(2,)", b"\x80"), "has elements of the kind `|O`, which are no floats"),
            (&file("<f4", "(99999999999999999, 99999999)", &[0; 8]), "is no NumPy array"),
            (&file("<f4", "(9999999999,)", &[0; 8]), "has 9999999999 numbers, more than any embedding"),
        ] {
            assert_eq!(read(bytes).unwrap_err(), why);
        }
    }
}
