//! Durations of symbols: a forced aligner, and readers and writers of other tools' alignments.
//!
//! ```text
//! log-mel, symbols ───────────────────────align──► durations ──► write_text_grid
//! DIR ──LabelDirectory──► labels or frames ──fit──►     │
//!                                                       └──► outliers, transcript_fits
//! ```
//!
//!
//! [`narrate`] finds the places of texts in a long recording.
//!
//! [`align`] finds the frames of every symbol of a corpus without a pretrained model (see `hmm`); [`LabelDirectory`]
//! reads the output of the Montreal Forced Aligner, Praat, HTK, Festival, Kaldi or NumPy, and [`fit`] converts it to
//! frames (see `labels`). [`outliers()`] lists suspicious durations, [`transcript_fits`] texts that are not what is
//! heard.
//!
//! **Invariant:** every symbol has at least one frame, and the durations sum to all frames.
//!
//! **Invariant:** the result depends neither on the number of threads nor on the vector width of the machine.
//!
//! The crate knows nothing of corpora, datasets and tables.

mod error;
mod hmm;
mod labels;
mod outliers;
mod text_grid;
mod transcript;

pub use error::Error;
pub use hmm::{
    ALIGN_VERSION, AlignConfig, Alignment, AlignmentSource, Narration, NarrationError, Placement, Target,
    TooFewFrames, align, frames_needed, mel_config, narrate,
};
pub use labels::{
    Content, FitTarget, Fitted, FormatError, Label, LabelDirectory, LabelFile, LabelFormat, Lookup, Misfit,
    MisfitKind, Variants, divide_among_words, fit, fit_variants,
};
pub use outliers::{AlignedSymbols, LONG_SECONDS, Oddity, Outlier, UNLIKELY_DEVIATIONS, outliers};
pub use text_grid::{Interval, Tier, read_text_grid, write_text_grid};
pub use transcript::{
    Doubt, FEWEST_CLIPS, OVERALL_DEVIATIONS, TranscriptFit, UNSPOKEN_DEVIATIONS, UNWRITTEN_DEVIATIONS,
    transcript_fits,
};
