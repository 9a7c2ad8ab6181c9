//! Allocation, balance and the hash of a plan.

use std::collections::{BTreeMap, BTreeSet};

use mynah_listening::{Error, First, Kind, Plan, Protocol, Role};
use mynah_stats::power::Components;
use proptest::prelude::*;

use crate::support::{CMOS, advised, chain, cmos, items, mos, plan, systems};

/// The numbers of trials with the reference and with the system first.
type Orders = (i64, i64);

fn count(orders: &mut Orders, first: First) {
    match first {
        First::Reference => orders.0 += 1,
        First::System => orders.1 += 1,
    }
}

/// Even numbers are split in halves, odd ones as evenly as they can be.
fn is_balanced(orders: &Orders) -> bool {
    (orders.0 - orders.1).abs() <= (orders.0 + orders.1) % 2
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_plan_is_exact_and_balanced(
        n_raters in 2_u32..14,
        share in 0.0..1.0_f64,
        n_candidates in 1_usize..4,
        n_items in 2_usize..16,
        null_pairs in 0_u32..3,
        seed in any::<u32>(),
    ) {
        let per_item = 1 + (share * f64::from(n_raters)) as u32;
        let plan = plan(cmos(n_raters, per_item, null_pairs), n_candidates, n_items, u64::from(seed));
        let mut judges: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        let mut loads = Vec::new();
        let mut nulls: BTreeMap<&str, u32> = BTreeMap::new();
        let mut by_cell: BTreeMap<(&str, &str), Orders> = BTreeMap::new();
        let mut by_item: BTreeMap<&str, Orders> = BTreeMap::new();
        for session in &plan.sessions {
            let (mut by_rater, mut by_system) = ((0, 0), BTreeMap::<&str, Orders>::new());
            let mut null_items = BTreeSet::new();
            for trial in &session.trials {
                let (item, system) = (trial.item.as_str(), trial.system.as_str());
                if trial.kind == Kind::NullPair {
                    prop_assert_eq!(system, "recordings");
                    prop_assert!(null_items.insert(item), "a rater's null pairs are different items");
                    *nulls.entry(item).or_default() += 1;
                    continue;
                }
                prop_assert!(judges.entry((item, system)).or_default().insert(&session.rater), "judged twice");
                let first = trial.first.expect("a comparison has an order");
                for orders in [
                    &mut by_rater,
                    by_system.entry(system).or_default(),
                    by_cell.entry((item, system)).or_default(),
                    by_item.entry(item).or_default(),
                ] {
                    count(orders, first);
                }
            }
            prop_assert!(is_balanced(&by_rater), "{}: {:?}", session.rater, by_rater);
            prop_assert!(by_system.values().all(is_balanced), "{}: {:?}", session.rater, by_system);
            prop_assert_eq!(null_items.len() as u32, null_pairs);
            loads.push(by_rater.0 + by_rater.1);
        }
        prop_assert_eq!(judges.len(), n_items * n_candidates);
        prop_assert!(judges.values().all(|raters| raters.len() as u32 == per_item), "{:?}", judges);
        prop_assert!(by_cell.values().all(is_balanced) && by_item.values().all(is_balanced), "{:?}", by_cell);
        let spread = loads.iter().max().expect("raters") - loads.iter().min().expect("raters");
        prop_assert!(spread <= 1, "loads {:?}", loads);
        let null_spread = nulls.values().max().unwrap_or(&0)
            - if nulls.len() == n_items { *nulls.values().min().unwrap_or(&0) } else { 0 };
        prop_assert!(null_spread <= 1, "null pairs {:?}", nulls);

        if per_item as usize * n_candidates <= n_raters as usize {
            for session in &plan.sessions {
                let rated: Vec<&str> =
                    session.trials.iter().filter(|t| t.kind == Kind::Rating).map(|t| t.item.as_str()).collect();
                let distinct: BTreeSet<&str> = rated.iter().copied().collect();
                prop_assert_eq!(distinct.len(), rated.len(), "nobody needs to hear a sentence twice");
            }
        }
        for session in &plan.sessions {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for trial in &session.trials {
                *counts.entry(&trial.item).or_default() += 1;
            }
            if counts.values().max().unwrap_or(&0) * 2 <= session.trials.len() + 1 {
                let in_a_row = session.trials.windows(2).find(|pair| pair[0].item == pair[1].item);
                prop_assert_eq!(in_a_row, None, "avoidable");
            }
        }

        let text = plan.to_toml().expect("it has a TOML form");
        prop_assert_eq!(Plan::from_toml(&text).expect("it is unchanged"), plan);
    }
}

#[test]
fn single_clip_plans_rate_the_reference_and_have_no_order() {
    let plan = plan(mos(6, 3), 2, 8, 5);
    let mut judged: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for trial in plan.sessions.iter().flat_map(|session| &session.trials) {
        assert_eq!((trial.first, trial.kind), (None, Kind::Rating));
        *judged.entry((&trial.item, &trial.system)).or_default() += 1;
    }
    assert_eq!(judged.len(), 8 * 3);
    assert!(judged.values().all(|&count| count == 3));
    assert!(judged.contains_key(&("item-001", "recordings")));
}

#[test]
fn plans_depend_on_the_seed_but_not_on_the_order_of_items() {
    let protocol = Protocol { items: Some(10), ..cmos(6, 4, 1) };
    let make = |items, seed| Plan::new(protocol.clone(), systems(2), items, "s", seed).expect("possible");
    let one = make(items(30), 1);
    let mut turned = items(30);
    turned.reverse();
    assert_eq!(make(turned, 1), one);
    assert_eq!(one.items.len(), 10);
    assert!(one.items.is_sorted());
    let two = make(items(30), 2);
    assert_ne!(two.design, one.design);
    assert_ne!(two.items, one.items);
}

#[test]
fn random_choices_of_a_seed_are_pinned() {
    // A change here changes every user's plans: it must be meant, and said in the changelog.
    let plan = plan(cmos(20, 20, 3), 1, 50, 1);
    let trials: Vec<String> = plan.sessions[0].trials[..6]
        .iter()
        .map(|trial| format!("{} {} {:?} {:?}", trial.item, trial.system, trial.first, trial.kind))
        .collect();
    let expected = [
        "item-030 s1 Some(System) Rating",
        "item-034 s1 Some(System) Rating",
        "item-031 s1 Some(Reference) Rating",
        "item-014 s1 Some(Reference) Rating",
        "item-047 recordings Some(Reference) NullPair",
        "item-010 s1 Some(Reference) Rating",
    ];
    assert_eq!(trials, expected);
}

#[test]
fn rejects_an_edited_plan_with_a_remedy() {
    let plan = plan(cmos(4, 4, 1), 1, 6, 3);
    let text = plan.to_toml().expect("it has a TOML form");
    for (from, to) in [
        ("margin = 0.2", "margin = 0.5"),
        ("seed = 3", "seed = 4"),
        ("first = \"system\"", "first = \"reference\""),
        ("study = \"study-1\"", "study = \"study-2\""),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "the plan has `{from}`");
        let error = Plan::from_toml(&edited).expect_err(to);
        assert!(matches!(error, Error::DesignMismatch { .. }), "{error}");
        assert!(advised(&error).contains("undo the change"), "{}", advised(&error));
    }
    let moved = text.replace("directory = \"corpus\"", "directory = \"elsewhere/corpus\"");
    assert_ne!(moved, text);
    let moved = Plan::from_toml(&moved).expect("wavs may move");
    assert_eq!(moved.design, plan.design);

    let later = text.replace("format = 1", "format = 2");
    assert!(matches!(Plan::from_toml(&later), Err(Error::PlanFormat { found: 2, supported: 1 })));
    let unknown = format!("colour = \"red\"\n{text}");
    let error = Plan::from_toml(&unknown).expect_err("an unknown key");
    assert!(chain(&error).contains("unknown field `colour`"), "{}", chain(&error));
}

#[test]
fn a_written_plan_reads_back_equal() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let path = directory.path().join("PLAN.toml");
    let plan = plan(cmos(4, 4, 1), 1, 6, 3);
    plan.write(&path).expect("it can be written");
    assert_eq!(Plan::read(&path).expect("it can be read"), plan);
    let missing = Plan::read(&directory.path().join("none.toml")).expect_err("it is missing");
    assert!(missing.to_string().starts_with("cannot read `"), "{missing}");
    assert_eq!(std::fs::read_dir(directory.path()).expect("it is there").count(), 1, "nothing else is left");
}

#[test]
fn rejects_impossible_plans() {
    let check = |systems, items, study: &str, expected: &str| {
        let error = Plan::new(cmos(4, 4, 1), systems, items, study, 1).expect_err(expected);
        assert!(advised(&error).contains(expected), "{}", advised(&error));
    };
    check(systems(1), items(4), "a study", "letters, digits");
    check(systems(1)[1..].to_vec(), items(4), "s", "exactly one reference");
    check(systems(0), items(4), "s", "no system under test");
    check(systems(1), items(1), "s", "at least two sentences");
    check(systems(1), vec!["a".to_owned(), "a".to_owned()], "s", "every item once");
    let mut twins = systems(2);
    twins[1].name = "s2".to_owned();
    check(twins, items(4), "s", "names must be unique");
    let mut two_references = systems(2);
    two_references[1].role = Role::Reference;
    check(two_references, items(4), "s", "exactly one reference");

    let wanted = Protocol::from_toml(CMOS).expect("it is fine");
    let error = Plan::new(wanted, systems(1), items(40), "s", 1).expect_err("too few items");
    assert!(error.to_string().contains("wants 50 items, every system has only 40"), "{error}");
    let error = Plan::new(mos(4, 4), systems(1)[1..].to_vec(), items(4), "s", 1).expect_err("no recordings");
    assert!(advised(&error).contains("human_reference = false"), "{}", advised(&error));
    let error = Plan::new(cmos(4, 4, 9), systems(1), items(4), "s", 1).expect_err("too many null pairs");
    assert!(error.to_string().contains("null pairs"), "{error}");
}

#[test]
fn the_power_table_starts_with_the_plan_and_improves() {
    let table = plan(cmos(20, 20, 0), 1, 50, 1).power_table(&Components::default()).expect("components");
    assert!(table[0].planned);
    assert_eq!((table[0].size.items, table[0].size.raters), (50, 20));
    assert_eq!(format!("{:.2}", table[0].power.smallest_margin), "0.26");
    assert!(table[1..].iter().all(|row| !row.planned && row.power.smallest_margin < 0.26));
    assert!(table.len() > 3);
    let large = plan(cmos(300, 20, 0), 1, 50, 1).power_table(&Components::default()).expect("components");
    assert_eq!(large.len(), 1, "no usual size has as many raters");
}
