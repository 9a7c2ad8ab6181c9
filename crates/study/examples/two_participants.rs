//! Two people take part in a small listening test; one of them stops.
//!
//! ```text
//! cargo run -p mynah-study --example two_participants
//! ```
#![allow(clippy::print_stdout, reason = "an example that prints what it does")]

use mynah_listening::{Pages, Paradigm, Plan, Protocol, Role, System, build, common_items};
use mynah_study::{Identity, Places, Platform, Store, progress};
use mynah_testkit::mini_corpus;
use serde_json::json;

const MINUTE: i64 = 60_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scratch = tempfile::tempdir()?;
    let directory = mini_corpus().to_string_lossy().into_owned();
    let systems = vec![System { name: "recordings".to_owned(), role: Role::Candidate, directory }];
    let items = common_items(&systems)?.into_iter().take(3).collect();
    let protocol = Protocol {
        raters: 2,
        ratings_per_item: 2,
        items: None,
        human_reference: false,
        ..Protocol::standard(Paradigm::Mos)
    };
    let plan = Plan::new(protocol, systems, items, "example", 1)?;
    let key = build(&plan, &scratch.path().join("bundle"))?;
    let pages = Pages::new(&plan, &key)?;
    let mut store = Store::open(&scratch.path().join("answers.sqlite"), &pages)?;

    let places = Places { copies: 1, overbook: 0, lease_ms: 30 * MINUTE, pilot: false };
    for (name, n_answers) in [("anna", 3), ("ben", 1)] {
        let identity =
            Identity { platform: Platform::Open, person: name.to_owned(), assignment: None, session: None };
        let joined = store.join(&identity, "a browser", &places, 0)?;
        println!("{name} does the session of {}", joined.rater);
        for (position, page) in pages.of_session(joined.session).iter().take(n_answers).enumerate() {
            let clips: Vec<_> = page.clips.iter().map(|clip| json!({ "clip": clip, "plays": 1 })).collect();
            let answer = json!({ "trial": page.id, "page": position, "score_raw": 4, "clips": clips });
            let put = store.transaction(|store| {
                store.put(&pages, (&joined.token, &page.id), &answer, &places, MINUTE)
            })?;
            println!("  page {position}: {put:?}");
        }
        if n_answers == 3 {
            store.finish(&pages, &joined.token, 2 * MINUTE)?;
        }
    }
    for rater in progress(&store, &plan, 40 * MINUTE)?.raters {
        println!("{}: {:?}, {} of {} answers", rater.rater, rater.state, rater.answered, rater.trials);
    }
    Ok(())
}
