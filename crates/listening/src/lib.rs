//! Listening tests: protocol, plan, stimuli, web page, ratings and verdict.
//!
//! ```text
//! Protocol + systems + items ─Plan::new─► Plan ─build─► index.html + clips ─► raters
//!                                          │                                    │
//!                                          │◄─── ratings-*.json ────────────────┘
//!                                          ├─collect─► Rating ─┐
//!                                          ├─simulate► Rating ─┤
//!                                          └──────────────── judge ─► Verdict      rehearse: simulate and judge many times
//!                                                      judge_votes ─► PreferenceVerdict
//!                          tables of other tools ─► FoundRating ─ judge_found ─► Verdict
//!                                                 ─► Vote ─ judge_preferences ─► PreferenceVerdict
//!                          webMUSHRA and P.808 ─► ForeignTable ─ read_foreign ─► FoundRating
//!                          a plan in their form ◄─ webmushra_test, p808_input
//! ```
//!
//! Everything is decided before anybody listens: the protocol names the question, the sizes and the analysis; the plan
//! fixes which rater hears which clips in which order; its design is a hash of all that, and ratings of another design are
//! rejected.
//!
//! Comparisons (CMOS), single clips (MOS), preferences (AB), degradations (DMOS), similarities of speakers (SMOS), recognition
//! (ABX) and sliders side by side (MUSHRA) differ in their [`ParadigmRules`]; each paradigm implements them in one folder. Preferences
//! are judged by [`judge_votes`], everything else by [`judge()`].
//!
//! # Examples
//!
//! ```
//! use mynah_listening::{Paradigm, Plan, Protocol, Role, Simulation, System, judge, simulate};
//!
//! let protocol = Protocol::standard(Paradigm::Cmos);
//! let system = |name: &str, role| System { name: name.to_owned(), role, directory: name.to_owned() };
//! let systems = vec![system("recordings", Role::Reference), system("step-100000", Role::Candidate)];
//! let items = (1..=50).map(|number| format!("LJ050-{number:04}")).collect();
//! let plan = Plan::new(protocol, systems, items, "first-look", 1)?;
//!
//! // Before anybody is paid: the verdict of such a test on a system that is half a point worse.
//! let simulation = Simulation {
//!     true_differences: [("step-100000".to_owned(), -0.5)].into(),
//!     ..Simulation::default()
//! };
//! let verdict = judge(&plan, &simulate(&plan, &simulation)?)?;
//! let words = &verdict.systems[0].words;
//! assert!(words.starts_with("Simulated ratings, not a finding: `step-100000` is worse than `recordings`"));
//! # Ok::<(), mynah_listening::Error>(())
//! ```
//!
//! # Invariants
//!
//! - A page and its clips reveal nothing about systems: names are keyed hashes, and no data has the order of the clips.
//! - A verdict contains no NaN: a missing value is [`Defined::Undefined`] with a reason.
//! - A bad file or answer never hides the good ones: [`collect()`] returns ratings and problems.
//! - Simulated ratings are marked, and so is everything made from them.
//!
//! The crate knows nothing of models, corpora and files of tables: ratings go in and out as rows, and tables of other tools
//! as text in cells.

mod analysis;
mod answers;
mod design;
mod error;
mod interchange;
mod mnru;
mod page;
mod paradigms;
mod rating;
mod rehearsal;
mod score_sign;
mod screening_rule;
mod system;
mod trial;

pub use analysis::found::{FoundRating, FoundStudy, judge_found};
pub use analysis::judge::judge;
pub use analysis::preference::{
    PreferencePair, PreferenceStudy, PreferenceSystem, PreferenceVerdict, Vote, judge_preferences,
    judge_votes,
};
pub use analysis::ranking::{Pair, Ranked, Ranking};
pub use analysis::screening::Exclusion;
pub use analysis::verdict::{
    Assay, Conclusion, Defined, ItemMean, NullPairs, PaperRule, RaterSummary, Reanalysis, ReanalysisMethod,
    ScoreCount, Screening, SystemVerdict, VarianceComponents, Verdict,
};
pub use answers::answer::AnswerFault;
pub use answers::collect::{Collection, Problem, ProblemKind, collect, collect_sessions, collect_tables};
pub use design::controls::{Control, ControlCounts, ControlSettings, Purpose, RightAnswers};
pub use design::plan::Plan;
pub use design::power::{DiscriminationPowerRow, PowerRow, PreferencePowerRow};
pub use design::protocol::{
    Analysis, HUMAN_LEVEL_ALPHA, HUMAN_LEVEL_ITEMS, HUMAN_LEVEL_MARGIN, HUMAN_LEVEL_RATINGS, ListenerFacts,
    Protocol,
};
pub use design::session_settings::{Question, SessionSettings};
pub use design::workload::{ANSWER_SECONDS, LONG_SESSION_MINUTES, RaterLoad, Workload};
pub use error::Error;
pub use interchange::clips::ClipNames;
pub use interchange::export::{ExportedClip, ExportedFile, ExportedTest};
pub use interchange::form::Form;
pub use interchange::p808::input::p808_input;
pub use interchange::read::{Assignments, ForeignRatings, ForeignSettings, read_foreign};
pub use interchange::table::ForeignTable;
pub use interchange::webmushra::test::webmushra_test;
pub use mnru::mnru;
pub use page::audit::{Audit, Comparison, Duplicates, LengthRatio, Property, SystemAudit, audit};
pub use page::bundle::{BuildOptions, build, build_with};
pub use page::edges::Edges;
pub use page::html::{Entry, served_page};
pub use page::key::{Key, KeyClip};
pub use page::links::{Link, Links};
pub use page::pages::{ClipFile, PageOfTrial, Pages};
pub use page::stimuli::{common_items, find_wav};
pub use page::strings::Strings;
pub use page::survey::{Conversion, NeededConversion, SourceFile, Survey};
pub use paradigms::{
    ClipOrder, Comparatives, Contrast, PaperCriterion, Paradigm, ParadigmRules, RankTest, Template, Typical,
};
pub use rating::{Origin, Rating};
pub use rehearsal::rehearse::{FAMILY, Outcome, OutcomeRate, estimate_components, rehearse};
pub use rehearsal::simulate::{Attendance, Simulation, simulate};
pub use score_sign::ScoreSign;
pub use screening_rule::ScreeningRule;
pub use system::{Role, System};
pub use trial::{First, Kind, Session, Slot, Trial};
