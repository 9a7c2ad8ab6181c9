//! Recorded runs, and their curves over the steps.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, read_toml};
use mynah_report::dataset::Setting;
use mynah_report::figure::Line;
use mynah_report::training::{Curve, TrainingRun};
use mynah_table::read_table;
use mynah_training::{Row, Split, Value};

use super::files::{INFO, PRETRAIN_INFO, PretrainInfo, RunInfo};

/// The points of a line; more rows are averaged, since they cannot be told apart on a page.
const POINTS: usize = 300;

/// Meanings of the columns of `metrics.jsonl`.
const CAPTIONS: [(&str, &str); 16] = [
    ("loss_total", "Weighted sum of the losses; the weights depend on the phase."),
    ("loss_mel", "Mean absolute difference of the log-mels of recording and copy."),
    ("loss_stft", "Distance of the spectra of recording and copy at several resolutions."),
    ("loss_phase", "Distance of the advance of phases: 0 for a perfect copy, nearly 1 for noise."),
    ("loss_adversarial", "Distance of the discriminators' scores of copies from 1."),
    ("loss_feature", "Distance of the discriminators' features of recording and copy."),
    ("loss_backward_kl", "Divergence of the posterior from the prior, in nats per frame."),
    ("loss_forward_kl", "Divergence of the prior from the posterior, in nats per frame."),
    ("loss_end_to_end", "Distance of the discriminators' scores of speech from the prior from 1."),
    ("loss_duration", "Mean squared difference of the logarithms of durations."),
    ("loss_length", "Relative difference of predicted and recorded lengths."),
    ("duration_ratio", "Predicted length / recorded length: 1 if speech keeps its length."),
    ("path_ratio", "Length of the alignment path / length of the shortest: 1 if it does not wander."),
    ("loss_discriminator", "Loss of the discriminators."),
    ("gradient_norm", "Norm of the gradient before clipping."),
    ("learning_rate", "Learning rate of the generator."),
];

/// A run as its directory tells it.
pub(super) struct Recorded {
    /// The name of the directory.
    pub(super) name: String,
    pub(super) directory: PathBuf,
    /// The description; `None` for a pre-training.
    pub(super) info: Option<RunInfo>,
    /// All settings.
    settings: toml::Table,
    /// The steps that the run should have.
    steps: u64,
    rows: Vec<Row>,
}

impl Recorded {
    /// Reads the description and the metrics of a run or of a pre-training.
    pub(super) fn read(name: String, directory: &Path) -> Result<Self> {
        let failed = || format!("failed to read the run `{}`", directory.display());
        let (info, settings, steps) = if directory.join(INFO).is_file() {
            let info: RunInfo = read_toml(&directory.join(INFO))?;
            let settings = toml::Table::try_from(&info.config).with_context(failed)?;
            let steps = info.config.train.steps;
            (Some(info), settings, steps)
        } else if directory.join(PRETRAIN_INFO).is_file() {
            let info: PretrainInfo = read_toml(&directory.join(PRETRAIN_INFO))?;
            let settings = toml::Table::try_from(&info.config).with_context(failed)?;
            (None, settings, info.config.train.steps)
        } else {
            bail!(Advised::new(
                format!("`{}` is not a run: it has no `{INFO}`", directory.display()),
                "name the --out of `mynah-train run` or `pretrain`"
            ));
        };
        let path = directory.join("metrics.jsonl");
        let rows = if path.exists() {
            read_table(&path).with_context(|| format!("failed to read `{}`", path.display()))?
        } else {
            Vec::new()
        };
        Ok(Self { name, directory: directory.to_owned(), info, settings, steps, rows })
    }

    /// Returns the wall time of all sessions; every session counts from 0.
    fn seconds(&self) -> f64 {
        let mut sum = 0.0;
        let mut last = 0.0;
        for row in &self.rows {
            if row.seconds < last {
                sum += last;
            }
            last = row.seconds;
        }
        sum + last
    }

    /// Returns the smallest value of a column in the validation rows, with its step.
    fn best(&self, column: &str) -> Option<(u64, f64)> {
        let rows = self.rows.iter().filter(|row| row.split == Split::Validation);
        let values = rows.filter_map(|row| Some((row.step, row.values.get(column)?)));
        values.min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// Describes a run for the page.
pub(super) fn run_on_page(run: &Recorded) -> TrainingRun {
    let setting = |name: &str, value: String| Setting { name: name.to_owned(), value };
    let last = run.rows.last();
    let mut facts = vec![
        setting("steps", format!("{} of {}", last.map_or(0, |row| row.step), run.steps)),
        setting("epochs", last.map_or(0, |row| row.epoch).to_string()),
        setting("hours", format!("{:.2}", run.seconds() / 3600.0)),
    ];
    if let Some(phase) = last.and_then(|row| row.phase.as_deref()) {
        facts.push(setting("phase", phase.to_owned()));
    }
    for column in ["loss_mel", "loss_total"] {
        if let Some((step, value)) = run.best(column) {
            facts.push(setting(&format!("best {column}"), format!("{value:.3} at step {step}")));
        }
    }
    let mut settings = Vec::new();
    if let Some(info) = &run.info {
        settings.push(setting("program", info.program.clone()));
        settings.push(setting("data", info.data.clone()));
        settings.push(setting("dataset", info.dataset.clone()));
        settings.extend(info.from.as_ref().map(|from| setting("from", from.path.clone())));
        settings.extend(info.encoder.as_ref().map(|from| setting("encoder", from.checkpoint.clone())));
    }
    flatten("", &run.settings, &mut settings);
    TrainingRun { name: run.name.clone(), facts, settings }
}

/// Lists the values of a table under their dotted names.
fn flatten(prefix: &str, table: &toml::Table, settings: &mut Vec<Setting>) {
    for (key, value) in table {
        let name = format!("{prefix}{key}");
        match value {
            toml::Value::Table(table) => flatten(&format!("{name}."), table, settings),
            value => settings.push(Setting { name, value: value.to_string() }),
        }
    }
}

/// Returns a curve for every column that has a number in any run.
pub(super) fn curves(runs: &[Recorded]) -> Vec<Curve> {
    let mut columns: Vec<&str> = Vec::new();
    for (name, value) in runs.iter().flat_map(|run| &run.rows).flat_map(|row| row.values.iter()) {
        if matches!(value, Value::Number(_)) && !columns.contains(&name) {
            columns.push(name);
        }
    }
    // The order of the table, then that of the file.
    columns
        .sort_by_key(|column| CAPTIONS.iter().position(|(name, _)| name == column).unwrap_or(CAPTIONS.len()));
    columns.into_iter().map(|column| curve(column, runs)).collect()
}

fn curve(column: &str, runs: &[Recorded]) -> Curve {
    let mut lines = Vec::new();
    for run in runs {
        for (split, word) in [(Split::Train, "training"), (Split::Validation, "validation")] {
            let rows = run.rows.iter().filter(|row| row.split == split);
            let points: Vec<(f64, f64)> =
                rows.filter_map(|row| Some((row.step as f64, row.values.get(column)?))).collect();
            if points.is_empty() {
                continue;
            }
            let label = match runs {
                [_] => word.to_owned(),
                _ => format!("{}, {word}", run.name),
            };
            lines.push(Line { label, points: thinned(&points) });
        }
    }
    let caption = CAPTIONS.iter().find(|(name, _)| *name == column).map_or("", |(_, caption)| caption);
    Curve { name: column.to_owned(), caption: caption.to_owned(), lines }
}

/// Averages neighboring points, so that at most [`POINTS`] remain.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let size = points.len().div_ceil(POINTS).max(1);
    let mean = |part: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
        part.iter().map(of).sum::<f64>() / part.len() as f64
    };
    points.chunks(size).map(|part| (mean(part, |p| p.0), mean(part, |p| p.1))).collect()
}

#[cfg(test)]
mod tests {
    use super::thinned;

    #[test]
    fn many_points_are_averaged_and_few_are_kept() {
        let few = [(1.0, 5.0), (2.0, 6.0)];
        assert_eq!(thinned(&few), few);
        let many: Vec<(f64, f64)> = (0..900).map(|step| (f64::from(step), f64::from(step % 3))).collect();
        let thin = thinned(&many);
        assert_eq!((thin.len(), thin[0], thin[299]), (300, (1.0, 1.0), (898.0, 1.0)));
        assert!(thinned(&[]).is_empty());
    }
}
