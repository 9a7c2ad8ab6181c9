//! Hand-back codes: the scores of a session in some forty letters and digits, for people who cannot send a file.
//!
//! ```text
//! M1-xxxxx-xxxxx-…   base 32 (Crockford), most significant bit first:
//!   16 bits          the session
//!   3 bits a trial   the point of the scale, from 0 for the lowest; 7 for a trial without an answer
//!                    on a scale of 101 points, 7 bits and 127
//!   24 bits          the first bits of SHA-256 of `bundle:session:digits`, with a digit for each trial, or three on 101 points
//!   0 to 4 bits      zeros
//! ```
//!
//! A code says what was answered, not when, nor what was heard.

use sha2::{Digest as _, Sha256};

use crate::design::plan::Plan;

/// The beginning of a code.
pub(crate) const PREFIX: &str = "m1-";
const DIGITS: &str = "0123456789abcdefghjkmnpqrstvwxyz";
const SESSION_BITS: usize = 16;
const SCORE_BITS: usize = 3;
const CHECK_BITS: usize = 24;

/// The form of a score in the codes of a plan.
#[derive(Debug, Clone, Copy)]
struct Form {
    bits: usize,
    /// Stands for a trial without an answer.
    none: u8,
    /// Decimal digits in the text that is hashed.
    width: usize,
}

impl Form {
    fn of(plan: &Plan) -> Self {
        let (lowest, highest) = plan.protocol.paradigm.scale();
        let points = (highest - lowest + 1) as u32;
        // The scales of a few points have the same form.
        let bits = SCORE_BITS.max(points.ilog2() as usize + 1);
        let none = u8::MAX >> (u8::BITS as usize - bits);
        Self { bits, none, width: none.to_string().len() }
    }
}

/// The content of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) session: usize,
    /// The answer to each trial, as steps above the lowest point of the scale.
    pub(crate) scores: Vec<Option<u8>>,
}

/// Finds all codes in a text, such as a mail, and reads them; a code that cannot be read becomes the reason.
pub(crate) fn codes(text: &str, plan: &Plan, bundle: &str) -> Vec<Result<Code, String>> {
    let lower = text.to_lowercase();
    lower.split(PREFIX).skip(1).map(|rest| read(rest, plan, bundle)).collect()
}

/// Reads a code behind its beginning. Blanks, hyphens and marks of quotation in it do not matter.
fn read(rest: &str, plan: &Plan, bundle: &str) -> Result<Code, String> {
    let mut digits = rest
        .chars()
        .filter(|c| !(c.is_whitespace() || matches!(c, '-' | '>' | '=' | '|' | '\u{ad}')))
        .map_while(|c| {
            let c = match c {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            };
            DIGITS.find(c).map(|digit| digit as u8)
        });
    let mut bits: Vec<bool> = Vec::new();
    let mut take = |n: usize| -> Result<Vec<bool>, String> {
        while bits.len() < n {
            let digit = digits.next().ok_or("the code is cut short")?;
            bits.extend((0..5).rev().map(|bit| digit >> bit & 1 == 1));
        }
        Ok(bits.drain(..n).collect())
    };
    let number = |bits: Vec<bool>| bits.into_iter().fold(0_u32, |sum, bit| sum << 1 | u32::from(bit));
    let session = number(take(SESSION_BITS)?) as usize;
    let wrong = || "the code is mistyped, or of another bundle".to_owned();
    let form = Form::of(plan);
    let n_trials = plan.sessions.get(session).ok_or_else(wrong)?.trials.len();
    let mut digits = Vec::with_capacity(n_trials);
    for _ in 0..n_trials {
        digits.push(number(take(form.bits)?) as u8);
    }
    if number(take(CHECK_BITS)?) != check(bundle, session, &digits, form) {
        return Err(wrong());
    }
    let scores = digits.into_iter().map(|digit| (digit != form.none).then_some(digit)).collect();
    Ok(Code { session, scores })
}

/// Returns the bits by which a mistyped code is noticed.
fn check(bundle: &str, session: usize, digits: &[u8], form: Form) -> u32 {
    let width = form.width;
    let digits = digits.iter().map(|digit| format!("{digit:0width$}")).collect::<Vec<_>>().concat();
    let hash = Sha256::digest(format!("{bundle}:{session}:{digits}"));
    u32::from_be_bytes([0, hash[0], hash[1], hash[2]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::protocol::Protocol;
    use crate::paradigms::Paradigm;
    use crate::system::{Role, System};

    const NONE: u8 = 7;

    /// Writes a code as the page does.
    fn write(plan: &Plan, session: usize, digits: &[u8], bundle: &str) -> String {
        let form = Form::of(plan);
        let mut bits: Vec<bool> = Vec::new();
        let mut push = |value: u32, n: usize| bits.extend((0..n).rev().map(|bit| value >> bit & 1 == 1));
        push(session as u32, SESSION_BITS);
        for &digit in digits {
            push(u32::from(digit), form.bits);
        }
        push(check(bundle, session, digits, form), CHECK_BITS);
        while !bits.len().is_multiple_of(5) {
            bits.push(false);
        }
        let digit = |five: &[bool]| five.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit));
        let letters: Vec<char> =
            bits.chunks(5).map(|five| char::from(DIGITS.as_bytes()[digit(five)])).collect();
        let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
        format!("M1-{}", groups.join("-"))
    }

    fn plan(paradigm: Paradigm) -> Plan {
        let system = |name: &str, role| System { name: name.into(), role, directory: name.into() };
        let systems = vec![system("recordings", Role::Reference), system("voice", Role::Candidate)];
        let items = (0..50).map(|number| format!("s{number}")).collect();
        Plan::new(Protocol::standard(paradigm), systems, items, "study", 1).expect("a plan")
    }

    #[test]
    fn codes_are_read_from_mails() {
        let plan = plan(Paradigm::Cmos);
        let n = plan.sessions[3].trials.len();
        let digits: Vec<u8> = (0..n).map(|page| if page == 5 { NONE } else { (page % 7) as u8 }).collect();
        let code = write(&plan, 3, &digits, "abc");
        assert_eq!(code.len(), 50, "{code}");
        let expected: Vec<Option<u8>> = (0..n).map(|page| (page != 5).then_some((page % 7) as u8)).collect();
        let right = vec![Ok(Code { session: 3, scores: expected })];
        assert_eq!(codes(&format!("Hello,\n\nmy code is {code}. Bye!"), &plan, "abc"), right);
        // Quoted, broken, in capitals, without hyphens, and with letters that look like digits.
        let quoted = format!("> {}\n> {}\n", &code[..20], &code[20..]);
        assert_eq!(codes(&quoted, &plan, "abc"), right);
        let typed = format!("m1-{}", code[3..].replace('-', " ").replace('0', "O").replace('1', "l"));
        assert_eq!(codes(&typed.to_uppercase(), &plan, "abc"), right);
        let both = format!("{code}\n{}", write(&plan, 0, &digits, "abc"));
        assert_eq!(codes(&both, &plan, "abc").len(), 2);
    }

    #[test]
    fn every_mistyped_letter_is_noticed() {
        let plan = plan(Paradigm::Cmos);
        let digits: Vec<u8> = (0..plan.sessions[1].trials.len()).map(|page| (page % 7) as u8).collect();
        let code = write(&plan, 1, &digits, "abc");
        for (position, letter) in code.char_indices().skip(3).filter(|(_, letter)| *letter != '-') {
            let other = if letter == '7' { '8' } else { '7' };
            let mut typed = code.clone();
            typed.replace_range(position..=position, &other.to_string());
            // The last letter has bits that are always zero.
            let read = codes(&typed, &plan, "abc");
            assert!(read[0].is_err() || position + 1 == code.len(), "{typed}: {read:?}");
        }
        assert!(codes(&code[..40], &plan, "abc")[0].as_ref().is_err_and(|why| why.contains("cut short")));
        assert!(codes(&code, &plan, "other")[0].is_err());
    }

    #[test]
    fn a_scale_of_101_points_takes_seven_bits() {
        let plan = plan(Paradigm::Mushra);
        let n = plan.sessions[2].trials.len();
        let digits: Vec<u8> = (0..n).map(|trial| [100, 0, 7, 127][trial % 4]).collect();
        let code = write(&plan, 2, &digits, "abc");
        // Two clips on each of twelve pages.
        assert_eq!(n, 24);
        assert_eq!(code.chars().filter(|c| *c != '-').count(), 2 + (16 + 24 * 7 + 24_usize).div_ceil(5));
        let scores = (0..n).map(|trial| [Some(100), Some(0), Some(7), None][trial % 4]).collect();
        assert_eq!(codes(&code, &plan, "abc"), [Ok(Code { session: 2, scores })]);
    }
}
