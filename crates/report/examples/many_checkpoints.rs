//! Makes the report on twenty made-up checkpoints, 500 sentences and seven metrics, and prints the time it took:
//! `cargo run -p mynah-report --example many_checkpoints -- DIRECTORY`.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use mynah_metrics::{Metric, Score, Status, metric};
use mynah_report::comparison::{Better, Comparison, MetricNote};

const N_CHECKPOINTS: usize = 20;
const N_ITEMS: usize = 500;
/// The seventh metric has no value of a perfect copy, like the real-time factor.
const TIME: &str = "real_time_factor/1";

fn main() -> Result<(), Box<dyn Error>> {
    let directory = PathBuf::from(std::env::args().nth(1).ok_or("usage: many_checkpoints DIRECTORY")?);
    let scores = scores();
    let mut notes: Vec<MetricNote> = metrics()
        .map(|metric| MetricNote {
            profile: metric.profile().into(),
            explanation: metric.explain().into(),
            better: Some(Better::Near(0.0)),
            pooled: false,
        })
        .collect();
    notes.push(MetricNote {
        profile: TIME.into(),
        explanation: "Made up.".into(),
        better: None,
        pooled: false,
    });
    let comparison = Comparison {
        title: "Twenty checkpoints",
        scores: &scores,
        metrics: &notes,
        verdicts: &[],
        preferences: &[],
        samples: &[],
        worst: &[],
        baselines: None,
        versions: &[],
        level: 0.95,
    };
    let start = Instant::now();
    let documents = comparison.documents()?;
    let seconds = start.elapsed().as_secs_f64();
    let n_bytes: usize = documents.iter().map(|document| document.bytes.len()).sum();
    for document in &documents {
        let path = directory.join(&document.path);
        fs::create_dir_all(path.parent().unwrap_or(&directory))?;
        fs::write(path, &document.bytes)?;
    }
    // Write the rows too, for the whole program.
    let mut rows = vec!["system,step,item,metric,profile,unit,status,value,reason,frames".to_owned()];
    rows.extend(scores.iter().map(|score| {
        let status = if score.value.is_some() { "ok" } else { "failed" };
        let value = score.value.map_or(String::new(), |value| value.to_string());
        let step = score.step.map_or(String::new(), |step| step.to_string());
        let reason = score.reason.as_deref().unwrap_or_default();
        let Score { system, item, metric, profile, unit, .. } = score;
        format!("{system},{step},{item},{metric},{profile},{unit},{status},{value},{reason},")
    }));
    fs::write(directory.join("scores.csv"), rows.join("\n") + "\n")?;
    let (n_rows, n_files) = (scores.len(), documents.len());
    writeln!(io::stdout(), "{n_rows} rows: {n_files} files, {n_bytes} bytes, in {seconds:.2} s")?;
    Ok(())
}

/// Builds scores of checkpoints that improve, one of which is worse again and loses three items.
/// Six metrics of ours.
fn metrics() -> impl Iterator<Item = &'static dyn Metric> {
    let names = [
        "mcd",
        "log_f0_rmse",
        "voicing_error",
        "duration_ratio",
        "duration_difference",
        "loudness_difference",
    ];
    names.into_iter().filter_map(metric)
}

fn scores() -> Vec<Score> {
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    let mut metrics: Vec<(&str, &str, &str)> =
        metrics().map(|metric| (metric.name(), metric.profile(), metric.unit())).collect();
    metrics.push(("real_time_factor", TIME, ""));
    let difficulty: Vec<f64> = (0..N_ITEMS).map(|_| uniform()).collect();
    let mut scores = Vec::new();
    for checkpoint in 0..N_CHECKPOINTS {
        let step = (checkpoint as u64 + 1) * 5000;
        for (item, difficulty) in difficulty.iter().enumerate() {
            let is_mute = checkpoint == 14 && item % 200 == 7;
            for (metric, (name, profile, unit)) in metrics.iter().enumerate() {
                let relapse = if checkpoint == 14 { 0.4 } else { 0.0 };
                let level = 3.0 + 3.0 / (checkpoint as f64 + 1.0 + metric as f64) + relapse;
                let value = level + difficulty + 0.8 * (uniform() - 0.5);
                scores.push(Score {
                    system: format!("voice-{step}"),
                    step: Some(step),
                    item: format!("LJ{:03}-{:04}", item / 100 + 1, item),
                    metric: (*name).into(),
                    profile: (*profile).into(),
                    unit: (*unit).into(),
                    status: if is_mute { Status::Failed } else { Status::Ok },
                    value: (!is_mute).then_some(value),
                    reason: is_mute.then(|| "the wav is empty".into()),
                    frames: None,
                    better: None,
                });
            }
        }
    }
    scores
}
