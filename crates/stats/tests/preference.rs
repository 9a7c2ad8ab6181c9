//! Bradley-Terry against choix and scipy (`fixtures/generate/stats_preference.py`), and properties of families of
//! systems.

use mynah_stats::bootstrap::BootstrapConfig;
use mynah_stats::clustered::two_way;
use mynah_stats::preference::{BradleyTerry, Comparison, Preference, bradley_terry};
use mynah_stats::simulate::crossed;
use mynah_stats::{Error, holm, max_t};
use mynah_testkit::{assert_all_close, assert_close, golden};
use serde::Deserialize;

/// scipy's Powell search stops at steps of 1e-10 of an objective that is flat to 1e-7 there.
const SEARCH: f64 = 2e-6;
/// Tolerance on the objective itself.
const VALUE: f64 = 1e-9;
/// choix stops when its estimates jointly move by less than 1e-12.
const CHOIX: f64 = 1e-9;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    comparisons: Vec<[usize; 5]>,
    with_order: bool,
    strengths: Vec<f64>,
    others: Vec<f64>,
    log_likelihood: f64,
    choix: Option<Vec<f64>>,
}

fn comparison(&[first, second, outcome, rater, item]: &[usize; 5]) -> Comparison {
    let preference = [Preference::First, Preference::Second, Preference::Tie][outcome];
    Comparison { first, second, preference, rater, item }
}

fn strengths(model: &BradleyTerry) -> Vec<f64> {
    model.strengths.iter().map(|&(_, strength)| strength).collect()
}

#[test]
fn strengths_agree_with_choix_and_a_general_optimizer() {
    let golden: Golden = golden("stats/preference.json");
    assert_eq!(golden.cases.len(), 5);
    for case in golden.cases {
        let comparisons: Vec<Comparison> = case.comparisons.iter().map(comparison).collect();
        let model = bradley_terry(&comparisons, case.with_order).expect(&case.name);
        assert_close(model.log_likelihood, case.log_likelihood, VALUE, &case.name);
        assert_all_close(&strengths(&model), &case.strengths, SEARCH, &case.name);
        let others: Vec<f64> = model.order_effect.into_iter().chain(model.tie_tendency).collect();
        assert_all_close(&others, &case.others, SEARCH, &case.name);
        if let Some(choix) = case.choix {
            assert_all_close(&strengths(&model), &choix, CHOIX, &case.name);
        }
        let difference = model.difference(0, 1).expect(&case.name);
        assert_close(difference.estimate, model.strengths[0].1 - model.strengths[1].1, 0.0, &case.name);
        let opposite = model.difference(1, 0).expect(&case.name);
        assert_close(opposite.standard_error, difference.standard_error, VALUE, &case.name);
    }
}

#[test]
fn the_error_of_two_systems_agrees_with_the_delta_method() {
    // Each rater judges each item once: the strength is the logit of a mean, and its error follows by the delta method.
    let cells = crossed(6, 8);
    let preferred = |rater: usize, item: usize| (rater * 3 + item * 5 + rater * item) % 7 < 4;
    let comparisons: Vec<Comparison> = cells
        .iter()
        .map(|&(rater, item)| {
            let preference = if preferred(rater, item) { Preference::First } else { Preference::Second };
            Comparison { first: 4, second: 9, preference, rater, item }
        })
        .collect();
    let model = bradley_terry(&comparisons, false).expect("a study");
    let values: Vec<f64> = cells.iter().map(|&(r, i)| f64::from(u8::from(preferred(r, i)))).collect();
    let (raters, items): (Vec<usize>, Vec<usize>) = cells.into_iter().unzip();
    let share = two_way(&values, &raters, &items).expect("a study");
    let slope = 1.0 / (share.estimate * (1.0 - share.estimate));
    let difference = model.difference(4, 9).expect("two systems");
    assert_close(difference.estimate, (share.estimate / (1.0 - share.estimate)).ln(), VALUE, "logit");
    assert_close(difference.standard_error, slope * share.standard_error, VALUE, "its error");
}

#[test]
fn unbounded_preferences_name_the_groups() {
    let compare = |first, second, preference| Comparison { first, second, preference, rater: 0, item: 0 };
    let apart = [
        compare(1, 2, Preference::First),
        compare(2, 1, Preference::First),
        compare(5, 7, Preference::First),
        compare(7, 5, Preference::First),
    ];
    let error = bradley_terry(&apart, false).unwrap_err();
    assert_eq!(error, Error::Disconnected { above: vec![1, 2], below: vec![5, 7], compared: false });
    assert_eq!(error.to_string(), "systems [1, 2] were never compared with [5, 7]");
    let above = [apart[0], apart[1], compare(7, 1, Preference::First), apart[2], apart[3]];
    let error = bradley_terry(&above, false).unwrap_err();
    assert_eq!(error, Error::Disconnected { above: vec![5, 7], below: vec![1, 2], compared: true });
    let below = [apart[0], apart[1], compare(7, 1, Preference::Second), apart[2], apart[3]];
    let error = bradley_terry(&below, false).unwrap_err();
    assert_eq!(error, Error::Disconnected { above: vec![1, 2], below: vec![5, 7], compared: true });
    // A single tie between the groups is enough.
    let tied = [above[0], above[1], compare(7, 1, Preference::Tie), above[3], above[4]];
    assert!(bradley_terry(&tied, false).is_ok());
    // The first was always preferred: the order explains everything.
    assert!(matches!(bradley_terry(&apart[..2], true), Err(Error::NotConverged { .. })));
    let itself = [compare(1, 1, Preference::Tie)];
    assert!(matches!(bradley_terry(&itself, false), Err(Error::OutOfRange { .. })));
    assert_eq!(bradley_terry(&[], false).unwrap_err(), Error::Empty);
    let model = bradley_terry(&apart[..2], false).expect("one win each");
    assert!(matches!(model.difference(1, 3), Err(Error::OutOfRange { .. })));
    assert!(matches!(model.difference(1, 2), Err(Error::TooFew { what: "raters", .. })));
    assert!(model.order_effect().is_err());
}

/// Draws scores of several systems by the same raters of the same items; `shared` is their common share.
fn family(n_systems: usize, shared: f64) -> (Vec<f64>, Vec<usize>, Vec<usize>, Vec<usize>) {
    let cells = crossed(8, 12);
    let (mut values, mut systems, mut raters, mut items) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let noise = |k: usize| ((k * 7919 % 1009) as f64 / 504.0 - 1.0) * 2.0;
    for system in 0..n_systems {
        for (k, &(rater, item)) in cells.iter().enumerate() {
            let own = noise(k * 31 + system * 577 + 13);
            values.push(shared * noise(k * 17 + rater) + (1.0 - shared) * own + 0.1 * system as f64);
            systems.push(10 + system);
            raters.push(rater);
            items.push(item);
        }
    }
    (values, systems, raters, items)
}

#[test]
fn a_single_system_is_not_adjusted() {
    // 20,000 replicates estimate a probability of 0.2 to within 0.003.
    const MONTE_CARLO: f64 = 4.0 * 0.003;
    let (values, systems, raters, items) = family(1, 0.0);
    let config = BootstrapConfig { n_replicates: 20_000, seed: 2 };
    let values: Vec<f64> = values.iter().map(|value| value + 0.15).collect();
    let member = max_t(&values, &systems, &raters, &items, &config).expect("a study")[0];
    assert!(member.p_value > 0.01 && member.p_value < 0.6, "{member:?}");
    assert_close(member.adjusted_p_value, member.p_value, MONTE_CARLO, "adjusted");
    assert_eq!(member.system, 10);
}

#[test]
fn correlated_systems_are_adjusted_less() {
    let config = BootstrapConfig { n_replicates: 4000, seed: 3 };
    let adjusted = |shared: f64| {
        let (values, systems, raters, items) = family(5, shared);
        let members = max_t(&values, &systems, &raters, &items, &config).expect("a study");
        let p_values: Vec<f64> = members.iter().map(|member| member.p_value).collect();
        let smallest = (0..5).min_by(|&a, &b| p_values[a].total_cmp(&p_values[b])).expect("five");
        let by_holm = holm(&p_values).expect("probabilities")[smallest];
        assert!(members.iter().all(|member| member.adjusted_p_value >= member.p_value));
        (members[smallest].adjusted_p_value, by_holm, p_values[smallest])
    };
    let (apart, holm_apart, p_apart) = adjusted(0.0);
    let (alike, holm_alike, p_alike) = adjusted(0.95);
    assert!(apart <= holm_apart * 1.1, "independent systems: {apart} by max-t, {holm_apart} by Holm");
    // Nearly the same system five times is nearly a single test.
    assert!(alike / p_alike < 0.6 * (holm_alike / p_alike), "{alike} by max-t, {holm_alike} by Holm");
    assert!(alike / p_alike < apart / p_apart, "{alike} {p_alike} {apart} {p_apart}");
}
