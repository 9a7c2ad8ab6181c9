//! Words as letters, and which of them nothing may be learnt from.

/// The position of a letter's network input: a to z, then the apostrophe.
fn letter_index(byte: u8) -> Option<usize> {
    match byte {
        b'a'..=b'z' => Some(usize::from(byte - b'a')),
        b'\'' => Some(26),
        _ => None,
    }
}

/// A lower-case word as the network reads it; characters other than a to z and the apostrophe are left out.
#[must_use]
pub fn letter_indices(word: &str) -> Vec<usize> {
    word.bytes().filter_map(letter_index).collect()
}

/// Whether a word belongs to the tenth of CMUdict that no model is trained on and every model is tested on.
///
/// The choice is by the letters alone (FNV-1a of a to z, its upper half modulo ten), so that `cats` and `cat's` fall on
/// the same side.
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
    fn letters_are_counted_from_a() {
        assert_eq!(letter_indices("az'-A.b"), [0, 25, 26, 1]);
        assert_eq!(letter_indices(""), [0_usize; 0]);
    }

    #[test]
    fn a_tenth_of_the_dictionary_is_held_out() {
        let (mut words, mut held_out) = (0, 0);
        Dictionary::cmudict().for_each(|word, _| {
            words += 1;
            held_out += u32::from(is_held_out(word));
        });
        assert_eq!((words, is_held_out("cat's")), (126_052, is_held_out("cats")));
        assert_eq!(held_out, 12_265);
    }
}
