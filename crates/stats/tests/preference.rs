//! Bradley-Terry against choix and scipy (`fixtures/generate/stats_preference.py`), its errors against statsmodels and
//! dense matrices (`fixtures/generate/stats_preference_errors.py`), and properties of families of systems.

use mynah_stats::bootstrap::BootstrapConfig;
use mynah_stats::clustered::two_way;
use mynah_stats::preference::{
    BradleyTerry, Comparison, Preference, bradley_terry, bradley_terry_within, groups, unanimity,
};
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
    assert_eq!(reason(&apart[..2], true), "the second of two was never preferred");
    let second = apart.map(|one| Comparison { preference: Preference::Second, ..one });
    assert_eq!(reason(&second[..2], true), "the first of two was never preferred");
    let ties = apart.map(|one| Comparison { preference: Preference::Tie, ..one });
    assert_eq!(reason(&ties[..2], false), "every judgment is a tie");
    // The same system always came first.
    let same = [compare(1, 2, Preference::First), compare(1, 2, Preference::Second)];
    assert_eq!(bradley_terry(&same, true).unwrap_err(), Error::Collinear);
    let itself = [compare(1, 1, Preference::Tie)];
    assert!(matches!(bradley_terry(&itself, false), Err(Error::OutOfRange { .. })));
    assert_eq!(bradley_terry(&[], false).unwrap_err(), Error::Empty);
    let model = bradley_terry(&apart[..2], false).expect("one win each");
    assert!(matches!(model.difference(1, 3), Err(Error::OutOfRange { .. })));
    assert!(matches!(model.difference(1, 2), Err(Error::TooFew { what: "raters", .. })));
    assert!(model.order_effect().is_err());
}

/// Returns the reason why a model is undefined.
fn reason(comparisons: &[Comparison], with_order: bool) -> &'static str {
    match bradley_terry(comparisons, with_order) {
        Err(Error::Undefined { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[derive(Deserialize)]
struct GoldenErrors {
    cases: Vec<ErrorCase>,
}

#[derive(Deserialize)]
struct ErrorCase {
    name: String,
    comparisons: Vec<[usize; 5]>,
    log_likelihood: f64,
    strengths: Vec<f64>,
    others: Vec<f64>,
    contrasts: Vec<Contrast>,
}

#[derive(Deserialize)]
struct Contrast {
    /// Systems whose difference it is; None for the order effect.
    pair: Option<[usize; 2]>,
    estimate: f64,
    naive_standard_error: f64,
    plain_standard_error: f64,
    excesses_are_positive: bool,
    standard_error: f64,
    degrees_of_freedom: f64,
    effective_raters: f64,
    effective_items: f64,
    one_step_variances: [f64; 2],
    refitted_variances: [f64; 2],
    /// Estimate and plain error by statsmodels.
    statsmodels: Option<[f64; 2]>,
}

#[test]
fn errors_agree_with_statsmodels_and_dense_matrices() {
    let golden: GoldenErrors = golden("stats/preference_errors.json");
    assert_eq!(golden.cases.len(), 4);
    let mut n_statsmodels = 0;
    for case in golden.cases {
        let name = &case.name;
        let comparisons: Vec<Comparison> = case.comparisons.iter().map(comparison).collect();
        let model = bradley_terry(&comparisons, true).expect(name);
        assert_close(model.log_likelihood, case.log_likelihood, VALUE, name);
        assert_all_close(&strengths(&model), &case.strengths, VALUE, name);
        let others: Vec<f64> = model.order_effect.into_iter().chain(model.tie_tendency).collect();
        assert_all_close(&others, &case.others, VALUE, name);
        for expected in case.contrasts {
            let found = match expected.pair {
                Some([system, other]) => model.difference(system, other),
                None => model.order_effect(),
            }
            .expect(name);
            let left_out = found.jackknifed().expect(name);
            for (what, got, wanted) in [
                ("estimate", found.estimate, expected.estimate),
                ("naive", found.naive_standard_error, expected.naive_standard_error),
                ("plain", found.standard_error, expected.plain_standard_error),
                ("left out", left_out.standard_error, expected.standard_error),
                ("degrees", left_out.degrees_of_freedom, expected.degrees_of_freedom),
                ("raters", found.effective_raters, expected.effective_raters),
                ("items", found.effective_items, expected.effective_items),
            ] {
                assert_close(got, wanted, VALUE * wanted.abs().max(1.0), &format!("{name}: {what}"));
            }
            if let Some([estimate, error]) = expected.statsmodels {
                assert_close(found.estimate, estimate, VALUE, name);
                // With a negative excess, statsmodels subtracts where this adds nothing.
                if expected.excesses_are_positive {
                    n_statsmodels += 1;
                    assert_close(found.standard_error, error, VALUE, name);
                }
            }
            // A Newton step is close to a fit without the cluster, in both directions.
            for (one_step, refitted) in expected.one_step_variances.iter().zip(expected.refitted_variances) {
                assert!((0.85..1.15).contains(&(one_step / refitted)), "{name}: {one_step} {refitted}");
            }
        }
    }
    assert!(n_statsmodels >= 2, "{n_statsmodels}");
}

#[test]
fn groups_are_fitted_apart_with_a_common_order_effect() {
    let compare = |k: usize, first: usize, second: usize, preference: Preference| Comparison {
        first,
        second,
        preference,
        rater: k % 5,
        item: k % 7,
    };
    // Systems 1 and 2 always lose to 8 and 9; within each pair both win.
    let within = |low: usize, high: usize, n: usize, salt: usize| -> Vec<Comparison> {
        (0..n)
            .map(|k| {
                let (first, second) = if k % 2 == 0 { (low, high) } else { (high, low) };
                let first_wins = (k * salt) % 5 < 3;
                compare(k, first, second, if first_wins { Preference::First } else { Preference::Second })
            })
            .collect()
    };
    let (below, above) = (within(1, 2, 40, 3), within(8, 9, 40, 7));
    let across = [compare(0, 1, 8, Preference::Second), compare(1, 9, 2, Preference::First)];
    let all: Vec<Comparison> = below.iter().chain(&above).chain(&across).copied().collect();
    assert_eq!(groups(&all), [vec![8, 9], vec![1, 2]]);
    let model = bradley_terry_within(&all, true).expect("two groups");
    let apart: Vec<Comparison> = below.iter().chain(&above).copied().collect();
    let alone = bradley_terry_within(&apart, true).expect("two groups");
    assert_close(model.log_likelihood, alone.log_likelihood, VALUE, "votes between groups do not count");
    // Without an order effect, each group is as if alone.
    for (low, high, votes) in [(1, 2, &below), (8, 9, &above)] {
        let own = bradley_terry(votes, false).expect("one group").difference(low, high).expect("a pair");
        let found =
            bradley_terry_within(&all, false).expect("two groups").difference(low, high).expect("a pair");
        assert_close(found.estimate, own.estimate, VALUE, "difference");
        let error = |one: mynah_stats::clustered::Clustered| one.jackknifed().expect("equal").standard_error;
        // The factor of the cells counts all parameters.
        assert_close(error(found), error(own), 0.02, "error");
    }
    let error = model.difference(1, 9).unwrap_err();
    assert_eq!(error, Error::Disconnected { above: vec![8, 9], below: vec![1, 2], compared: true });
}

#[test]
fn unanimity_counts_the_fewest_witnesses_in_either_order() {
    let vote = |rater: usize, item: usize, first: usize, preferred: usize| Comparison {
        first,
        second: 1 - first,
        preference: if first == preferred { Preference::First } else { Preference::Second },
        rater,
        item,
    };
    // Eight raters on six sentences with 0 first, three raters on six sentences with 1 first.
    let mut votes: Vec<Comparison> = crossed(8, 6).into_iter().map(|(r, i)| vote(r, i, 0, 0)).collect();
    votes.extend(crossed(3, 6).into_iter().map(|(r, i)| vote(r, i, 1, 0)));
    let found = unanimity(&votes, 1, 0).expect("unanimous");
    assert_eq!((found.preferred, found.n, found.n_raters, found.n_items), (0, 66, 8, 6));
    assert_eq!(found.n_witnesses, 3);
    assert_close(found.p_value, 0.25, 1e-15, "two-sided");
    // All in one order: the order alone could have done it.
    let found = unanimity(&votes[..48], 0, 1).expect("unanimous");
    assert_eq!((found.n_witnesses, found.p_value.to_bits()), (0, 1.0_f64.to_bits()));
    votes.push(vote(7, 5, 1, 1));
    assert!(matches!(unanimity(&votes, 0, 1), Err(Error::Undefined { .. })));
    assert_eq!(unanimity(&votes, 0, 5), Err(Error::Empty));
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
