//! NumPy files.

/// Encodes an array as a NumPy file: format version 1.0, little-endian, C order. `kind` is NumPy's name of the type.
pub(super) fn npy(kind: &str, shape: &[usize], data: impl IntoIterator<Item = u8>) -> Vec<u8> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    const ALIGNMENT: usize = 64;
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut header =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}{comma}), }}", sizes.join(", "));
    // The data begins at a multiple of 64, after a newline.
    let unpadded = MAGIC.len() + 2 + header.len() + 1;
    header.push_str(&" ".repeat(unpadded.next_multiple_of(ALIGNMENT) - unpadded));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// Encodes numbers in single precision.
pub(super) fn npy_f32(shape: &[usize], data: &[f32]) -> Vec<u8> {
    npy("<f4", shape, data.iter().flat_map(|value| value.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{npy, npy_f32};

    #[test]
    fn writes_the_header_of_numpy_and_aligned_data() {
        let bytes = npy_f32(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let data = bytes.len() - 24;
        assert_eq!(data % 64, 0);
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        assert_eq!(usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), data - 10);
        assert!(bytes[10..data].starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
        assert_eq!(&bytes[data..data + 4], 1.0_f32.to_le_bytes());
        let one = npy("<i8", &[1], 7_i64.to_le_bytes());
        assert!(one[10..].starts_with(b"{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }"));
    }
}
