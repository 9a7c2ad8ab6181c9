//! Parsed content of label files, before comparison with a dataset.

/// A labeled span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Start in seconds.
    pub start: f64,
    /// End in seconds.
    pub end: f64,
    /// A phone, or one of the names of silence.
    pub text: String,
    /// Line of the file, from 1, if the format has lines.
    pub line: Option<u64>,
}

/// Content of a file for one utterance.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Labels in chronological order.
    Labels(Vec<Label>),
    /// Durations in frames.
    Frames(Vec<f64>),
}

/// Error of a file that violates its format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct FormatError {
    /// Line, from 1, if the format has lines.
    pub line: Option<u64>,
    /// Description of the fault.
    pub why: String,
}

impl FormatError {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self { line: None, why: why.into() }
    }

    pub(crate) fn at(line: u64, why: impl Into<String>) -> Self {
        Self { line: Some(line), why: why.into() }
    }
}

/// Decodes UTF-8, or UTF-16 with a byte order mark, both of which Praat writes.
pub(crate) fn decode_text(bytes: &[u8]) -> Result<String, FormatError> {
    let utf_16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks();
        if !odd.is_empty() {
            return Err(FormatError::new("it ends within a UTF-16 character"));
        }
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16(&units)
            .map_err(|_| FormatError::new("it starts like UTF-16 but is not valid UTF-16"))
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf_8(rest),
        _ => utf_8(bytes),
    }
}

fn utf_8(bytes: &[u8]) -> Result<String, FormatError> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        FormatError::at(line as u64, "it is not valid UTF-8")
    })?;
    Ok(text.to_owned())
}

/// Parses a time in seconds.
pub(super) fn seconds(text: &str, line: u64) -> Result<f64, FormatError> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(FormatError::at(line, format!("`{text}` is not a time"))),
    }
}

#[cfg(test)]
mod tests {
    use super::decode_text;

    #[test]
    fn reads_every_encoding_of_praat() {
        let text = "ˈoʊ \"ə\" 𝄞";
        let utf_16 = |mark: u16, bytes: fn(u16) -> [u8; 2]| {
            [mark].into_iter().chain(text.encode_utf16()).flat_map(bytes).collect::<Vec<u8>>()
        };
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            utf_16(0xFEFF, u16::to_le_bytes),
            utf_16(0xFEFF, u16::to_be_bytes),
        ] {
            assert_eq!(decode_text(&bytes).unwrap(), text);
        }
        assert_eq!(decode_text(b"a\nb\xFF").unwrap_err().line, Some(2));
        assert!(decode_text(b"\xFF\xFEa").is_err());
        assert!(decode_text(b"\xFF\xFE\x00\xD8").is_err(), "half of a surrogate pair");
    }
}
