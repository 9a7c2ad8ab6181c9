//! Words as letters, and the split into training and held-out words.

/// Returns the index of a letter in the network's input: a to z, then the apostrophe.
fn letter_index(byte: u8) -> Option<usize> {
    match byte {
        b'a'..=b'z' => Some(usize::from(byte - b'a')),
        b'\'' => Some(26),
        _ => None,
    }
}

/// Converts a lowercase word to letter indices; characters other than a to z and the apostrophe are dropped.
#[must_use]
pub fn letter_indices(word: &str) -> Vec<usize> {
    word.bytes().filter_map(letter_index).collect()
}

/// Returns true for the tenth of CMUdict that no model is trained on and every model is tested on.
///
/// The choice depends on the letters alone (FNV-1a of a to z, its upper half modulo ten), so that `cats` and
/// `cat's` end up on the same side.
#[must_use]
pub fn is_held_out(word: &str) -> bool {
    let letters = word.bytes().filter(u8::is_ascii_lowercase);
    let hash = letters.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    (hash >> 32).is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;

    #[test]
    fn counts_letters_from_a() {
        assert_eq!(letter_indices("az'-A.b"), [0, 25, 26, 1]);
        assert_eq!(letter_indices(""), [0_usize; 0]);
    }

    #[test]
    fn holds_out_a_tenth_of_the_dictionary() {
        let (mut words, mut held_out) = (0, 0);
        Dictionary::cmudict().for_each(|word, _| {
            words += 1;
            held_out += u32::from(is_held_out(word));
        });
        assert_eq!((words, is_held_out("cat's")), (126_052, is_held_out("cats")));
        assert_eq!(held_out, 12_265);
    }
}
