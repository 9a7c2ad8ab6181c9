//! Objective scores of speech, each with a named profile and a status.
//!
//! ```text
//! reference Waveform ─► Clip ─┐
//!                             ├─► Pair (cepstra, alignment, F0, loudness) ─► Metric ─► Outcome ─► Score row
//! system Waveform ────► Clip ─┘
//! ```
//!
//! A metric never drops an item and never turns a failure into a number: an item that cannot be measured is a row with
//! a reason. All arithmetic is in double precision and the alignment is exact, so a score depends only on the two
//! signals and the profile.
//!
//! ```
//! use mynah_metrics::{Status, all, score_item};
//! use mynah_signal::Waveform;
//!
//! let tone = |hz: f32| Waveform::new((0..22_050).map(|n| (n as f32 * hz / 3509.4).sin()).collect(), 22_050);
//! let (recording, speech) = (tone(200.0), tone(210.0));
//! let rows = score_item("mine", Some(40_000), "LJ001-0001", &recording, Ok(&speech), all());
//! assert_eq!(rows.len(), all().len());
//! let f0 = rows.iter().find(|row| row.metric == "log_f0_rmse").expect("the metric exists");
//! assert_eq!(f0.status, Status::Ok);
//! assert!((f0.value.expect("the metric is defined") - 84.0).abs() < 10.0); // cents from 200 to 210 Hz
//! ```
//!
//! Some metrics, such as `mcd_espnet`, repeat the numbers of other programs, faults and approximate alignment included:
//! they are there to be compared with tables, not to judge a voice.
//!
//! A silent, empty or truncated signal is a failure, whatever value a formula might give. The crate reads no files and
//! recognizes no speech: of a text it knows the length, and it counts the errors of transcripts that others have made.
//!
//! Each metric declares ([`Declaration`]) in which direction it is better, how items combine, what values are possible, and
//! what it needs: a recording of the sentence in any rhythm; one whose samples are at the same times, as copies have it;
//! the length of the text; or nothing but the wav, see [`score_clip`].

mod clip;
mod declaration;
pub mod dtw;
mod levels;
mod metric;
mod pair;
mod score;
mod speech;
mod statistics;
mod text;

mod alignment_run;
mod compatibility;
mod copy;
mod duration;
mod energy;
mod health;
mod loudness_difference;
mod mcd;
mod mel_distance;
mod pauses;
mod pitch;
mod words;

pub use clip::Clip;
pub use copy::signals::envelope_correlation;
pub use declaration::{Declaration, Direction, Kind, Needs, Range};
pub use health::limits::{Bound, HealthLimit, health_limits};
pub use metric::{Metric, all, metric};
pub use pair::Pair;
pub use score::{Outcome, Score, Status, failed_item, score_clip, score_item, score_pair};
pub use speech::Speech;
pub use text::{Pace, Text};
pub use words::{Edit, EditCounts, edit_counts, edits};
