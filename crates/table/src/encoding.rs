//! Encodings of text files.

/// Characters of Windows-1252 at 0x80 to 0x9F, where Latin-1 has no printable ones; a space for the undefined.
const WINDOWS: [char; 32] = [
    '€', ' ', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', ' ', 'Ž', ' ', ' ', '‘', '’', '“', '”',
    '•', '–', '—', '˜', '™', 'š', '›', 'œ', ' ', 'ž', 'Ÿ',
];

/// Decodes UTF-8, UTF-16, or otherwise Windows-1252, a superset of Latin-1; removes a byte order mark.
///
/// UTF-16 is detected by its byte order mark, or by the zero byte of an initial ASCII character.
///
/// # Errors
///
/// The position at which a file violates all of these encodings.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(to_utf_8(bytes)?).or_else(|error| windows_1252(error.as_bytes()))
}

/// Turns UTF-16 into UTF-8 and removes a byte order mark; other bytes remain as they are, whatever they are.
///
/// UTF-16 is detected by its byte order mark, or by the zero byte of an initial ASCII character.
///
/// # Errors
///
/// The reason why a file that begins as UTF-16 is none.
pub fn to_utf_8(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        [1..=0x7F, 0, ..] => utf_16(&bytes, u16::from_le_bytes),
        [0, 1..=0x7F, ..] => utf_16(&bytes, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Ok(rest.to_vec()),
        _ => Ok(bytes),
    }
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Vec<u8>, String> {
    let (pairs, odd) = bytes.as_chunks();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    match String::from_utf16(&units) {
        Ok(text) if odd.is_empty() => Ok(text.into_bytes()),
        _ => Err("it starts as UTF-16 but is not valid UTF-16".to_owned()),
    }
}

fn windows_1252(bytes: &[u8]) -> Result<String, String> {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for (index, byte) in bytes.iter().enumerate() {
        let character = match byte {
            0x80..=0x9F => WINDOWS[usize::from(byte - 0x80)],
            _ => char::from(*byte),
        };
        if *byte >= 0x80 && character == ' ' {
            let line = bytes[..index].split(|byte| *byte == b'\n').count();
            return Err(format!("the byte {byte:#04x} on line {line} is neither UTF-8 nor Windows-1252"));
        }
        text.push(character);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "süß;“é”\n";
        let utf_16 = |mark: &str, bytes: fn(u16) -> [u8; 2]| {
            format!("{mark}{text}").encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
        };
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            utf_16("\u{FEFF}", u16::to_le_bytes),
            utf_16("\u{FEFF}", u16::to_be_bytes),
            utf_16("", u16::to_le_bytes),
            utf_16("", u16::to_be_bytes),
            b"s\xFC\xDF;\x93\xE9\x94\n".to_vec(),
        ] {
            assert_eq!(decode(bytes.clone()).unwrap(), text, "{bytes:?}");
        }
        assert_eq!(decode(Vec::new()).unwrap(), "");
    }

    #[test]
    fn rejects_invalid_encodings() {
        assert!(decode(b"a\nb\x81".to_vec()).unwrap_err().contains("0x81 on line 2"));
        assert!(decode(b"\xFF\xFEa".to_vec()).is_err());
        assert!(decode(b"\xFF\xFE\x00\xD8".to_vec()).is_err(), "half of a surrogate pair");
    }
}
