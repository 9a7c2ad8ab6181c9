//! Comparison of a configuration with that of the run to resume.

use anyhow::{Context as _, Result, bail};
use mynah_cli::Advised;
use serde::Serialize;

/// Settings under `[train]` that may change: the length of the run and its outputs.
const FREE: [&str; 5] = ["steps", "log_every", "checkpoint_every", "keep", "patience"];

/// Refuses a configuration that differs from the run's in settings other than [`FREE`]; `file` holds the run's.
pub(super) fn check_same_config<C: Serialize>(earlier: &C, now: &C, file: &str) -> Result<()> {
    let table = |config: &C| {
        toml::Table::try_from(config).context("failed to compare the configuration with that of the run")
    };
    let (mut earlier, mut now) = (table(earlier)?, table(now)?);
    for table in [&mut earlier, &mut now] {
        if let Some(toml::Value::Table(train)) = table.get_mut("train") {
            train.retain(|key, _| !FREE.contains(&key));
        }
    }
    let mut keys = Vec::new();
    differences("", &earlier, &now, &mut keys);
    if !keys.is_empty() {
        bail!(Advised::new(
            format!(
                "the run has another configuration: `{}` differ{} from its {file}, and only `train.{}` may change",
                keys.join("`, `"),
                if keys.len() == 1 { "s" } else { "" },
                FREE.join("`, `train.")
            ),
            "use the same configuration, or name another --out"
        ));
    }
    Ok(())
}

/// Collects the keys whose values differ, prefixed with the names of their tables.
fn differences(prefix: &str, a: &toml::Table, b: &toml::Table, keys: &mut Vec<String>) {
    for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
        let name = format!("{prefix}{key}");
        match (a.get(key), b.get(key)) {
            (Some(toml::Value::Table(a)), Some(toml::Value::Table(b))) => {
                differences(&format!("{name}."), a, b, keys);
            }
            (a, b) if a != b => keys.push(name),
            _ => {}
        }
    }
}
