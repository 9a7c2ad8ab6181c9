//! Sup-phonemes of a million pseudowords.
//!
//! ```text
//! cargo run -p mynah-text --example bpe_bench -- words 1000000 words.txt
//! cargo run -p mynah-text --example bpe_bench -- train words.txt 30000
//! ```
//!
//! `words` writes distinct words, with one code point per phone, sampled from the frequencies with which each
//! phone of CMUdict follows the two before it; the same count gives the same file. `train` learns from such a
//! file, counting each word once, and prints processor seconds, peak memory and the length of the encoded
//! words as JSON. `cargo xtask bench bpe` runs both, along with Hugging Face's `tokenizers`
//! (`benches/bpe_peer.py`).

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::fmt::Write as _;
use std::{env, fs};

use mynah_text::{Dictionary, Phone, SupPhones};

/// First code point of the phones, in the Private Use Area as in `supphones.json`.
const FIRST_CODE_POINT: u32 = 0xE000;
const LONGEST: usize = 24;
const SEED: u64 = 220_504_421;

/// The two preceding phones; `None` before the beginning.
type Context = [Option<Phone>; 2];
/// Following phones and their cumulative counts; `None` is the end of the word.
type Followers = Vec<(u64, Option<Phone>)>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["words", count, path] => Ok(fs::write(path, words(count.parse()?))?),
        ["train", path, merges] => train(&fs::read_to_string(path)?, merges.parse()?),
        _ => Err("usage: bpe_bench words COUNT OUT.txt | bpe_bench train WORDS.txt MERGES".into()),
    }
}

fn words(count: usize) -> String {
    let chain = chain();
    let mut state = SEED;
    let mut seen = HashSet::with_capacity(count);
    let mut text = String::new();
    while seen.len() < count {
        let mut word: Vec<Phone> = Vec::new();
        let mut context: Context = [None, None];
        while let Some(phone) = chain.get(&context).and_then(|followers| draw(followers, &mut state)) {
            word.push(phone);
            context = [context[1], Some(phone)];
        }
        if word.is_empty() || word.len() > LONGEST {
            continue;
        }
        let line: String =
            word.iter().filter_map(|phone| char::from_u32(FIRST_CODE_POINT + phone.index() as u32)).collect();
        if seen.insert(word) {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// Counts what follows each pair of phones in CMUdict.
fn chain() -> BTreeMap<Context, Followers> {
    let mut counts: BTreeMap<Context, BTreeMap<Option<Phone>, u64>> = BTreeMap::new();
    Dictionary::cmudict().for_each(|_, variants| {
        for variant in variants {
            let mut context = [None, None];
            for next in variant.into_iter().map(Some).chain([None]) {
                *counts.entry(context).or_default().entry(next).or_default() += 1;
                context = [context[1], next];
            }
        }
    });
    let sum_up = |followers: BTreeMap<Option<Phone>, u64>| {
        let mut sum = 0;
        let sums = followers.into_iter().map(|(next, count)| {
            sum += count;
            (sum, next)
        });
        sums.collect()
    };
    counts.into_iter().map(|(context, followers)| (context, sum_up(followers))).collect()
}

/// Draws a follower at random.
fn draw(followers: &Followers, state: &mut u64) -> Option<Phone> {
    let total = followers.last()?.0;
    let at = next(state) % total;
    followers[followers.partition_point(|(sum, _)| *sum <= at)].1
}

/// Generates random numbers by `SplitMix64`: Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn train(text: &str, merges: usize) -> Result<(), Box<dyn Error>> {
    let read = |line: &str| -> Vec<Phone> {
        line.chars()
            .filter_map(|character| Phone::from_index((u32::from(character) - FIRST_CODE_POINT) as usize))
            .collect()
    };
    let sup_phones = SupPhones::train(text.lines().map(|line| (read(line), 1)), merges);
    let (seconds, bytes) = cost()?;
    let (mut words, mut length) = (0_usize, 0);
    for line in text.lines().step_by(10) {
        words += 1;
        length += sup_phones.encode_word(&read(line)).len();
    }
    let tokens = length as f64 / words as f64;
    let merges = sup_phones.merges().len();
    println!(
        "{{\"cpu_seconds\": {seconds:.2}, \"peak_bytes\": {bytes}, \"merges\": {merges}, \"tokens_per_word\": {tokens:.4}}}"
    );
    Ok(())
}

/// Returns the processor time and peak memory of this process, as counted by Linux.
fn cost() -> Result<(f64, u64), Box<dyn Error>> {
    /// Unit of time in `/proc`.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).ok_or("no times in /proc");
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak in /proc")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND, kilobytes * 1024))
}
