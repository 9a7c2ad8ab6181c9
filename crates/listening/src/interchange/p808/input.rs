//! The lists of clips and the settings from which the P.808 toolkit makes its tasks.

use std::fmt::Write as _;

use crate::error::Error;
use crate::interchange::export::{ExportedClip, ExportedFile, ExportedTest};
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
    let address_of = |name: &str| format!("{}/{name}.wav", address.trim_end_matches('/'));
    let mut list =
        String::from(if method == Method::Acr { "rating_clips\n" } else { "rating_clips,references\n" });
    let mut clips = Vec::new();
    let add = |name: &String, clips: &mut Vec<ExportedClip>| {
        clips.push(ExportedClip { name: name.clone(), with: Vec::new() });
    };
    let rated =
        pages.key().clips.iter().filter(|(_, clip)| clip.kind == Kind::Rating && clip.slot == Slot::System);
    let mut n_clips = 0;
    for (name, clip) in rated {
        list.push_str(&address_of(name));
        add(name, &mut clips);
        if method != Method::Acr {
            let reference = pages.key().clips.iter().find(|(_, other)| {
                other.slot == Slot::Reference
                    && other.kind == Kind::Rating
                    && (&other.item, &other.judged) == (&clip.item, &clip.judged)
            });
            let (reference, _) = reference.ok_or_else(|| Error::Interchange {
                what: format!("the key has no reference for clip `{name}`"),
                remedy: Some("build the bundle again"),
            })?;
            list.push(',');
            list.push_str(&address_of(reference));
            add(reference, &mut clips);
        }
        list.push('\n');
        n_clips += 1;
    }
    let sizes = Sizes::of(method, n_clips, plan.protocol.ratings_per_item);
    let file = |name: &str, content: String| ExportedFile { name: name.to_owned(), content };
    Ok(ExportedTest {
        files: vec![
            file("rating_clips.csv", list),
            file("master.cfg", master(method, &plan.study, sizes)),
            file("result_parser.cfg", result_parser(method, sizes)),
        ],
        clips,
        losses: losses(pages, method, sizes),
    })
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

/// Lists what the toolkit does otherwise.
fn losses(pages: &Pages<'_>, method: Method, sizes: Sizes) -> Vec<String> {
    let plan = pages.plan();
    let n_null = plan.sessions.iter().flat_map(|session| &session.trials);
    let n_null = n_null.filter(|trial| trial.kind == Kind::NullPair).count();
    let mut losses = vec![format!(
        "the toolkit deals out clips and order by itself: publish the {} tasks with {} assignments each",
        sizes.tasks, sizes.votes
    )];
    if n_null > 0 {
        losses.push(format!(
            "left out {n_null} null pairs: the toolkit asks one of its own in each task, which is no rating"
        ));
    }
    losses.push(
        match method {
            Method::Acr => {
                "the toolkit needs three lists that no plan has: training_clips.csv, gold_clips.csv and trapping_clips.csv"
            }
            _ => "the toolkit needs a list that no plan has: training_clips.csv",
        }
        .to_owned(),
    );
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
