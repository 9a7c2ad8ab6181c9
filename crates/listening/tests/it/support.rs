//! Protocols and plans that several tests start from.

use mynah_listening::{
    Error, First, Kind, Origin, Paradigm, Plan, Protocol, Rating, Role, Simulation, System, simulate,
};

pub(crate) const CMOS: &str = include_str!("../../src/paradigms/cmos/protocol.toml");
pub(crate) const AB: &str = include_str!("../../src/paradigms/ab/protocol.toml");
pub(crate) const MUSHRA: &str = include_str!("../../src/paradigms/mushra/protocol.toml");
pub(crate) const MOS: &str = include_str!("../../src/paradigms/mos/protocol.toml");

/// The standard comparison protocol with other sizes.
pub(crate) fn cmos(raters: u32, ratings_per_item: u32, null_pairs: u32) -> Protocol {
    let protocol = Protocol::standard(Paradigm::Cmos);
    Protocol { raters, ratings_per_item, null_pairs, items: None, ..protocol }
}

/// The standard single-clip protocol with other sizes.
pub(crate) fn mos(raters: u32, ratings_per_item: u32) -> Protocol {
    let protocol = Protocol::standard(Paradigm::Mos);
    Protocol { raters, ratings_per_item, items: None, ..protocol }
}

/// The standard preference protocol with other sizes.
pub(crate) fn ab(raters: u32, ratings_per_item: u32) -> Protocol {
    let protocol = Protocol::standard(Paradigm::Ab);
    Protocol { raters, ratings_per_item, items: None, ..protocol }
}

/// The standard protocol of a paradigm with other sizes.
pub(crate) fn sized(paradigm: Paradigm, raters: u32, ratings_per_item: u32) -> Protocol {
    Protocol { raters, ratings_per_item, items: None, ..Protocol::standard(paradigm) }
}

/// Recordings and candidates `s1`, `s2`, ….
pub(crate) fn systems(n_candidates: usize) -> Vec<System> {
    let candidates = (1..=n_candidates).map(|number| System {
        name: format!("s{number}"),
        role: Role::Candidate,
        directory: format!("out/s{number}"),
    });
    let recordings =
        System { name: "recordings".to_owned(), role: Role::Reference, directory: "corpus".to_owned() };
    std::iter::once(recordings).chain(candidates).collect()
}

pub(crate) fn items(n: usize) -> Vec<String> {
    (1..=n).map(|number| format!("item-{number:03}")).collect()
}

pub(crate) fn plan(protocol: Protocol, n_candidates: usize, n_items: usize, seed: u64) -> Plan {
    Plan::new(protocol, systems(n_candidates), items(n_items), "study-1", seed)
        .expect("the design is possible")
}

/// A rating for every trial, with the score that a function gives to rater, item, system and kind.
pub(crate) fn ratings(plan: &Plan, score: impl Fn(usize, usize, &str, Kind) -> f64) -> Vec<Rating> {
    let mut ratings = simulate(plan, &Simulation::default()).expect("the plan is fine");
    for rating in &mut ratings {
        let rater = plan.sessions.iter().position(|session| session.rater == rating.rater).expect("planned");
        let item = plan.items.iter().position(|item| *item == rating.item).expect("planned");
        rating.origin = Origin::Human;
        rating.score = score(rater, item, &rating.system, rating.kind);
        rating.score_raw = rating.score * rating.first.map_or(1.0, First::sign);
        "ratings.csv".clone_into(&mut rating.source_file);
    }
    ratings
}

/// A plan with an anchor besides its systems under test.
pub(crate) fn plan_with_anchor(protocol: Protocol, n_candidates: usize, n_items: usize) -> Plan {
    let mut systems = systems(n_candidates);
    systems.push(System { name: "noisy".to_owned(), role: Role::Anchor, directory: "out/noisy".to_owned() });
    Plan::new(protocol, systems, items(n_items), "study-1", 1).expect("the design is possible")
}

/// An error with its remedy, as a program prints them.
pub(crate) fn advised(error: &Error) -> String {
    format!("{error}; {}", error.remedy().unwrap_or("no remedy"))
}

/// An error with all of its causes, as a program prints them.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
