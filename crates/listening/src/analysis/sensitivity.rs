//! Sensitivity of the conclusion to the choice of analysis.

use std::collections::BTreeMap;

use mynah_stats::bootstrap::{Bootstrap, BootstrapConfig, crossed_difference, crossed_mean};
use mynah_stats::hodges_lehmann;
use mynah_stats::mann_whitney::{RankSumConfig, rank_sum};
use mynah_stats::mixed::{Mixed, mixed_model};
use mynah_stats::ordinal::{OrdinalConfig, Thresholds, ordinal_model};
use mynah_stats::t_test::{TTest, one_sample, welch};
use mynah_stats::wilcoxon::{SignedRankConfig, ZeroMethod, signed_rank};
use mynah_stats::{Alternative, Coefficient, Interval, TestResult, sign_test};

use crate::analysis::estimate::less;
use crate::analysis::scores::{Against, Scores, clustered_difference, clustered_mean, explain};
use crate::analysis::verdict::{Conclusion, Defined, Reanalysis, ReanalysisMethod, VarianceComponents};
use crate::design::protocol::Analysis;
use crate::screening_rule::ScreeningRule;

/// The most points of a scale that are analyzed as ordered categories, each of which takes a parameter.
const MOST_CATEGORIES: usize = 20;

/// Runs all applicable analyses on the ratings that passed some rules; none without a comparison.
///
/// The levels are those of the tests of a difference and of equivalence; `model` comes from [`fit_mixed_model`].
pub(crate) fn reanalyze(
    analysis: &Analysis,
    levels: (f64, f64),
    rules: &[ScreeningRule],
    (scores, against): (&Scores, &Against<'_>),
    model: &Result<Mixed, String>,
) -> Vec<Reanalysis> {
    let mut all = analyses(analysis, levels, (scores, against), model);
    for one in &mut all {
        one.screening = rules.to_vec();
    }
    all
}

fn analyses(
    analysis: &Analysis,
    levels: (f64, f64),
    (scores, against): (&Scores, &Against<'_>),
    model: &Result<Mixed, String>,
) -> Vec<Reanalysis> {
    match against {
        Against::Nothing(_) => Vec::new(),
        Against::Number(number) => {
            let mut all = estimates(analysis, levels, (scores, None), *number, model);
            let means: Vec<f64> = scores.item_means().into_iter().map(|mean| mean - number).collect();
            all.extend(signed_ranks(&scores.less(*number), &means));
            all.extend(of_item_differences(analysis, levels, means));
            all
        }
        Against::Reference(reference) => {
            let mut all = estimates(analysis, levels, (scores, Some(reference)), 0.0, model);
            let ranks = |one: &[f64], other: &[f64]| rank_sum(one, other, &RankSumConfig::default());
            all.push(of_test(ReanalysisMethod::RankSum, ranks(&scores.values, &reference.values)));
            let means = ranks(&scores.item_means(), &reference.item_means());
            all.push(of_test(ReanalysisMethod::RankSumItemMeans, means));
            let differences = item_differences(scores, Some(reference));
            all.extend(of_item_differences(analysis, levels, differences));
            all
        }
    }
}

/// Draws the conclusion from the intervals of coverage 1 - alpha and 1 - 2 alpha.
pub(crate) fn conclude(interval: &Interval, inner: &Interval, margin: f64) -> Conclusion {
    if interval.low > 0.0 {
        Conclusion::Better
    } else if interval.high < 0.0 {
        Conclusion::Worse
    } else if inner.is_between(-margin, margin) {
        Conclusion::Equivalent
    } else if inner.low > -margin {
        Conclusion::NonInferior
    } else {
        Conclusion::Inconclusive
    }
}

/// The interval of an estimate as a function of the coverage.
type IntervalOf = Box<dyn Fn(f64) -> Result<Interval, mynah_stats::Error>>;

/// The intervals of an estimate, and its p-value under "no difference".
type Estimate = (IntervalOf, Option<f64>);

/// Runs the analyses that estimate the difference from the reference or, without one, from a number, the declared one first.
fn estimates(
    analysis: &Analysis,
    levels: (f64, f64),
    (scores, reference): (&Scores, Option<&Scores>),
    number: f64,
    model: &Result<Mixed, String>,
) -> Vec<Reanalysis> {
    let clustered = match reference {
        None => clustered_mean(scores).map(|(clustered, _)| less(clustered, number)),
        Some(reference) => clustered_difference(scores, reference).map(|(clustered, _)| clustered),
    }
    .map(|clustered| {
        let p_value = clustered.t_test().p_value;
        (boxed(move |level| clustered.interval(level)), Some(p_value))
    });
    let mixed = model.clone().map(|model| {
        // The intercept of a comparison; for single clips, the effect of the system.
        let coefficient = model.coefficients[usize::from(reference.is_some())];
        let coefficient = Coefficient { estimate: coefficient.estimate - number, ..coefficient };
        (boxed(move |level| coefficient.interval(level)), Some(coefficient.t_test().p_value))
    });
    let bootstrap = bootstrap(scores, reference, number).map_err(explain).map(|bootstrap| {
        // No p-value: the interval shows a difference.
        (boxed(move |level| bootstrap.interval(level)), None)
    });
    let of_items: Vec<f64> =
        item_differences(scores, reference).into_iter().map(|difference| difference - number).collect();
    let item_means = one_sample(&of_items, 0.0).map_err(explain).map(of_t);
    let naive = match reference {
        None => one_sample(&scores.less(number), 0.0),
        Some(reference) => welch(&scores.values, &reference.values),
    }
    .map_err(explain)
    .map(of_t);
    // With two systems, the models ignore that a rater may like one of them more than other raters do.
    let modelled = reference.is_none();
    let mut all: Vec<Reanalysis> = [
        (ReanalysisMethod::TwoWayClustered, true, clustered),
        (ReanalysisMethod::MixedModel, modelled, mixed),
        (ReanalysisMethod::CrossedBootstrap, true, bootstrap),
        (ReanalysisMethod::ItemMeans, false, item_means),
        (ReanalysisMethod::Naive, false, naive),
    ]
    .into_iter()
    .map(|(method, allows_for_dependence, estimate)| {
        of_estimate(analysis, levels, method, allows_for_dependence, estimate)
    })
    .collect();
    all.insert(
        2,
        Reanalysis {
            analysis: ReanalysisMethod::OrdinalModel,
            screening: Vec::new(),
            allows_for_dependence: modelled,
            interval: Defined::Undefined { reason: "its scale is not that of the points".to_owned() },
            p_value: ordinal(scores, reference, number).into(),
            conclusion: None,
        },
    );
    all
}

/// Returns the p-value of the latent difference.
fn ordinal(scores: &Scores, reference: Option<&Scores>, number: f64) -> Result<f64, String> {
    let mut points: Vec<f64> =
        reference.into_iter().chain([scores]).flat_map(|scores| scores.values.iter().copied()).collect();
    points.sort_by(f64::total_cmp);
    points.dedup();
    if points.len() > MOST_CATEGORIES {
        return Err(format!("{} points are too many for categories", points.len()));
    }
    let model = match reference {
        None => {
            // The points of a comparison are symmetric about 0, and right and wrong answers about guessing.
            let config = OrdinalConfig { thresholds: Thresholds::Symmetric, ..OrdinalConfig::default() };
            ordinal_model(&scores.less(number), &scores.raters, &scores.items, &[], &config)
        }
        Some(reference) => {
            let (values, is_system, raters, items) = scores.stacked_on(reference);
            let covariate = is_system.iter().map(|is_system| f64::from(u8::from(*is_system))).collect();
            ordinal_model(&values, &raters, &items, &[covariate], &OrdinalConfig::default())
        }
    };
    Ok(model.map_err(explain)?.coefficients[0].t_test().p_value)
}

fn boxed(interval: impl Fn(f64) -> Result<Interval, mynah_stats::Error> + 'static) -> IntervalOf {
    Box::new(interval)
}

fn of_t(test: TTest) -> Estimate {
    (boxed(move |level| test.interval(level)), Some(test.test(Alternative::TwoSided).p_value))
}

/// Fits the linear mixed model: an intercept or, against a reference with scores of its own, the effect of the system.
pub(crate) fn fit_mixed_model(scores: &Scores, against: &Against<'_>) -> Result<Mixed, String> {
    let model = match against {
        Against::Number(_) | Against::Nothing(_) => {
            mixed_model(&scores.values, &scores.raters, &scores.items, &[])
        }
        Against::Reference(reference) => {
            let (values, is_system, raters, items) = scores.stacked_on(reference);
            let covariate = is_system.iter().map(|is_system| f64::from(u8::from(*is_system))).collect();
            mixed_model(&values, &raters, &items, &[covariate])
        }
    };
    model.map_err(explain)
}

/// Returns the standard deviations of a fitted model.
pub(crate) fn variance_components(model: Result<Mixed, String>) -> Result<VarianceComponents, String> {
    model.map(|model| VarianceComponents {
        rater_sd: model.rater_sd,
        item_sd: model.item_sd,
        residual_sd: model.residual_sd,
    })
}

fn bootstrap(
    scores: &Scores,
    reference: Option<&Scores>,
    number: f64,
) -> Result<Bootstrap, mynah_stats::Error> {
    let config = BootstrapConfig::default();
    match reference {
        None => crossed_mean(&scores.less(number), &scores.raters, &scores.items, &config),
        Some(reference) => {
            let (values, is_system, raters, items) = scores.stacked_on(reference);
            crossed_difference(&values, &is_system, &raters, &items, &config)
        }
    }
}

/// Returns the mean score of each sentence, or its difference from the reference's where both were judged.
fn item_differences(scores: &Scores, reference: Option<&Scores>) -> Vec<f64> {
    match reference {
        None => scores.item_means(),
        Some(reference) => {
            let others: BTreeMap<usize, f64> = reference.means_by_item();
            scores
                .means_by_item()
                .into_iter()
                .filter_map(|(item, mean)| Some(mean - others.get(&item)?))
                .collect()
        }
    }
}

fn signed_ranks(values: &[f64], means: &[f64]) -> Vec<Reanalysis> {
    let test = |method, values: &[f64], zeros| {
        of_test(method, signed_rank(values, &SignedRankConfig { zeros, ..SignedRankConfig::default() }))
    };
    vec![
        test(ReanalysisMethod::WilcoxonRatingsWilcox, values, ZeroMethod::Wilcox),
        test(ReanalysisMethod::WilcoxonRatingsPratt, values, ZeroMethod::Pratt),
        test(ReanalysisMethod::WilcoxonRatingsZsplit, values, ZeroMethod::Zsplit),
        test(ReanalysisMethod::WilcoxonItemMeansWilcox, means, ZeroMethod::Wilcox),
        test(ReanalysisMethod::WilcoxonItemMeansPratt, means, ZeroMethod::Pratt),
        test(ReanalysisMethod::WilcoxonItemMeansZsplit, means, ZeroMethod::Zsplit),
    ]
}

/// Runs the analyses of the differences of the sentences that assume nothing of their distribution but symmetry, or not
/// even that.
fn of_item_differences(analysis: &Analysis, levels: (f64, f64), differences: Vec<f64>) -> [Reanalysis; 2] {
    let sign = sign_test(&differences, Alternative::TwoSided);
    let interval = boxed(move |level| hodges_lehmann::one_sample(&differences, level));
    let shift = Ok((interval, None));
    [
        of_estimate(analysis, levels, ReanalysisMethod::HodgesLehmannItemMeans, false, shift),
        of_test(ReanalysisMethod::SignTestItemMeans, sign),
    ]
}

fn of_estimate(
    analysis: &Analysis,
    levels: (f64, f64),
    method: ReanalysisMethod,
    allows_for_dependence: bool,
    estimate: Result<Estimate, String>,
) -> Reanalysis {
    let (interval, p_value, conclusion) = match estimate {
        Err(reason) => (Defined::Undefined { reason: reason.clone() }, Defined::Undefined { reason }, None),
        Ok((interval_of, p_value)) => {
            let interval = interval_of(1.0 - levels.0);
            let conclusion = match (&interval, interval_of(1.0 - 2.0 * levels.1)) {
                (Ok(interval), Ok(inner)) => Some(conclude(interval, &inner, analysis.margin)),
                _ => None,
            };
            let p_value = p_value.ok_or("its interval decides instead");
            (interval.map_err(explain).into(), p_value.into(), conclusion)
        }
    };
    Reanalysis {
        analysis: method,
        screening: Vec::new(),
        allows_for_dependence,
        interval,
        p_value,
        conclusion,
    }
}

fn of_test(method: ReanalysisMethod, test: Result<TestResult, mynah_stats::Error>) -> Reanalysis {
    Reanalysis {
        analysis: method,
        screening: Vec::new(),
        allows_for_dependence: false,
        interval: Defined::Undefined { reason: "a test of ranks or signs has none".to_owned() },
        p_value: test.map(|test| test.p_value).map_err(explain).into(),
        conclusion: None,
    }
}
