//! `gate.toml`: the metrics of a gate, each with its statistic, direction and margin.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use mynah_cli::Advised;
use mynah_stats::crossed::Statistic;
use serde::{Deserialize, Serialize};

/// Metrics of a quality gate, and the probabilities with which it may err.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Gate {
    /// Probability with which a candidate at the margin passes, and with which any metric within its margin fails.
    pub(crate) alpha: f64,
    /// Probability of a decision for which sizes are planned.
    pub(crate) power: f64,
    /// Treatment of utterances that a run of the candidate or of the baseline lacks.
    pub(crate) missing: Missing,
    /// Metrics, in the order of the report.
    #[serde(rename = "metric")]
    pub(crate) metrics: Vec<Metric>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { alpha: 0.05, power: 0.8, missing: Missing::Failed, metrics: Vec::new() }
    }
}

/// Treatment of absent utterances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Missing {
    /// They have failed, since tools leave out what they could not synthesize or read.
    #[default]
    Failed,
    /// They are left out of the comparison, and counted.
    Ignored,
}

/// A metric of the gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metric {
    /// Name in the report.
    pub(crate) name: String,
    /// Statistic over utterances.
    pub(crate) kind: Kind,
    /// Columns of the value, which are added; for rates those of the errors (default: the column of the metric's name).
    #[serde(default)]
    pub(crate) columns: Vec<String>,
    /// Columns of the total of a rate, which are added, such as the number of words.
    #[serde(default)]
    pub(crate) totals: Vec<String>,
    /// Direction in which the metric is better.
    pub(crate) better: Better,
    /// Value nearest to which is best, with `better = "near"`.
    pub(crate) target: Option<f64>,
    /// Largest loss that is accepted, in the unit of the metric; for rates and proportions a share, so 0.005 is half a
    /// percentage point.
    pub(crate) margin: Option<f64>,
    /// Largest loss that is accepted, as a share of the baseline: 0.1 is a tenth.
    pub(crate) relative_margin: Option<f64>,
    /// Worst value that is accepted, whatever the baseline's.
    pub(crate) limit: Option<f64>,
    /// Share of values below the quantile, with `kind = "quantile"`.
    pub(crate) quantile: Option<f64>,
    /// Value above which an utterance counts, with `kind = "proportion"`; without it, values are 0 and 1.
    pub(crate) above: Option<f64>,
    /// Value that a failed utterance gets; without it, all its words are wrong in a rate, it counts as bad in a
    /// proportion, and is left out of means and quantiles, for which failures are compared separately.
    pub(crate) failure_value: Option<f64>,
    /// Unit in the report.
    #[serde(default)]
    pub(crate) unit: String,
    /// Makes the metric part of the verdict; otherwise it is only reported.
    #[serde(default = "yes")]
    pub(crate) judged: bool,
}

fn yes() -> bool {
    true
}

/// Statistic over utterances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Mean over utterances.
    Mean,
    /// Sum of the values divided by the sum of the totals, such as a word error rate.
    Rate,
    /// Share of utterances.
    Proportion,
    /// Quantile over utterances, such as a latency that 95 % of them do not exceed.
    Quantile,
}

/// Direction in which a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Better {
    /// Higher values are better.
    Higher,
    /// Lower values are better.
    Lower,
    /// Values nearer to the target are better, so their distance from it is compared.
    Near,
}

/// Bound that a candidate has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "value")]
pub(crate) enum Bound {
    /// Largest loss against the baseline.
    Margin(f64),
    /// Largest loss as a share of the baseline.
    Relative(f64),
    /// Worst value.
    Limit(f64),
}

impl Metric {
    /// Returns the statistic.
    pub(crate) fn statistic(&self) -> Statistic {
        match self.kind {
            Kind::Mean => Statistic::Mean,
            Kind::Rate => Statistic::Rate,
            Kind::Proportion => Statistic::Proportion,
            Kind::Quantile => Statistic::Quantile { probability: self.quantile.unwrap_or(0.5) },
        }
    }

    /// Returns the bound; a metric that is only reported may have none.
    pub(crate) fn bound(&self) -> Option<Bound> {
        self.margin
            .map(Bound::Margin)
            .or(self.relative_margin.map(Bound::Relative))
            .or(self.limit.map(Bound::Limit))
    }

    /// Returns the columns of the value.
    pub(crate) fn value_columns(&self) -> Vec<&str> {
        if self.columns.is_empty() {
            vec![&self.name]
        } else {
            self.columns.iter().map(String::as_str).collect()
        }
    }

    /// Returns all columns that the metric needs.
    pub(crate) fn all_columns(&self) -> impl Iterator<Item = &str> {
        self.value_columns().into_iter().chain(self.totals.iter().map(String::as_str))
    }

    /// Returns true if lower values are better, which holds for distances from a target.
    pub(crate) fn is_lower_better(&self) -> bool {
        self.better != Better::Higher
    }

    /// Returns true if the statistic is a share, shown in percent.
    pub(crate) fn is_share(&self) -> bool {
        matches!(self.kind, Kind::Rate | Kind::Proportion)
    }

    /// Returns what is wrong with the metric, and what to do about it.
    fn fault(&self) -> Option<(String, &'static str)> {
        let Self { kind, better, .. } = *self;
        let fault = |message: &str, remedy: &'static str| Some((message.to_owned(), remedy));
        let bounds = [self.margin, self.relative_margin, self.limit];
        let n_bounds = bounds.iter().flatten().count();
        let is_strange = |value: Option<f64>, low: f64, high: f64| {
            value.is_some_and(|value| !(low <= value && value <= high))
        };
        match () {
            () if self.name.trim().is_empty() => fault("has an empty name", "name it as the report should"),
            () if kind == Kind::Rate && self.totals.is_empty() => fault(
                "is a rate without `totals`",
                "name the columns of the numbers of words, as in totals = [\"words\"]",
            ),
            () if kind != Kind::Rate && !self.totals.is_empty() => {
                fault("has `totals`, but is not a rate", "remove them, or set kind = \"rate\"")
            }
            () if kind == Kind::Quantile && self.quantile.is_none() => {
                fault("does not say which quantile", "name it, as in quantile = 0.95")
            }
            () if kind != Kind::Quantile && self.quantile.is_some() => {
                fault("has a `quantile` of another kind", "remove it, or set kind = \"quantile\"")
            }
            () if self.quantile.is_some_and(|it| !(it > 0.0 && it < 1.0)) => {
                fault("has a `quantile` that is not between 0 and 1", "name a share, as in quantile = 0.95")
            }
            () if better == Better::Near && self.target.is_none() => {
                fault("is best near a target that it does not name", "name it, as in target = 1.0")
            }
            () if better != Better::Near && self.target.is_some() => {
                fault("has a `target` in spite of its direction", "remove it, or set better = \"near\"")
            }
            () if better == Better::Near && !matches!(kind, Kind::Mean | Kind::Quantile) => {
                fault("is a share near a target", "set better = \"lower\" or \"higher\"")
            }
            () if kind != Kind::Proportion && self.above.is_some() => {
                fault("has `above`, but is not a proportion", "remove it, or set kind = \"proportion\"")
            }
            () if n_bounds > 1 => fault(
                "has more than one of `margin`, `relative_margin` and `limit`",
                "keep one; for two bounds, list the metric twice",
            ),
            () if n_bounds == 0 && self.judged => fault(
                "has no margin",
                "state the largest loss that you accept with `margin`, `relative_margin` or `limit`, or set judged = \
                 false",
            ),
            () if is_strange(self.margin, 0.0, f64::MAX) => {
                fault("has a negative `margin`", "state a loss, which is positive in either direction")
            }
            () if is_strange(self.relative_margin, 0.0, 1.0) => {
                fault("has a `relative_margin` that is not between 0 and 1", "state a share, as in 0.1")
            }
            () if is_strange(self.limit, f64::MIN, f64::MAX) => {
                fault("has a `limit` that is not finite", "name a number")
            }
            () if self.is_share() && is_strange(self.margin, 0.0, 1.0) => fault(
                "has a `margin` above 1, but its values are shares",
                "divide it by 100: half a percentage point is 0.005",
            ),
            () if self.kind == Kind::Proportion && is_strange(self.failure_value, 0.0, 1.0) => fault(
                "has a `failure_value` that is not a share",
                "set it to 0 or 1, or leave it out: failed utterances then count as bad",
            ),
            () => None,
        }
    }
}

/// Reads a gate.
pub(crate) fn read(path: &Path) -> anyhow::Result<Gate> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    parse(&text).with_context(|| format!("failed to use gate `{}`", path.display()))
}

/// Parses a gate and checks it.
pub(crate) fn parse(text: &str) -> anyhow::Result<Gate> {
    let gate: Gate = toml::from_str(text)?;
    if !(gate.alpha > 0.0 && gate.alpha < 0.5) {
        let message = format!("`alpha` is {}, expected a number between 0 and 0.5", gate.alpha);
        return Err(Advised::new(message, "set it to 0.05").into());
    }
    if !(gate.power > 0.0 && gate.power < 1.0) {
        let message = format!("`power` is {}, expected a number between 0 and 1", gate.power);
        return Err(Advised::new(message, "set it to 0.8").into());
    }
    for (index, metric) in gate.metrics.iter().enumerate() {
        let twice = gate.metrics[..index].iter().any(|other| other.name == metric.name);
        let fault = if twice {
            Some(("is listed twice".to_owned(), "give one of them another `name`, and name its `columns`"))
        } else {
            metric.fault()
        };
        if let Some((fault, remedy)) = fault {
            let place = line_of(text, index).map_or_else(String::new, |line| format!("line {line}: "));
            return Err(Advised::new(format!("{place}metric `{}` {fault}", metric.name), remedy).into());
        }
    }
    if !gate.metrics.iter().any(|metric| metric.judged) {
        let remedy = "list one, or let `mynah-summarize gate init` write the file from your tables";
        return Err(Advised::new("no metric is judged", remedy).into());
    }
    Ok(gate)
}

/// Returns the line of the metric of this index, counted from 1.
fn line_of(text: &str, index: usize) -> Option<usize> {
    let mut headers = (1..).zip(text.lines()).filter(|(_, line)| {
        let bare: String =
            line.split('#').next().unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
        bare == "[[metric]]"
    });
    headers.nth(index).map(|(line, _)| line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WER: &str = "[[metric]]\nname = \"wer\"\nkind = \"rate\"\ncolumns = [\"errors\"]\ntotals = [\"words\"]\n\
                       better = \"lower\"\nmargin = 0.005\n";
    const MOS: &str = "[[metric]]\nname = \"utmos\"\nkind = \"mean\"\nbetter = \"higher\"\nmargin = 0.1\n";

    #[test]
    fn reads_metrics_with_defaults() {
        let gate = parse(&format!("{WER}\n{MOS}")).unwrap();
        assert_eq!((gate.alpha, gate.power, gate.missing), (0.05, 0.8, Missing::Failed));
        assert_eq!(gate.metrics[1].value_columns(), ["utmos"]);
        assert_eq!(gate.metrics[0].all_columns().collect::<Vec<_>>(), ["errors", "words"]);
        assert_eq!(gate.metrics[0].bound(), Some(Bound::Margin(0.005)));
        assert!(gate.metrics[1].judged);
    }

    #[test]
    fn names_line_and_remedy_of_a_fault() {
        let check = |text: &str, expected: &str| {
            let error = parse(text).unwrap_err();
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        };
        let change = |from: &str, to: &str| format!("{WER}{}", MOS.replacen(from, to, 1));
        check("", "no metric is judged");
        check(&change("margin = 0.1", "judged = false\nmagin = 1"), "unknown field `magin`");
        check(&change("margin = 0.1", "magin = 1"), "line 12");
        check(&change("margin = 0.1", ""), "line 8: metric `utmos` has no margin");
        check(&change("margin = 0.1", "margin = -0.1"), "has a negative `margin`");
        check(&change("margin = 0.1", "margin = 0.1\nlimit = 3"), "more than one of");
        check(&change("margin = 0.1", "relative_margin = 10"), "not between 0 and 1");
        check(&change("\"utmos\"", "\"wer\""), "is listed twice");
        check(&change("\"utmos\"", "\" \""), "empty name");
        check(&change("\"mean\"", "\"median\""), "unknown variant `median`");
        check(&change("\"mean\"", "\"quantile\""), "does not say which quantile");
        check(&change("\"mean\"", "\"quantile\"\nquantile = 95"), "not between 0 and 1");
        check(&change("\"mean\"", "\"mean\"\nquantile = 0.9"), "of another kind");
        check(&change("\"mean\"", "\"rate\""), "without `totals`");
        check(&change("\"mean\"", "\"mean\"\ntotals = [\"words\"]"), "not a rate");
        check(&change("\"mean\"", "\"mean\"\nabove = 1"), "not a proportion");
        check(&change("\"mean\"", "\"proportion\"\nfailure_value = 3"), "not a share");
        check(&change("\"higher\"", "\"near\""), "target that it does not name");
        check(&change("\"higher\"", "\"higher\"\ntarget = 1"), "in spite of its direction");
        check(&WER.replace("0.005", "1.5"), "its values are shares");
        check(&format!("alpha = 0.7\n{WER}"), "`alpha` is 0.7");
        check(&format!("power = 80\n{WER}"), "`power` is 80");
        let error = parse(&change("margin = 0.1", "")).unwrap_err();
        assert!(error.downcast_ref::<Advised>().unwrap().remedy().contains("largest loss"));
    }
}
