use super::*;

fn runs(values: &[&[f64]]) -> Runs {
    Runs { values: values.iter().map(|run| run.to_vec()).collect(), totals: Vec::new() }
}

fn rates(values: &[&[f64]], totals: &[&[f64]]) -> Runs {
    Runs { totals: totals.iter().map(|run| run.to_vec()).collect(), ..runs(values) }
}

#[test]
fn incomplete_and_impossible_tables_are_errors() {
    let good = runs(&[&[0.5, 1.0, 0.0], &[1.0, 1.0, 0.0]]);
    let check = |statistic, candidate: &Runs, expected: &str| {
        let error = compare(statistic, &good, candidate, 1.0).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(Statistic::Mean, &runs(&[]), "no values");
    check(Statistic::Mean, &runs(&[&[]]), "no values");
    check(Statistic::Mean, &runs(&[&[1.0, 2.0]]), "`baseline` has 3 entries, but `candidate` has 2");
    check(Statistic::Mean, &runs(&[&[1.0, 2.0, 3.0], &[1.0]]), "`first run` has 3 entries");
    check(Statistic::Mean, &runs(&[&[1.0, f64::NAN, 3.0]]), "index 1 is not finite");
    check(Statistic::Proportion, &runs(&[&[1.0, 2.0, 0.0]]), "from 0 to 1");
    check(Statistic::Rate, &good, "`values` has 2 entries, but `totals` has 0");
    check(Statistic::Quantile { probability: 1.0 }, &good, "`probability` is 1");
    let negative = rates(&[&[1.0, 0.0]], &[&[-1.0, 2.0]]);
    let error = compare(Statistic::Rate, &negative, &negative, 1.0).unwrap_err().to_string();
    assert!(error.contains("`totals` is -1"), "{error}");
    let empty = rates(&[&[0.0, 0.0]], &[&[0.0, 0.0]]);
    assert!(matches!(compare(Statistic::Rate, &empty, &empty, 1.0), Err(Error::Undefined { .. })));
    assert!(matches!(compare(Statistic::Mean, &good, &good, f64::NAN), Err(Error::OutOfRange { .. })));
}

#[test]
fn a_difference_that_does_not_vary_is_an_error() {
    let (low, high) = (runs(&[&[1.0, 2.0, 4.0]]), runs(&[&[1.1, 2.1, 4.1]]));
    assert!(matches!(compare(Statistic::Mean, &low, &high, 1.0), Err(Error::NoSpread { .. })));
    assert!(matches!(compare(Statistic::Mean, &low, &low, 1.0), Err(Error::NoSpread { .. })));
    let one = runs(&[&[1.0]]);
    assert!(matches!(compare(Statistic::Mean, &one, &one, 1.0), Err(Error::TooFew { what: "runs", .. })));
}

#[test]
fn says_from_which_runs_the_variation_is_known() {
    let (once, twice) = (runs(&[&[1.0, 2.0, 4.0]]), runs(&[&[1.5, 2.0, 3.0], &[2.5, 2.0, 4.0]]));
    let basis = |baseline: &Runs, candidate: &Runs| {
        let found = compare(Statistic::Mean, baseline, candidate, 1.0).unwrap();
        (found.run_basis, found.variation.run_sd.is_some())
    };
    assert_eq!(basis(&once, &runs(&[&[1.0, 3.0, 4.0]])), (RunBasis::Neither, false));
    assert_eq!(basis(&twice, &once), (RunBasis::One, true));
    assert_eq!(basis(&once, &twice), (RunBasis::One, true));
    assert_eq!(basis(&twice, &twice), (RunBasis::Both, true));
}

#[test]
fn pooled_rates_are_ratios_of_sums() {
    let baseline = rates(&[&[1.0, 0.0, 2.0]], &[&[10.0, 10.0, 80.0]]);
    let candidate = rates(&[&[3.0, 0.0, 2.0]], &[&[10.0, 10.0, 80.0]]);
    let found = compare(Statistic::Rate, &baseline, &candidate, 1.0).unwrap();
    assert!((found.baseline - 0.03).abs() < 1e-12 && (found.candidate - 0.05).abs() < 1e-12, "{found:?}");
    // The long item decides, so three items count as little more than one.
    assert!(found.degrees_of_freedom < 2.0, "{found:?}");
}

#[test]
fn nothing_seen_in_a_few_items_does_not_show_that_nothing_happens() {
    let perfect = runs(&[&[1.0; 20]]);
    let found = compare(Statistic::Proportion, &perfect, &perfect, 1.0).unwrap();
    assert!(found.difference.abs() < 1e-12);
    assert!(found.p_above(-0.05).unwrap() > 0.05, "{found:?}");
    assert!(found.p_above(-0.2).unwrap() < 0.05, "{found:?}");
}

#[test]
fn quantiles_need_values_beyond_them() {
    let values: Vec<f64> = (0..20).map(|k| f64::from(k * k % 17)).collect();
    let other: Vec<f64> = values.iter().map(|value| value + (value * 7.0).sin()).collect();
    let quantile =
        |probability| compare(Statistic::Quantile { probability }, &runs(&[&values]), &runs(&[&other]), 1.0);
    assert!(quantile(0.5).is_ok());
    assert!(matches!(quantile(0.95), Err(Error::TooFew { needed: 100, got: 20, .. })));
}

#[test]
fn more_items_and_runs_make_a_decision_more_likely() {
    let variation = Variation { item_sd: 0.3, run_sd: Some(0.02), cell_sd: Some(0.4) };
    let target = Target { distance: 0.1, alpha: 0.05, power: 0.8, factor: 1.0 };
    let design = |items, runs| Design { items, baseline_runs: runs, candidate_runs: runs };
    let probability = |items, runs| target.probability(&variation, &design(items, runs)).unwrap();
    assert!(probability(100, 3) > probability(50, 3) && probability(100, 5) > probability(100, 3));
    let items = target.items_needed(&variation, &design(2, 3)).unwrap().unwrap();
    assert!(probability(items, 3) >= 0.8 && probability(items - 1, 3) < 0.8, "{items}");
    let runs = target.runs_needed(&variation, &design(100, 1)).unwrap().unwrap();
    assert!(probability(100, runs) >= 0.8 && probability(100, runs - 1) < 0.8, "{runs}");
    // Runs that differ by the margin are not told apart by items, however many.
    let unsteady = Variation { run_sd: Some(0.2), ..variation };
    assert_eq!(target.items_needed(&unsteady, &design(2, 2)).unwrap(), None);
    assert!(target.runs_needed(&unsteady, &design(100, 2)).unwrap().is_some());
}

#[test]
fn impossible_plans_are_errors() {
    let variation = Variation { item_sd: 0.3, run_sd: None, cell_sd: None };
    let target = Target { distance: 0.1, alpha: 0.05, power: 0.8, factor: 1.0 };
    let design = Design { items: 50, baseline_runs: 1, candidate_runs: 1 };
    assert!(target.probability(&variation, &design).is_ok());
    let refused = |target: Target, variation: Variation, design: Design| {
        target.probability(&variation, &design).unwrap_err()
    };
    assert!(matches!(refused(Target { power: 1.0, ..target }, variation, design), Error::OutOfRange { .. }));
    assert!(matches!(refused(Target { alpha: 0.5, ..target }, variation, design), Error::OutOfRange { .. }));
    assert!(matches!(refused(target, variation, Design { items: 1, ..design }), Error::TooFew { .. }));
    assert!(matches!(
        refused(target, variation, Design { candidate_runs: 0, ..design }),
        Error::TooFew { .. }
    ));
    let still = Variation { item_sd: 0.0, ..variation };
    assert!(matches!(refused(target, still, design), Error::NoSpread { .. }));
}
