//! The lists of clips and the settings from which the P.808 toolkit makes its tasks.

use std::fmt::Write as _;

use crate::design::controls::Control;
use crate::error::Error;
use crate::interchange::export::{ExportedClip, ExportedFile, ExportedTest};
use crate::page::key::KeyClip;
use crate::page::pages::Pages;
use crate::paradigms::ClipOrder;
use crate::trial::{Kind, Slot};

/// The most clips in a task, as in the toolkit's own example.
const CLIPS_PER_TASK: usize = 10;

/// A method of the toolkit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Acr,
    Dcr,
    Ccr,
}

impl Method {
    fn as_str(self) -> &'static str {
        match self {
            Self::Acr => "acr",
            Self::Dcr => "dcr",
            Self::Ccr => "ccr",
        }
    }
}

/// Returns the input of the P.808 toolkit for a test whose clips are at an address, such as `https://example.org/clips`.
///
/// # Errors
///
/// [`Error::Interchange`] for a test that the toolkit has no method for, and an address that does not fit into its lists.
pub fn p808_input(pages: &Pages<'_>, address: &str) -> Result<ExportedTest, Error> {
    let method = method_of(pages)?;
    if address.contains([',', '"', '\'', '\n', '\r', ' ']) {
        return Err(Error::Interchange {
            what: format!("the address `{address}` has characters that separate the columns of a table"),
            remedy: Some("put the clips elsewhere, or escape these characters"),
        });
    }
    let plan = pages.plan();
    let lists = Lists { pages, method, address: address.trim_end_matches('/') };
    let rated = lists.plain(Kind::Rating, ["rating_clips.csv", "rating_clips", "references"])?;
    let sizes = Sizes::of(method, rated.clips.len(), plan.protocol.ratings_per_item);
    let practice =
        lists.plain(Kind::Practice, ["training_clips.csv", "training_clips", "training_references"])?;
    let mut all = vec![rated, practice];
    // In tests of two clips the toolkit makes traps of the references, and has no gold clips.
    if method == Method::Acr {
        all.push(lists.with_answers(Kind::Gold, ["gold_clips.csv", "gold_clips", "gold_clips_ans"])?);
        all.push(lists.with_answers(Kind::Trap, ["trapping_clips.csv", "trapping_clips", "trapping_ans"])?);
    }
    let left_out: Vec<String> = all.iter().flat_map(|list| list.left_out.clone()).collect();
    let (there, missing): (Vec<List>, Vec<List>) = all.into_iter().partition(|list| !list.clips.is_empty());
    let missing: Vec<&str> = missing.iter().map(|list| list.name).collect();
    let clips = there.iter().flat_map(|list| &list.clips);
    let names = clips.flat_map(|clip| std::iter::once(&clip.name).chain(&clip.reference));
    let file = |name: &str, content: String| ExportedFile { name: name.to_owned(), content };
    let settings = [
        file("master.cfg", master(method, &plan.study, sizes)),
        file("result_parser.cfg", result_parser(method, sizes)),
    ];
    Ok(ExportedTest {
        clips: names.map(|name| ExportedClip { name: name.clone(), with: Vec::new() }).collect(),
        losses: losses(pages, &missing, &left_out, sizes),
        files: there.into_iter().map(|list| file(list.name, list.text)).chain(settings).collect(),
    })
}

/// A list of clips.
struct List {
    name: &'static str,
    text: String,
    clips: Vec<Listed>,
    /// The controls whose accepted answers the toolkit cannot express.
    left_out: Vec<String>,
}

/// A clip of a list, next to its reference where the method plays one.
struct Listed {
    name: String,
    reference: Option<String>,
    /// The sentence, or the control.
    item: String,
}

/// The lists of a test.
struct Lists<'a> {
    pages: &'a Pages<'a>,
    method: Method,
    address: &'a str,
}

impl Lists<'_> {
    /// Returns the clips that the trials of a kind rate, in the order of their names, which tells nothing.
    fn of(&self, kind: Kind) -> Result<Vec<Listed>, Error> {
        let clips = &self.pages.key().clips;
        let rated = clips.iter().filter(|(_, clip)| clip.kind == kind && clip.slot == Slot::System);
        let listed = |(name, clip): (&String, &KeyClip)| {
            let mut reference = None;
            if self.method != Method::Acr {
                let is_its = |other: &KeyClip| {
                    (other.slot, other.kind) == (Slot::Reference, kind)
                        && (&other.item, &other.judged) == (&clip.item, &clip.judged)
                };
                let found =
                    clips.iter().find(|(_, other)| is_its(other)).ok_or_else(|| Error::Interchange {
                        what: format!("the key has no reference for clip `{name}`"),
                        remedy: Some("build the bundle again"),
                    })?;
                reference = Some(found.0.clone());
            }
            Ok(Listed { name: name.clone(), reference, item: clip.item.clone() })
        };
        rated.map(listed).collect()
    }

    /// Returns the list of the clips that the trials of a kind rate, next to their references.
    fn plain(&self, kind: Kind, [name, rated, references]: [&'static str; 3]) -> Result<List, Error> {
        let clips = self.of(kind)?;
        let has_references = self.method != Method::Acr;
        let header = if has_references { format!("{rated},{references}\n") } else { format!("{rated}\n") };
        let row = |clip: &Listed| {
            let names = std::iter::once(&clip.name).chain(&clip.reference);
            names.map(|name| self.address_of(name)).collect::<Vec<_>>().join(",") + "\n"
        };
        let text = header + &clips.iter().map(row).collect::<String>();
        Ok(List { name, text, clips, left_out: Vec::new() })
    }

    /// Returns the list of the clips of controls, with the one answer that the toolkit accepts, for gold clips with a point
    /// around it. Controls that accept others are left out.
    fn with_answers(&self, kind: Kind, [name, rated, answers]: [&'static str; 3]) -> Result<List, Error> {
        let protocol = &self.pages.plan().protocol;
        let (low, high) = protocol.paradigm.scale();
        let tolerance = i32::from(kind == Kind::Gold);
        let answer = |clip: &Listed| {
            let is_its = |control: &&Control| control.id == clip.item && control.purpose.kind() == kind;
            let control = protocol.control.iter().find(is_its)?;
            let accepted = (control.lowest.unwrap_or(low), control.highest.unwrap_or(high));
            let around = |answer: i32| (low.max(answer - tolerance), high.min(answer + tolerance));
            (low..=high).find(|answer| around(*answer) == accepted)
        };
        let mut list =
            List { name, text: format!("{rated},{answers}\n"), clips: Vec::new(), left_out: Vec::new() };
        for clip in self.of(kind)? {
            if let Some(answer) = answer(&clip) {
                // Writing to a string cannot fail.
                writeln!(list.text, "{},{answer}", self.address_of(&clip.name)).ok();
                list.clips.push(clip);
            } else {
                list.left_out.push(clip.item);
            }
        }
        Ok(list)
    }

    fn address_of(&self, clip: &str) -> String {
        format!("{}/{clip}.wav", self.address)
    }
}

/// Returns the method that asks what the test asks.
fn method_of(pages: &Pages<'_>) -> Result<Method, Error> {
    let paradigm = pages.plan().protocol.paradigm;
    let rules = paradigm.rules();
    match (rules.clip_order(), paradigm.scale()) {
        (ClipOrder::Single, (1, 5)) => Ok(Method::Acr),
        (ClipOrder::ReferenceFirst, (1, 5)) => Ok(Method::Dcr),
        (ClipOrder::Balanced, (-3, 3)) => Ok(Method::Ccr),
        _ => Err(Error::Interchange {
            what: format!("the P.808 toolkit has no method for a {} test", rules.abbreviation()),
            remedy: Some("ask on the bundle's own page, or export a MOS, DMOS or CMOS test"),
        }),
    }
}

/// The sizes of a test as the toolkit counts them.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    per_task: usize,
    gold_per_task: usize,
    tasks: usize,
    votes: u32,
}

impl Sizes {
    fn of(method: Method, n_clips: usize, votes: u32) -> Self {
        let per_task = n_clips.clamp(1, CLIPS_PER_TASK);
        let gold_per_task = usize::from(method == Method::Acr);
        Self { per_task, gold_per_task, tasks: n_clips.div_ceil(per_task), votes }
    }

    /// Returns the number of questions of a task, with those that test the rater.
    fn questions(self) -> usize {
        self.per_task + 1 + self.gold_per_task
    }

    /// Returns the number of tasks after which the toolkit pays a bonus: it wants half to two thirds of all.
    fn bonus_after(self) -> usize {
        (self.tasks / 2).max(1)
    }
}

/// Lists what the toolkit does otherwise, and the lists that the plan does not have.
fn losses(pages: &Pages<'_>, missing: &[&str], left_out: &[String], sizes: Sizes) -> Vec<String> {
    let plan = pages.plan();
    let n_null = plan.sessions.iter().flat_map(|session| &session.trials);
    let n_null = n_null.filter(|trial| trial.kind == Kind::NullPair).count();
    let plural = if sizes.tasks == 1 { "" } else { "s" };
    let mut losses = vec![format!(
        "the toolkit deals out clips and order by itself: publish {} task{plural} with {} assignments each",
        sizes.tasks, sizes.votes
    )];
    if n_null > 0 {
        losses.push(format!(
            "left out {n_null} null pairs: the toolkit asks one of its own in each task, which is no rating"
        ));
    }
    if !left_out.is_empty() {
        losses.push(format!(
            "left out {}: the toolkit accepts a point around a gold answer and nothing but the answer of a trap",
            left_out.join(", ")
        ));
    }
    if !missing.is_empty() {
        losses.push(format!("the toolkit also needs what this plan does not have: {}", missing.join(", ")));
    }
    losses.push("payments in master.cfg are those of the toolkit's example: change them".to_owned());
    losses
}

/// Returns `master.cfg`.
fn master(method: Method, study: &str, sizes: Sizes) -> String {
    let Sizes { per_task, gold_per_task, tasks, .. } = sizes;
    let mut text = format!(
        "# Settings for master_script.py --method {}, made from the plan of `{study}`.\n\n\
         [create_input]\n\
         number_of_clips_per_session: {per_task}\n\
         number_of_trapping_per_session: 1\n\
         number_of_gold_clips_per_session: {gold_per_task}\n\
         clip_packing_strategy: random\n\n\
         [hit_app_html]\n\
         cookie_name: {study}\n\
         qual_cookie_name: {study}_qualification\n\
         allowed_max_hit_in_project: {tasks}\n\
         bw_min: NB-WB\n\
         bw_max: FB\n",
        method.as_str()
    );
    payments(&mut text, sizes, "hit_base_payment: 0.5\n");
    text.push_str("contact_email:\n");
    // The script looks the section up even if it is given the clips as a list.
    text.push_str("\n[TrappingQuestions]\nStorageUrl:\nStorageAccountKey:\nContainer:\nPath:\n");
    text
}

/// Returns `result_parser.cfg`: what the toolkit writes itself, with the number of votes, and without the comma that its template
/// has after the bandwidths.
fn result_parser(method: Method, sizes: Sizes) -> String {
    let gold = match method {
        Method::Acr => {
            "ans_found_in: input.tp_ans\n\n\
             [gold_question]\n\
             url_found_in: input.gold_clips\n\
             ans_found_in: input.gold_clips_ans\n\
             variance: 1\n"
        }
        // The toolkit looks the section up for every method, and the column in every row: it must be one that is there.
        _ => "\n[gold_question]\nurl_found_in: input.tp\nvariance: 1\n",
    };
    let of_gold = if method == Method::Acr { "gold_standard_bigger_equal: 1\n" } else { "" };
    let mut text = format!(
        "# Settings for result_parser.py --method {}.\n\n\
         [general]\n\
         number_of_questions_in_rating: {}\n\
         expected_votes_per_file: {}\n\n\
         [math]\n\
         math1.wav = 3\n\
         math2.wav = 7\n\
         math3.wav = 6\n\n\
         [trapping]\n\
         url_found_in: input.tp\n\
         {gold}\n\
         [acceptance_criteria]\n\
         all_audio_played_equal: 1\n\
         bw_min: NB-WB\n\
         bw_max: FB\n\
         correct_math_bigger_equal: 1\n\
         correct_tps_bigger_equal: 1\n\
         allowedMaxHITsInProject: {}\n\
         rejection_feedback: The answers did not pass the checks of attention and hearing.\n\n\
         [accept_and_use]\n\
         variance_bigger_equal: 0.1\n\
         {of_gold}correct_cmp_bigger_equal: 2\n\n\
         [bonus]\n",
        method.as_str(),
        sizes.questions(),
        sizes.votes,
        sizes.tasks
    );
    payments(&mut text, sizes, "");
    text.push_str("quality_min_pcc: 0.7\n");
    text
}

fn payments(text: &mut String, sizes: Sizes, base: &str) {
    // Writing to a string cannot fail.
    write!(
        text,
        "{base}quantity_hits_more_than: {}\nquantity_bonus: 0.1\nquality_top_percentage: 20\nquality_bonus: 0.15\n",
        sizes.bonus_after()
    )
    .ok();
}
