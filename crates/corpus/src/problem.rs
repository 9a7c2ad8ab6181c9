//! Problems of a corpus.

use mynah_align::MisfitKind;
use serde::{Deserialize, Serialize};

/// Stage of preparation that found a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Reading the corpus' table or texts.
    Metadata,
    /// Reading and checking the recording.
    Audio,
    /// Normalizing and phonemizing the text.
    Text,
    /// Computing and storing features.
    Features,
    /// Finding durations.
    Alignment,
    /// Holding out utterances.
    Split,
}

/// Kind of problem, as a fixed word for counting and filtering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A line of the corpus' table contains a byte that is not UTF-8.
    NotUtf8,
    /// A line does not have as many fields as the others.
    WrongFieldCount,
    /// A line starts with the separator.
    EmptyId,
    /// An id would leave the corpus directory.
    UnsafeId,
    /// An id is also on an earlier line.
    DuplicateId,
    /// The recording does not exist.
    MissingWav,
    /// Several recordings may be meant.
    AmbiguousAudio,
    /// The part of the recording that is the clip is malformed, or not within the recording.
    BadSpan,
    /// The given phones do not exist, or do not fit the text.
    BadPhones,
    /// The recording has no samples.
    EmptyWav,
    /// The header promises more samples than the file holds.
    TruncatedWav,
    /// The file is not RIFF/WAVE or FLAC, or uses an unsupported coding.
    UnreadableWav,
    /// The recording is digital silence.
    SilentWav,
    /// The recording has more than one channel.
    NotMono,
    /// The sample rate is not the recipe's.
    WrongSampleRate,
    /// The clip is shorter than the recipe allows, or has fewer frames than symbols.
    TooShort,
    /// The clip is longer than the recipe allows.
    TooLong,
    /// No words are left after normalization.
    EmptyText,
    /// The other aligner has no file for the utterance.
    MissingAlignment,
    /// The other aligner has several files for the utterance.
    AmbiguousAlignment,
    /// A file of the other aligner is malformed, or its labels overlap.
    UnreadableAlignment,
    /// A label does not name a known phone.
    UnknownPhone,
    /// The labels name phones other than the dataset's.
    DifferentPhones,
    /// The labels do not end where the clip does.
    DifferentLength,
    /// Durations were imported for another text or another recording.
    StaleAlignment,
    /// The operating system refused to read or write.
    Io,
    /// The recording does not fit the text: another text, or words that are missing, too many or others.
    DoubtfulText,
    /// Words or letters that are not English.
    OtherLanguage,
    /// `mynah-prepare segment`: a text that was not found in the recording.
    NotRead,
    /// `mynah-prepare segment`: sound that belongs to no text.
    NoText,
    /// `mynah-prepare segment`: speech that goes on before or after a text without a pause.
    NoPause,
    /// `mynah-prepare check`: runs of samples at full scale.
    Clipping,
    /// `mynah-prepare check`: mean of the samples other than 0.
    DcOffset,
    /// `mynah-prepare check`: long silence before or after the speech.
    LongSilence,
    /// `mynah-prepare check`: long silence within the speech.
    LongPause,
    /// `mynah-prepare check`: low signal-to-noise ratio.
    Noisy,
    /// `mynah-prepare check`: nothing at high frequencies that other clips have.
    NarrowBand,
    /// `mynah-prepare check`: much louder or softer than the other clips.
    UnusualLoudness,
    /// `mynah-prepare check`: many more or fewer characters per second than in the other clips.
    UnusualRate,
    /// `mynah-prepare check`: characters that cannot be spoken.
    UnspokenCharacter,
    /// `mynah-prepare check`: same words as another clip.
    DuplicateText,
    /// `mynah-prepare check`: same recording as another clip.
    DuplicateAudio,
    /// `mynah-prepare check`: held out, but also in the training split.
    SplitLeak,
}

impl Code {
    /// Returns the word used in `problems.jsonl`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not-utf8",
            Self::WrongFieldCount => "wrong-field-count",
            Self::EmptyId => "empty-id",
            Self::UnsafeId => "unsafe-id",
            Self::DuplicateId => "duplicate-id",
            Self::MissingWav => "missing-wav",
            Self::AmbiguousAudio => "ambiguous-audio",
            Self::BadSpan => "bad-span",
            Self::BadPhones => "bad-phones",
            Self::EmptyWav => "empty-wav",
            Self::TruncatedWav => "truncated-wav",
            Self::UnreadableWav => "unreadable-wav",
            Self::SilentWav => "silent-wav",
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
            Self::DoubtfulText => "doubtful-text",
            Self::OtherLanguage => "other-language",
            Self::NotRead => "not-read",
            Self::NoText => "no-text",
            Self::NoPause => "no-pause",
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

/// A row of `problems.jsonl`: a fault, its place and its remedy.
///
/// A problem affects one utterance, never the run: work over a corpus returns both results and problems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stage that found it.
    pub stage: Stage,
    /// Kind of problem.
    pub code: Code,
    /// Utterance, if there is one.
    pub id: Option<String>,
    /// File with the cause.
    pub file: String,
    /// Line of the file, from 1.
    pub line: Option<u64>,
    /// Description of the fault.
    pub message: String,
    /// Action that resolves it.
    pub remedy: String,
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn words_agree_with_serde() {
        for code in [
            Code::NotUtf8,
            Code::MissingWav,
            Code::AmbiguousAudio,
            Code::BadSpan,
            Code::BadPhones,
            Code::WrongSampleRate,
            Code::MissingAlignment,
            Code::AmbiguousAlignment,
            Code::UnreadableAlignment,
            Code::UnknownPhone,
            Code::DifferentPhones,
            Code::DifferentLength,
            Code::StaleAlignment,
            Code::Io,
            Code::SilentWav,
            Code::DoubtfulText,
            Code::OtherLanguage,
            Code::NotRead,
            Code::NoText,
            Code::NoPause,
        ] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.word());
        }
    }
}
