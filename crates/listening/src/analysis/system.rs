//! The verdict on one system.

use std::collections::BTreeSet;

use mynah_stats::equivalence::Tost;

use crate::analysis::discrimination::{conclude_by_signs, in_terms_of};
use crate::analysis::estimate::SystemEstimate;
use crate::analysis::family::Levels;
use crate::analysis::inference::{DifferenceInference, MeanInference, Precision};
use crate::analysis::rank_tests::{effect_size, signed, summed};
use crate::analysis::raters::order_effect;
use crate::analysis::scores::{Against, Scores};
use crate::analysis::study::Study;
use crate::analysis::verdict::{Defined, ItemMean, PaperRule, ScoreCount, SystemVerdict};

/// Judges one system. Words, human level and sensitivity analyses are filled in later.
pub(crate) fn judge_system(
    study: &Study,
    name: &str,
    scores: &Scores,
    against: Against<'_>,
    estimate: &SystemEstimate,
    levels: &Levels<'_>,
) -> SystemVerdict {
    let analysis = &study.analysis;
    let role = estimate.role;
    let mean = MeanInference::of(estimate, against, analysis.alpha, levels);
    let effect = DifferenceInference::of(estimate, against, analysis, levels);
    let precision = Precision::of(estimate);
    let per_item = scores.ratings_per_item();
    let mut verdict = SystemVerdict {
        system: name.to_owned(),
        role,
        n_ratings: scores.values.len(),
        n_items: per_item.len(),
        n_raters: scores.raters.iter().collect::<BTreeSet<_>>().len(),
        minimum_ratings_per_item: per_item.values().copied().min().unwrap_or(0),
        mean: scores.mean(),
        interval: mean.interval,
        naive_interval: mean.naive_interval,
        design_effect: mean.design_effect,
        equivalence_interval: of_tost(&effect.equivalence, |tost| tost.interval),
        difference: effect.difference,
        achieved_margin: of_tost(&effect.equivalence, Tost::achieved_margin),
        equivalence: effect.equivalence,
        adjusted_p_value: levels.adjusted(&effect.t_test, role),
        t_test: effect.t_test,
        standard_error: precision.standard_error,
        degrees_of_freedom: precision.degrees_of_freedom,
        effective_raters: precision.effective_raters,
        effective_items: precision.effective_items,
        wilcoxon_item_means: signed(&scores.item_means(), against, analysis.zeros),
        wilcoxon_ratings: signed(&scores.values, against, analysis.zeros),
        rank_sum_item_means: summed(scores, against, Scores::item_means),
        rank_sum: summed(scores, against, |scores| scores.values.clone()),
        effect_size: effect_size(scores, against, analysis.zeros),
        order_effect: order_effect(scores, against, analysis),
        histogram: histogram(scores, study.rules().scale()),
        item_means: item_means(scores, &study.items),
        paper_rule: PaperRule { sizes_met: false, passes: None, explanation: String::new() },
        sign_test_p_value: None,
        conclusion: effect.conclusion.map(|conclusion| in_terms_of(study, conclusion)),
        sensitivity: Vec::new(),
        components: Defined::Undefined { reason: "the rehearsal leaves it out".to_owned() },
        human_level: false,
        words: String::new(),
    };
    conclude_by_signs(study, scores, &mut verdict);
    verdict.paper_rule = paper_rule(study, &verdict);
    verdict
}

/// Applies the rule of the paper.
fn paper_rule(study: &Study, system: &SystemVerdict) -> PaperRule {
    let analysis = &study.analysis;
    let sizes_met = system.n_items >= analysis.minimum_items as usize
        && system.minimum_ratings_per_item >= analysis.minimum_ratings_per_item as usize;
    let test = system.rank_test(study.rules().rank_test()).0.value();
    let is_near_zero = system.mean.value().is_some_and(|mean| mean.abs() <= analysis.margin);
    let criterion = study.rules().paper_criterion().filter(|_| sizes_met && study.human_reference);
    let passes = criterion.zip(test).map(|(criterion, test)| {
        (is_near_zero || !criterion.needs_mean_near_zero) && test.p_value > analysis.alpha
    });
    PaperRule { sizes_met, passes, explanation: String::new() }
}

/// Reads a number from the equivalence test.
fn of_tost<T>(equivalence: &Defined<Tost>, value: impl Fn(&Tost) -> T) -> Defined<T> {
    match equivalence {
        Defined::Ok { value: tost } => Defined::Ok { value: value(tost) },
        Defined::Undefined { reason } => Defined::Undefined { reason: reason.clone() },
    }
}

/// Counts how often each point of the scale was given, and each point between two if any was.
fn histogram(scores: &Scores, (lowest, highest): (i32, i32)) -> Vec<ScoreCount> {
    let per_point = scores.step().recip();
    let step_of = |score: f64| (score * per_point).round() as i32;
    (step_of(lowest.into())..=step_of(highest.into()))
        .map(|step| {
            let count = scores.values.iter().filter(|value| step_of(**value) == step).count();
            ScoreCount { score: f64::from(step) / per_point, count }
        })
        .collect()
}

/// Returns the mean score of each judged sentence.
fn item_means(scores: &Scores, items: &[String]) -> Vec<ItemMean> {
    let per_item = scores.ratings_per_item();
    let means = scores.means_by_item().into_iter();
    means
        .map(|(item, mean)| ItemMean { item: items[item].clone(), n_ratings: per_item[&item], mean })
        .collect()
}
