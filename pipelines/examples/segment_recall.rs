//! Recall of `mynah-prepare segment`: clips of a corpus are joined to one recording, with planted faults, and cut again.
//!
//! Usage: `segment_recall CORPUS DIR [SEED]`. DIR must not exist; it gets the recording, its text and the new corpus.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Parser as _;
use mynah_corpus::{Code, Corpus, Problem, SourceRecipe};
use mynah_pipelines::prepare::Args;
use mynah_signal::{Recording, Waveform, silence, wav};
use mynah_table::read_table;
use serde::Deserialize;

/// Clips that are left out of the recording, left out of the text, and exchange their texts in pairs; bursts of noise.
const UNREAD: usize = 12;
const UNWRITTEN: usize = 12;
const SWAPPED: usize = 20;
const NOISES: usize = 8;
/// Tolerance of a cut, in seconds.
const TOLERANCE: f64 = 0.05;
/// Level in dB below the loudest hundredth of a second of a clip at which its speech begins and ends.
const BELOW_LOUDEST_DB: f64 = 40.0;

/// A clip in the recording.
struct Read {
    /// Line of its text, from 1; `None` if it has none.
    line: Option<u64>,
    /// Times of its speech.
    speech: Range<f64>,
    is_faulty: bool,
}

#[derive(Deserialize)]
struct Segment {
    line: u64,
    start_seconds: f64,
    end_seconds: f64,
    speech_start_seconds: f64,
    speech_end_seconds: f64,
}

#[derive(Deserialize)]
struct Passage {
    line: u64,
    clip: Option<String>,
    start_seconds: Option<f64>,
    end_seconds: Option<f64>,
}

/// A linear congruential generator: the same faults on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn unit(&mut self) -> f64 {
        self.below(1 << 20) as f64 / f64::from(1 << 20)
    }

    /// Draws different clips, which are then taken.
    fn draw(&mut self, count: usize, free: &mut Vec<usize>) -> Vec<usize> {
        (0..count.min(free.len())).map(|_| free.swap_remove(self.below(free.len()))).collect()
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [corpus, out, seed @ ..] = &arguments[..] else { bail!("usage: segment_recall CORPUS DIR [SEED]") };
    let seed: u64 = seed.first().map_or(Ok(1), |seed| seed.parse())?;
    let out = Path::new(out);
    if out.exists() {
        bail!("`{}` exists: name a new directory", out.display());
    }
    fs::create_dir_all(out)?;
    let corpus = Corpus::open(Path::new(corpus), &SourceRecipe::default())?;
    let entries = corpus.list()?.entries;
    let mut random = Random(seed);
    let mut free: Vec<usize> = (0..entries.len()).collect();
    let unread: BTreeSet<usize> = random.draw(UNREAD, &mut free).into_iter().collect();
    let unwritten: BTreeSet<usize> = random.draw(UNWRITTEN, &mut free).into_iter().collect();
    let swapped = random.draw(SWAPPED, &mut free);
    let noisy: BTreeSet<usize> = random.draw(NOISES, &mut free.clone()).into_iter().collect();

    let mut order: Vec<usize> = (0..entries.len()).collect();
    for pair in swapped.chunks_exact(2) {
        order.swap(pair[0], pair[1]);
    }
    let is_swapped: BTreeSet<usize> = swapped.iter().copied().collect();
    let mut lines = Vec::new();
    let mut line_of = BTreeMap::new();
    for (index, text_of) in order.iter().enumerate() {
        if !unwritten.contains(&index) {
            lines.push(entries[*text_of].normalized.clone());
            line_of.insert(index, lines.len() as u64);
        }
    }

    let mut samples: Vec<f32> = Vec::new();
    let mut rate = 0;
    let (mut reads, mut noises) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let clip = Recording::read(corpus.root().join(&entry.audio))?;
        rate = clip.sample_rate();
        let per_second = f64::from(rate);
        // Room tone, or digital silence every third time.
        let level = if index % 3 == 0 { 0.0 } else { 4e-4 };
        let pause = ((0.3 + 0.9 * random.unit()) * per_second) as usize;
        samples.extend((0..pause).map(|_| (level * (2.0 * random.unit() - 1.0)) as f32));
        if noisy.contains(&index) {
            let start = samples.len() as f64 / per_second;
            let length = ((1.5 + 2.0 * random.unit()) * per_second) as usize;
            samples.extend((0..length).map(|_| (0.2 * (2.0 * random.unit() - 1.0)) as f32));
            noises.push(start..samples.len() as f64 / per_second);
            samples.extend((0..rate as usize / 2).map(|_| (4e-4 * (2.0 * random.unit() - 1.0)) as f32));
        }
        if unread.contains(&index) {
            continue;
        }
        let clip = Waveform::new(clip.into_samples(), rate);
        let speech = silence::active_range(&clip, BELOW_LOUDEST_DB, 0.0).context("a clip is silent")?;
        let seconds = |sample: usize| (samples.len() + sample) as f64 / per_second;
        reads.push(Read {
            line: line_of.get(&index).copied(),
            speech: seconds(speech.start)..seconds(speech.end),
            is_faulty: unwritten.contains(&index) || is_swapped.contains(&index),
        });
        samples.extend(clip.samples());
    }
    let recording = Waveform::new(samples, rate);
    let (audio, text, cut) = (out.join("recording.wav"), out.join("text.txt"), out.join("corpus"));
    wav::write_pcm16(&audio, &recording)?;
    fs::write(&text, lines.join("\n") + "\n")?;
    println!(
        "{:.1} minutes: {} clips, {} left out of the recording, {} of the text, {} with exchanged texts, {} noises",
        recording.seconds() / 60.0,
        entries.len(),
        unread.len(),
        unwritten.len(),
        swapped.len(),
        noises.len()
    );
    drop(recording);
    let begin = Instant::now();
    let path = |path: &Path| path.display().to_string();
    let command =
        ["mynah-prepare", "segment", &path(&audio), &path(&text), "--by", "line", "--out", &path(&cut)];
    Args::try_parse_from(command.into_iter().chain(["--min-seconds", "0.5", "--max-seconds", "20"]))?
        .run()?;
    println!("cut in {:.1} s", begin.elapsed().as_secs_f64());

    let segments: Vec<Segment> = read_table(&cut.join("segments.csv"))?;
    let problems: Vec<Problem> = read_table(&cut.join("problems.jsonl"))?;
    let sound: Vec<Range<f64>> =
        reads.iter().map(|read| read.speech.clone()).chain(noises.iter().cloned()).collect();
    let passages: Vec<Passage> = read_table(&cut.join("passages.csv"))?;
    compare(&reads, &sound, &segments, &passages);
    let found_line = |line: u64| problems.iter().any(|problem| problem.line == Some(line));
    let without_text: Vec<Range<f64>> = problems
        .iter()
        .filter(|problem| problem.code == Code::NoText)
        .filter_map(|problem| {
            let mut numbers = problem.message.split(' ').filter_map(|word| word.parse::<f64>().ok());
            Some(numbers.next()?..numbers.next()?)
        })
        .collect();
    let is_heard = |place: &Range<f64>| {
        let overlap = |other: &Range<f64>| (place.end.min(other.end) - place.start.max(other.start)).max(0.0);
        without_text.iter().map(overlap).sum::<f64>() > 0.5 * (place.end - place.start)
    };
    let count = |name: &str, faults: Vec<bool>| {
        println!("{name}: {} of {} found", faults.iter().filter(|found| **found).count(), faults.len());
    };
    count("left out of the recording", unread.iter().map(|index| found_line(line_of[index])).collect());
    let unwritten_reads = reads.iter().filter(|read| read.line.is_none());
    count("left out of the text", unwritten_reads.map(|read| is_heard(&read.speech)).collect());
    let swapped_reads = reads.iter().filter(|read| read.is_faulty && read.line.is_some());
    count("exchanged texts", swapped_reads.map(|read| found_line(read.line.unwrap_or(0))).collect());
    count("noises", noises.iter().map(is_heard).collect());
    let good: BTreeSet<u64> =
        reads.iter().filter(|read| !read.is_faulty).filter_map(|read| read.line).collect();
    for problem in problems.iter().filter(|problem| problem.line.is_some_and(|line| good.contains(&line))) {
        println!("false alarm: {}: {}", problem.code.word(), problem.message);
    }
    let in_planted = |place: &Range<f64>| {
        reads
            .iter()
            .any(|read| !read.is_faulty && place.start < read.speech.end && place.end > read.speech.start)
    };
    for place in without_text.iter().filter(|place| in_planted(place)) {
        println!("false alarm: no-text: {:.2} to {:.2} s", place.start, place.end);
    }
    Ok(())
}

/// Returns the distance from the edge of speech at which a cut in the middle of the pause would be, at least the tolerance.
fn before_and_after(from: f64, to: f64) -> f64 {
    (0.5 * (to - from)).max(TOLERANCE)
}

/// Compares the cuts with the true ones.
fn compare(reads: &[Read], sound: &[Range<f64>], segments: &[Segment], passages: &[Passage]) {
    let by_line: BTreeMap<u64, &Segment> = segments.iter().map(|segment| (segment.line, segment)).collect();
    let left_out: BTreeMap<u64, (f64, f64)> = passages
        .iter()
        .filter(|passage| passage.clip.is_none())
        .filter_map(|passage| Some((passage.line, (passage.start_seconds?, passage.end_seconds?))))
        .collect();
    let (mut cuts, mut in_pause, mut found_place, mut edges) = (0, 0, 0, Vec::new());
    let mut wrong = 0;
    for read in reads {
        let segment = read.line.and_then(|line| by_line.get(&line));
        if read.is_faulty {
            wrong += usize::from(segment.is_some());
            continue;
        }
        cuts += 2;
        let before =
            sound.iter().map(|sound| sound.end).filter(|end| *end <= read.speech.start).fold(0.0, f64::max);
        let after = sound
            .iter()
            .map(|sound| sound.start)
            .filter(|start| *start >= read.speech.end)
            .fold(f64::INFINITY, f64::min);
        let Some(segment) = segment else {
            let place = read.line.and_then(|line| left_out.get(&line));
            println!(
                "left out: {:.2} to {:.2} s, line {:?}, found at {place:.2?}",
                read.speech.start, read.speech.end, read.line
            );
            if let Some((start, end)) = place {
                found_place += usize::from(
                    (start - read.speech.start).abs() <= before_and_after(before, read.speech.start),
                );
                found_place +=
                    usize::from((end - read.speech.end).abs() <= before_and_after(read.speech.end, after));
            }
            continue;
        };
        let is_near = |cut: f64, from: f64, to: f64| cut >= from - TOLERANCE && cut <= to + TOLERANCE;
        let start = is_near(segment.start_seconds, before, read.speech.start);
        let end = is_near(segment.end_seconds, read.speech.end, after);
        in_pause += usize::from(start) + usize::from(end);
        if !start || !end {
            println!(
                "cut at {:.3} to {:.3} s, speech from {:.3} to {:.3} s, line {:?}",
                segment.start_seconds, segment.end_seconds, read.speech.start, read.speech.end, read.line
            );
        }
        edges.push(segment.speech_start_seconds - read.speech.start);
        edges.push(segment.speech_end_seconds - read.speech.end);
    }
    let near = edges.iter().filter(|edge| edge.abs() <= TOLERANCE).count();
    let mut distances: Vec<f64> = edges.iter().map(|edge| edge.abs()).collect();
    distances.sort_by(f64::total_cmp);
    let at = |part: f64| distances.get((distances.len() as f64 * part) as usize).copied().unwrap_or(f64::NAN);
    let percent = |part: usize| 100.0 * part as f64 / f64::from(cuts.max(1) as u32);
    println!(
        "{cuts} true cuts: {:.2} % in the pause, or within 50 ms of it; {:.2} % with the passages that were found there, but left out",
        percent(in_pause),
        percent(in_pause + found_place)
    );
    println!(
        "{:.2} % of the edges of speech within 50 ms; median distance {:.0} ms, 95 % within {:.0} ms",
        percent(near),
        1000.0 * at(0.5),
        1000.0 * at(0.95)
    );
    println!("{wrong} clips with the text of another");
}
