//! One thing that is wrong with a corpus.

use mynah_align::MisfitKind;
use serde::{Deserialize, Serialize};

/// The stage of preparation that found the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Reading `metadata.csv`.
    Metadata,
    /// Reading and checking the wav.
    Audio,
    /// Normalising and phonemising the text.
    Text,
    /// Computing and storing features.
    Features,
    /// Finding the durations.
    Alignment,
    /// Holding out utterances.
    Split,
}

/// The situation, as a fixed word that programs can count and filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A line of `metadata.csv` holds a byte that is not UTF-8.
    NotUtf8,
    /// A line has not three fields.
    WrongFieldCount,
    /// A line begins with the separator.
    EmptyId,
    /// An id that would leave the corpus directory.
    UnsafeId,
    /// An id stands on an earlier line too.
    DuplicateId,
    /// There is no wav of that name.
    MissingWav,
    /// The wav has no samples.
    EmptyWav,
    /// The header promises more samples than the file holds.
    TruncatedWav,
    /// Not a RIFF/WAVE file, or a coding that is not supported.
    UnreadableWav,
    /// More than one channel.
    NotMono,
    /// Another sample rate than the recipe's.
    WrongSampleRate,
    /// Shorter than the recipe allows, or fewer frames than symbols.
    TooShort,
    /// Longer than the recipe allows.
    TooLong,
    /// Nothing is left to speak after normalisation.
    EmptyText,
    /// Among the files of another aligner is none for the utterance.
    MissingAlignment,
    /// Among the files of another aligner are several for the utterance.
    AmbiguousAlignment,
    /// A file of another aligner is not of its format, or its labels overlap.
    UnreadableAlignment,
    /// A label names no phone.
    UnknownPhone,
    /// Labels name other phones than the dataset has.
    DifferentPhones,
    /// Labels end elsewhere than the clip.
    DifferentLength,
    /// Durations were imported for another text or another recording.
    StaleAlignment,
    /// The operating system refused a read or a write.
    Io,
    /// `mynah-prepare check`: runs of samples at full scale.
    Clipping,
    /// `mynah-prepare check`: the mean of the samples is not 0.
    DcOffset,
    /// `mynah-prepare check`: much silence before or after the speech.
    LongSilence,
    /// `mynah-prepare check`: much silence within it.
    LongPause,
    /// `mynah-prepare check`: a small ratio of signal to noise.
    Noisy,
    /// `mynah-prepare check`: nothing at frequencies that the other clips have.
    NarrowBand,
    /// `mynah-prepare check`: much louder or softer than the other clips.
    UnusualLoudness,
    /// `mynah-prepare check`: many more or fewer characters a second than in the other clips.
    UnusualRate,
    /// `mynah-prepare check`: characters that cannot be spoken.
    UnspokenCharacter,
    /// `mynah-prepare check`: the words of another clip.
    DuplicateText,
    /// `mynah-prepare check`: the recording of another clip.
    DuplicateAudio,
    /// `mynah-prepare check`: held out, and trained on all the same.
    SplitLeak,
}

impl Code {
    /// The word that stands in `problems.jsonl`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not-utf8",
            Self::WrongFieldCount => "wrong-field-count",
            Self::EmptyId => "empty-id",
            Self::UnsafeId => "unsafe-id",
            Self::DuplicateId => "duplicate-id",
            Self::MissingWav => "missing-wav",
            Self::EmptyWav => "empty-wav",
            Self::TruncatedWav => "truncated-wav",
            Self::UnreadableWav => "unreadable-wav",
            Self::NotMono => "not-mono",
            Self::WrongSampleRate => "wrong-sample-rate",
            Self::TooShort => "too-short",
            Self::TooLong => "too-long",
            Self::EmptyText => "empty-text",
            Self::MissingAlignment => "missing-alignment",
            Self::AmbiguousAlignment => "ambiguous-alignment",
            Self::UnreadableAlignment => "unreadable-alignment",
            Self::UnknownPhone => "unknown-phone",
            Self::DifferentPhones => "different-phones",
            Self::DifferentLength => "different-length",
            Self::StaleAlignment => "stale-alignment",
            Self::Io => "io",
            Self::Clipping => "clipping",
            Self::DcOffset => "dc-offset",
            Self::LongSilence => "long-silence",
            Self::LongPause => "long-pause",
            Self::Noisy => "noisy",
            Self::NarrowBand => "narrow-band",
            Self::UnusualLoudness => "unusual-loudness",
            Self::UnusualRate => "unusual-rate",
            Self::UnspokenCharacter => "unspoken-character",
            Self::DuplicateText => "duplicate-text",
            Self::DuplicateAudio => "duplicate-audio",
            Self::SplitLeak => "split-leak",
        }
    }
}

impl From<MisfitKind> for Code {
    fn from(kind: MisfitKind) -> Self {
        match kind {
            MisfitKind::TooShort => Self::TooShort,
            MisfitKind::Unreadable => Self::UnreadableAlignment,
            MisfitKind::UnknownPhone => Self::UnknownPhone,
            MisfitKind::DifferentPhones => Self::DifferentPhones,
            MisfitKind::DifferentLength => Self::DifferentLength,
        }
    }
}

/// A row of `problems.jsonl`: what is wrong, where, and what to do about it.
///
/// A problem costs one utterance, never the run: work over a corpus returns the good and the problems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The stage that found it.
    pub stage: Stage,
    /// The situation.
    pub code: Code,
    /// The utterance, where there is one.
    pub id: Option<String>,
    /// The file in which the cause lies.
    pub file: String,
    /// The line of it, from 1.
    pub line: Option<u64>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn the_word_is_what_serde_writes() {
        for code in [
            Code::NotUtf8,
            Code::MissingWav,
            Code::WrongSampleRate,
            Code::MissingAlignment,
            Code::AmbiguousAlignment,
            Code::UnreadableAlignment,
            Code::UnknownPhone,
            Code::DifferentPhones,
            Code::DifferentLength,
            Code::StaleAlignment,
            Code::Io,
        ] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.word());
        }
    }
}
