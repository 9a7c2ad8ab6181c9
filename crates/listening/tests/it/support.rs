//! Protocols and plans that several tests start from.

use mynah_listening::{Plan, Protocol, Role, System};

pub(crate) const CMOS: &str = include_str!("../../../../eval/protocols/cmos.toml");
pub(crate) const MOS: &str = include_str!("../../../../eval/protocols/mos.toml");

/// The shipped comparison protocol with other sizes.
pub(crate) fn cmos(raters: u32, ratings_per_item: u32, null_pairs: u32) -> Protocol {
    let protocol = Protocol::from_toml(CMOS).expect("the shipped protocol is fine");
    Protocol { raters, ratings_per_item, null_pairs, items: None, ..protocol }
}

/// The shipped single-clip protocol with other sizes.
pub(crate) fn mos(raters: u32, ratings_per_item: u32) -> Protocol {
    let protocol = Protocol::from_toml(MOS).expect("the shipped protocol is fine");
    Protocol { raters, ratings_per_item, items: None, ..protocol }
}

/// Recordings and so many systems, `s1` and on.
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

/// An error with everything that caused it, as a program prints it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
