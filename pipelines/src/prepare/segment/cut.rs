//! Clips: passages that were found, joined where they run into each other, divided where they are too long.

use std::ops::Range;
use std::path::Path;

use mynah_align::{Doubt, Narration, TranscriptFit};
use mynah_corpus::{Code, Problem, Stage};
use serde::{Deserialize, Serialize};

use super::Limits;
use super::passages::Passage;
use crate::prepare::transcripts::describe;

/// Shortest silence at which a recording is cut, in seconds.
const SHORTEST_PAUSE: f64 = 0.08;
/// Shortest silence within a sentence at which it may be cut.
const SHORTEST_INNER_PAUSE: f64 = 0.15;
/// Longest silence over which a passage that is too short is joined to its neighbor.
const LONGEST_JOINT: f64 = 0.7;
/// Resolution of the table: tenths of a millisecond.
const STEPS_PER_SECOND: f64 = 1e4;

/// A row of `segments.csv` (`docs/formats/corpus.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Clip {
    pub(crate) id: String,
    /// Line of the text on which it begins.
    pub(crate) line: u64,
    pub(crate) start_seconds: f64,
    pub(crate) end_seconds: f64,
    pub(crate) speech_start_seconds: f64,
    pub(crate) speech_end_seconds: f64,
    pub(crate) words: usize,
    /// Mean log-likelihood per frame of the passages that it contains or is a part of.
    pub(crate) log_likelihood: f64,
    /// Largest deviations of these passages; null if too few were found to compare with.
    pub(crate) misfit: Option<f64>,
    pub(crate) worst_stretch: Option<f64>,
}

/// A row of `passages.csv` (`docs/formats/corpus.md`): a passage of the text, found or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PassageRow {
    /// Line of the text on which it begins.
    pub(crate) line: u64,
    /// First clip that contains it or a part of it; null if it was left out.
    pub(crate) clip: Option<String>,
    pub(crate) start_seconds: Option<f64>,
    pub(crate) end_seconds: Option<f64>,
    pub(crate) log_likelihood: Option<f64>,
    pub(crate) misfit: Option<f64>,
    pub(crate) unwritten: Option<f64>,
    pub(crate) unspoken: Option<f64>,
    pub(crate) text: String,
}

/// The clips of a corpus, with their texts in the same order.
pub(crate) struct Cuts {
    pub(crate) clips: Vec<Clip>,
    pub(crate) texts: Vec<String>,
    /// All passages.
    pub(crate) passages: Vec<PassageRow>,
}

/// Everything that is known about the recording.
pub(crate) struct Cutter<'a> {
    pub(crate) audio: &'a Path,
    pub(crate) text: &'a Path,
    pub(crate) passages: &'a [Passage],
    pub(crate) narration: &'a Narration,
    pub(crate) fits: &'a [Option<TranscriptFit>],
    pub(crate) limits: Limits,
    pub(crate) seconds_per_frame: f64,
    pub(crate) seconds: f64,
    pub(crate) prefix: String,
}

/// A word of a passage, with its times in the recording.
#[derive(Debug, Clone, Copy, PartialEq)]
struct SpokenWord {
    passage: usize,
    word: usize,
    start: f64,
    end: f64,
}

/// Words that are read without another sound between them.
type Run = Vec<SpokenWord>;

/// Speech or another sound in the recording.
struct Heard {
    speech: Range<f64>,
    /// The same with the sound that adjoins it.
    sound: Range<f64>,
    /// Its passage, if it has one.
    passage: Option<usize>,
}

/// Times of the nearest other speech, and of the nearest other sound, before and after a run.
struct Gap {
    speech: Range<f64>,
    sound: Range<f64>,
}

impl Cutter<'_> {
    /// Cuts the recording; whatever does not become a clip is added to `problems`.
    pub(crate) fn cut(&self, problems: &mut Vec<Problem>) -> Cuts {
        let mut runs: Vec<Run> = Vec::new();
        for passage in 0..self.passages.len() {
            match self.spoken(passage) {
                Ok(run) => runs.push(run),
                Err(problem) => problems.push(*problem),
            }
        }
        let heard = self.heard();
        let runs = self.join(runs, &heard);
        let passages = (0..self.passages.len()).map(|passage| self.row(passage)).collect();
        let mut cuts = Cuts { clips: Vec::new(), texts: Vec::new(), passages };
        let mut pieces = Vec::new();
        for run in runs {
            self.divide(run, &mut pieces);
        }
        for (index, run) in pieces.iter().enumerate() {
            let before = index.checked_sub(1).map(|index| &pieces[index]);
            let gap = Self::gap(run, &heard, before, pieces.get(index + 1));
            match self.clip(run, &gap, cuts.clips.len()) {
                Ok(clip) => {
                    for word in run {
                        cuts.passages[word.passage].clip.get_or_insert_with(|| clip.id.clone());
                    }
                    cuts.clips.push(clip);
                    cuts.texts.push(self.text_of(run));
                }
                Err(problem) => problems.push(*problem),
            }
        }
        problems.extend(self.narration.without_text.iter().map(|frames| self.without_text(frames)));
        cuts
    }

    /// Returns the row of a passage, before it is in a clip.
    fn row(&self, passage: usize) -> PassageRow {
        let placement = self.narration.placements[passage].as_ref();
        let fit = self.fits[passage].as_ref();
        let seconds = |frame: usize| round(frame as f64 * self.seconds_per_frame);
        PassageRow {
            line: self.passages[passage].line,
            clip: None,
            start_seconds: placement.map(|placement| seconds(placement.sound.start)),
            end_seconds: placement.map(|placement| seconds(placement.sound.end)),
            log_likelihood: placement.and_then(|placement| placement.alignment.log_likelihood).map(round),
            misfit: fit.map(|fit| round(fit.overall)),
            unwritten: fit.map(|fit| round(fit.unwritten)),
            unspoken: fit.map(|fit| round(fit.unspoken)),
            text: self.passages[passage].text.clone(),
        }
    }

    /// Returns a problem of a line of the text.
    fn problem(&self, line: u64, code: Code, message: String, remedy: &str) -> Problem {
        Problem {
            stage: Stage::Alignment,
            code,
            id: None,
            file: self.text.display().to_string(),
            line: Some(line),
            message,
            remedy: remedy.to_owned(),
        }
    }

    /// Returns the words of a passage, if it was found and fits.
    fn spoken(&self, passage: usize) -> Result<Run, Box<Problem>> {
        let Passage { line, text, phonemized, word_index } = &self.passages[passage];
        let problem = |code, message, remedy: &str| Box::new(self.problem(*line, code, message, remedy));
        let Some(placement) = &self.narration.placements[passage] else {
            return Err(problem(
                Code::NotRead,
                format!("`{text}` was not found in the recording"),
                "compare it with what is read there, or delete it",
            ));
        };
        let offset = placement.frames.start as f64 * self.seconds_per_frame;
        if let Some(fit) = &self.fits[passage]
            && let Some(doubt) = fit.doubt()
        {
            let words: Vec<&str> = phonemized.words.iter().map(|word| word.text.as_str()).collect();
            let message = match doubt {
                Doubt::Whole => {
                    format!("`{text}` is not what is read: {}", describe(fit, doubt, &words, offset))
                }
                Doubt::Unwritten | Doubt::Unspoken => {
                    format!("in `{text}`, {}", describe(fit, doubt, &words, offset))
                }
            };
            return Err(problem(
                Code::DoubtfulText,
                message,
                "listen, and write what is read; a word that is merely unusual can be added to the lexicon",
            ));
        }
        let mut run: Run = Vec::new();
        let mut frame = placement.frames.start;
        for (index, frames) in word_index.iter().zip(&placement.alignment.durations) {
            let start = frame as f64 * self.seconds_per_frame;
            frame += *frames as usize;
            let end = frame as f64 * self.seconds_per_frame;
            let Ok(word) = usize::try_from(*index) else { continue };
            match run.last_mut() {
                Some(last) if last.word == word => last.end = end,
                _ => run.push(SpokenWord { passage, word, start, end }),
            }
        }
        if let ([first, ..], speech) = (&mut run[..], &placement.speech) {
            first.start = speech.start as f64 * self.seconds_per_frame;
        }
        if let Some(last) = run.last_mut() {
            last.end = placement.speech.end as f64 * self.seconds_per_frame;
        }
        Ok(run)
    }

    /// Returns everything that is heard, in any order.
    fn heard(&self) -> Vec<Heard> {
        let seconds = |frames: &Range<usize>| {
            frames.start as f64 * self.seconds_per_frame..frames.end as f64 * self.seconds_per_frame
        };
        let placed = self.narration.placements.iter().enumerate().filter_map(|(passage, placement)| {
            let placement = placement.as_ref()?;
            let (speech, sound) = (seconds(&placement.speech), seconds(&placement.sound));
            Some(Heard { speech, sound, passage: Some(passage) })
        });
        let without = self.narration.without_text.iter().map(|frames| Heard {
            speech: seconds(frames),
            sound: seconds(frames),
            passage: None,
        });
        placed.chain(without).collect()
    }

    /// Joins neighbors without a pause between them, and those that are too short.
    fn join(&self, runs: Vec<Run>, heard: &[Heard]) -> Vec<Run> {
        let mut joined: Vec<Run> = Vec::new();
        for run in runs {
            if let Some(last) = joined.last_mut()
                && last[last.len() - 1].passage + 1 == run[0].passage
                && self.may_join(last, &run, heard)
            {
                last.extend(run);
            } else {
                joined.push(run);
            }
        }
        joined
    }

    fn may_join(&self, left: &Run, right: &Run, heard: &[Heard]) -> bool {
        let (from, to) = (left[left.len() - 1].end, right[0].start);
        let between =
            |other: &Heard| other.passage.is_none() && other.speech.start < to && other.speech.end > from;
        let is_short = |run: &Run| length(run) < self.limits.min_seconds;
        let gap = to - from;
        right[right.len() - 1].end - left[0].start <= self.limits.max_seconds
            && !heard.iter().any(between)
            && (gap < SHORTEST_PAUSE || (gap < LONGEST_JOINT && (is_short(left) || is_short(right))))
    }

    /// Divides a run at its longest pauses until no part is too long, as far as there are pauses.
    fn divide(&self, mut run: Run, pieces: &mut Vec<Run>) {
        if length(&run) <= self.limits.max_seconds {
            pieces.push(run);
            return;
        }
        let least = self.limits.min_seconds;
        let mut best: Option<(f64, usize)> = None;
        for index in 1..run.len() {
            let pause = run[index].start - run[index - 1].end;
            let parts = (run[index - 1].end - run[0].start).min(run[run.len() - 1].end - run[index].start);
            if pause >= SHORTEST_INNER_PAUSE
                && parts >= least
                && best.is_none_or(|(longest, _)| pause > longest)
            {
                best = Some((pause, index));
            }
        }
        let Some((_, index)) = best else {
            pieces.push(run);
            return;
        };
        let rest = run.split_off(index);
        self.divide(run, pieces);
        self.divide(rest, pieces);
    }

    fn gap(run: &Run, heard: &[Heard], before: Option<&Run>, after: Option<&Run>) -> Gap {
        let (first, last) = (&run[0], &run[run.len() - 1]);
        let is_own = |other: &&Heard| {
            other.passage.is_some_and(|passage| (first.passage..=last.passage).contains(&passage))
        };
        let of = |part: fn(&Heard) -> &Range<f64>| {
            let others = || heard.iter().filter(|other| !is_own(other));
            let mut from = others()
                .filter(|other| other.speech.start < first.start)
                .map(|other| part(other).end)
                .fold(f64::NEG_INFINITY, f64::max);
            let mut to = others()
                .filter(|other| other.speech.end > last.end)
                .map(|other| part(other).start)
                .fold(f64::INFINITY, f64::min);
            // Other parts of the same passage.
            if let Some(before) = before.filter(|before| before[before.len() - 1].passage == first.passage) {
                from = from.max(before[before.len() - 1].end);
            }
            if let Some(after) = after.filter(|after| after[0].passage == last.passage) {
                to = to.min(after[0].start);
            }
            from..to
        };
        Gap { speech: of(|other| &other.speech), sound: of(|other| &other.sound) }
    }

    fn clip(&self, run: &Run, gap: &Gap, number: usize) -> Result<Clip, Box<Problem>> {
        let (first, last) = (&run[0], &run[run.len() - 1]);
        let Limits { min_seconds, max_seconds, margin_seconds } = self.limits;
        let text = self.text_of(run);
        let line = self.passages[first.passage].line;
        let problem = |code, message, remedy: &str| Box::new(self.problem(line, code, message, remedy));
        let (before, after) = (first.start - gap.speech.start, gap.speech.end - last.end);
        if before.min(after) < SHORTEST_PAUSE {
            let side = if before < after { "before" } else { "after" };
            return Err(problem(
                Code::NoPause,
                format!(
                    "there is no pause {side} `{text}`, at {:.2} s",
                    if before < after { first.start } else { last.end }
                ),
                "correct the text around it, so that it can be joined to its neighbor, or cut it by hand",
            ));
        }
        let seconds = length(run);
        if seconds < min_seconds {
            return Err(problem(
                Code::TooShort,
                format!("`{text}` takes {seconds:.2} s, and a clip has at least {min_seconds} s"),
                "lower `--min-seconds`",
            ));
        }
        if seconds > max_seconds {
            return Err(problem(
                Code::TooLong,
                format!("`{text}` takes {seconds:.1} s without a pause at which it could be cut"),
                "raise `--max-seconds`",
            ));
        }
        let passages = first.passage..=last.passage;
        let fits = || passages.clone().filter_map(|passage| self.fits[passage].as_ref());
        let largest = |value: fn(&TranscriptFit) -> f64| fits().map(value).reduce(f64::max).map(round);
        let likelihoods: Vec<f64> = passages
            .clone()
            .filter_map(|passage| self.narration.placements[passage].as_ref()?.alignment.log_likelihood)
            .collect();
        let (speech_start, speech_end) = (self.start_of(first), self.end_of(last));
        let margin = |gap: f64| margin_seconds.min(gap.max(0.0) / 2.0);
        Ok(Clip {
            id: format!("{}-{:04}", self.prefix, number + 1),
            line,
            start_seconds: round((speech_start - margin(speech_start - gap.sound.start)).max(0.0)),
            end_seconds: round((speech_end + margin(gap.sound.end - speech_end)).min(self.seconds)),
            speech_start_seconds: round(speech_start),
            speech_end_seconds: round(speech_end),
            words: run.len(),
            log_likelihood: round(likelihoods.iter().sum::<f64>() / likelihoods.len().max(1) as f64),
            misfit: largest(|fit| fit.overall),
            worst_stretch: largest(TranscriptFit::worst_stretch),
        })
    }

    /// Returns the start of a word, or of the sound that adjoins the first word of a passage.
    fn start_of(&self, word: &SpokenWord) -> f64 {
        let placement = self.narration.placements[word.passage].as_ref();
        match placement.filter(|_| word.word == 0) {
            Some(placement) => placement.sound.start as f64 * self.seconds_per_frame,
            None => word.start,
        }
    }

    /// Returns the end of a word, or of the sound that adjoins the last word of a passage.
    fn end_of(&self, word: &SpokenWord) -> f64 {
        let placement = self.narration.placements[word.passage].as_ref();
        let is_last = word.word + 1 == self.passages[word.passage].phonemized.words.len();
        match placement.filter(|_| is_last) {
            Some(placement) => placement.sound.end as f64 * self.seconds_per_frame,
            None => word.end,
        }
    }

    /// Returns the text of a run, with the marks around its words.
    fn text_of(&self, run: &Run) -> String {
        let mut parts = Vec::new();
        for words in run.chunk_by(|a, b| a.passage == b.passage) {
            let Passage { text, phonemized, .. } = &self.passages[words[0].passage];
            let begin_of = |word: usize| match phonemized.words.get(word) {
                Some(_) if word == 0 => 0,
                // A mark that opens a quotation belongs to the word behind it.
                Some(word) => text[..word.span.start].trim_end_matches(|c: char| !c.is_whitespace()).len(),
                None => text.len(),
            };
            let part = text.get(begin_of(words[0].word)..begin_of(words[words.len() - 1].word + 1));
            parts.push(part.unwrap_or(text).trim());
        }
        parts.join(" ")
    }

    fn without_text(&self, frames: &Range<usize>) -> Problem {
        let (start, end) =
            (frames.start as f64 * self.seconds_per_frame, frames.end as f64 * self.seconds_per_frame);
        Problem {
            stage: Stage::Alignment,
            code: Code::NoText,
            id: None,
            file: self.audio.display().to_string(),
            line: None,
            message: format!("the sound from {start:.2} to {end:.2} s belongs to no text"),
            remedy: "listen; if it is speech, add its words to the text".to_owned(),
        }
    }
}

fn length(run: &Run) -> f64 {
    run[run.len() - 1].end - run[0].start
}

fn round(value: f64) -> f64 {
    (value * STEPS_PER_SECOND).round() / STEPS_PER_SECOND
}
