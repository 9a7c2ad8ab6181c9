//! `cargo xtask layers`: checks the dependency arrows, owners and exclusions of docs/architecture.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{DependencyKind, Metadata};

use crate::process::{cargo, metadata, root, say};

/// Packages of the workspace, each with the workspace packages that it may depend on.
const ARROWS: [(&str, &[&str]); 19] = [
    ("mynah-cli", &[]),
    ("mynah-fourier", &[]),
    ("mynah-signal", &["mynah-fourier"]),
    ("mynah-text", &[]),
    ("mynah-stats", &[]),
    ("mynah-testkit", &[]),
    ("xtask", &["mynah-testkit"]),
    ("mynah-table", &[]),
    ("mynah-align", &["mynah-signal", "mynah-text"]),
    ("mynah-corpus", &["mynah-align", "mynah-signal", "mynah-table", "mynah-text"]),
    ("mynah-ops", &["mynah-fourier"]),
    ("mynah-voice", &["mynah-ops", "mynah-signal", "mynah-text"]),
    ("mynah-training", &["mynah-voice", "mynah-ops", "mynah-signal", "mynah-text"]),
    ("mynah-metrics", &["mynah-signal"]),
    ("mynah-listening", &["mynah-signal", "mynah-stats"]),
    ("mynah-study", &["mynah-listening", "mynah-stats"]),
    ("mynah-report", &["mynah-stats", "mynah-metrics", "mynah-listening"]),
    (
        "mynah-pipelines",
        &[
            "mynah-align",
            "mynah-cli",
            "mynah-corpus",
            "mynah-table",
            "mynah-text",
            "mynah-signal",
            "mynah-voice",
            "mynah-training",
            "mynah-report",
        ],
    ),
    (
        "mynah-eval",
        &[
            "mynah-cli",
            "mynah-table",
            "mynah-signal",
            "mynah-metrics",
            "mynah-listening",
            "mynah-report",
            "mynah-stats",
            "mynah-study",
        ],
    ),
];

/// Heavy dependencies, each with the packages that may depend on it.
const OWNERS: [(&str, &[&str]); 22] = [
    ("candle-core", &["mynah-ops", "mynah-voice", "mynah-training"]),
    ("candle-nn", &["mynah-ops", "mynah-voice", "mynah-training"]),
    ("gemm", &["mynah-ops"]),
    ("zip", &["mynah-voice"]),
    ("polars", &["mynah-table"]),
    ("polars-arrow", &["mynah-table"]),
    ("polars-parquet", &["mynah-table"]),
    ("plotters", &["mynah-report"]),
    ("claxon", &["mynah-signal"]),
    ("hound", &["mynah-signal"]),
    ("dasp", &["mynah-signal"]),
    ("symphonia", &["mynah-signal"]),
    ("opus-pure", &["mynah-signal"]),
    ("rustfft", &["mynah-fourier"]),
    ("realfft", &["mynah-fourier"]),
    ("ebur128", &["mynah-signal"]),
    ("pesq", &["mynah-metrics"]),
    ("rusqlite", &["mynah-study"]),
    ("axum", &["mynah-eval"]),
    ("tract-onnx", &["mynah-eval"]),
    ("clap", &["mynah-cli", "mynah-pipelines", "mynah-eval", "xtask"]),
    ("anyhow", &["mynah-cli", "mynah-pipelines", "mynah-eval", "xtask"]),
];

/// Dependencies that the programs that judge must not link: no model, no aligner and no dictionary.
const JUDGED_WITHOUT: [&str; 4] = ["candle", "mynah-align", "mynah-corpus", "mynah-text"];

/// Names allowed in the root, besides dot files.
const TOP_LEVEL: [&str; 12] = [
    "CITATION.cff",
    "CONTRIBUTING.md",
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE",
    "NOTICE",
    "README.md",
    "crates",
    "docs",
    "eval",
    "fixtures",
    "pipelines",
];

/// Words that must not occur in files below a directory, with the reason.
const ABSENT: [(&str, &[&str], &str); 5] = [
    (
        "crates/voice/src",
        &["mynah_training", "Discriminators", "_loss(", "AdamW"],
        "a voice speaks and must not depend on training",
    ),
    (
        "crates/ops/src",
        &["set_precision", "AtomicU8"],
        "GPU precision is an argument: two models in one process may differ",
    ),
    ("crates/voice/src", WITHOUT_GRADIENT, WHY_OPS),
    ("crates/training/src", WITHOUT_GRADIENT, WHY_OPS),
    (
        "crates",
        &["todo!(", "unimplemented!(", "#[ignore", "#[should_panic"],
        "no stubs, and no test that does not run or cannot say what failed",
    ),
];

const WHY_OPS: &str = "candle 0.11 has no gradient or a wrong one there: use mynah-ops";

/// Operations of candle that have no gradient or a wrong one.
const WITHOUT_GRADIENT: &[&str] = &[
    ".conv1d(",
    ".conv2d(",
    ".conv_transpose1d(",
    ".conv_transpose2d(",
    ".matmul(",
    ".broadcast_matmul(",
    ".upsample_nearest1d(",
    ".interpolate1d(",
    ".scatter(",
    ".scatter_add(",
    ".scatter_set(",
    ".scatter_add_set(",
    ".unfold(",
    ".avg_pool2d(",
    ".gelu_erf(",
    "Tensor::conv",
    "Tensor::matmul",
    "softmax_last_dim",
    "clippy::disallowed_methods",
    "clippy::disallowed_types",
    "candle_nn::ops",
    "candle_nn::conv",
    "candle_nn::layer_norm",
    "candle_nn::rms_norm",
    "candle_nn::rotary_emb",
    "candle_nn::LayerNorm",
    "candle_nn::AdamW",
];

/// Maximum number of lines of a Rust file; a longer one covers more than one idea.
const LONGEST_FILE: usize = 800;

/// Fails if anything departs from docs/architecture.md.
pub(crate) fn run() -> Result<()> {
    let metadata = metadata()?;
    let mut wrong = arrows(&dependencies(&metadata));
    wrong.extend(absences()?);
    wrong.extend(without(&["tree", "--package", "mynah-eval"], &JUDGED_WITHOUT)?);
    wrong.extend(without(&["tree", "--package", "mynah-pipelines", "--no-default-features"], &["candle"])?);
    wrong.extend(compiled_twice()?);
    if wrong.is_empty() {
        say(&format!(
            "{} packages, every arrow as in docs/architecture.md",
            metadata.workspace_members.len()
        ));
        Ok(())
    } else {
        bail!("{}", wrong.join("\n"))
    }
}

/// Returns the dependencies of each package of the workspace, except dev-dependencies.
fn dependencies(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let named = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .map(|dependency| dependency.name.clone())
                .collect();
            (package.name.to_string(), named)
        })
        .collect()
}

fn arrows(dependencies: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (package, named) in dependencies {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| name == package) else {
            wrong.push(format!(
                "`{package}` has no place in docs/architecture.md and crates/xtask/src/layers.rs"
            ));
            continue;
        };
        for name in named {
            if dependencies.contains_key(name) && !allowed.contains(&name.as_str()) {
                wrong.push(format!("`{package}` may not depend on `{name}`"));
            }
            if let Some((_, owners)) = OWNERS.iter().find(|(heavy, _)| heavy == name)
                && !owners.contains(&package.as_str())
            {
                wrong.push(format!(
                    "`{package}` may not depend on `{name}`: it belongs to {}",
                    owners.join(", ")
                ));
            }
        }
    }
    wrong
}

/// Returns the first line of `cargo tree` whose package starts with one of these names.
fn without(arguments: &[&str], names: &[&str]) -> Result<Option<String>> {
    let output = cargo(arguments).args(["--edges", "normal,build", "--prefix", "none"]).output();
    let output = output.context("failed to run `cargo tree`")?;
    let tree = String::from_utf8_lossy(&output.stdout);
    if tree.is_empty() {
        bail!("`cargo {}` printed nothing: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    let line = tree.lines().find(|line| names.iter().any(|name| line.starts_with(name)));
    Ok(line.map(|line| format!("`cargo {}` shows `{line}`", arguments.join(" "))))
}

/// Returns the dependencies that the demo and the tests would each compile separately, because they enable different
/// features of them.
/// || Packages of the workspace are compiled twice if tests need their feature `testing`; that takes seconds, and the
/// programs contain none of it.
fn compiled_twice() -> Result<Vec<String>> {
    let tree = |selection: &[&str]| -> Result<BTreeMap<String, BTreeSet<String>>> {
        let arguments =
            [&["tree", "--prefix", "none", "--no-dedupe", "--format", "{p}|{f}"], selection].concat();
        let output = cargo(&arguments).output().context("failed to run `cargo tree`")?;
        let mut features: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (package, wanted) in
            String::from_utf8_lossy(&output.stdout).lines().filter_map(|l| l.split_once('|'))
        {
            features.entry(package.to_owned()).or_default().insert(wanted.to_owned());
        }
        if features.is_empty() {
            bail!(
                "`cargo {}` printed nothing: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(features)
    };
    let demo = tree(&["--edges", "normal,build", "--package", "mynah-pipelines", "--package", "mynah-eval"])?;
    let check = tree(&["--edges", "normal,build,dev", "--workspace"])?;
    Ok(demo
        .iter()
        .filter(|(package, _)| !package.starts_with("mynah-"))
        .filter(|(package, wanted)| check.get(*package).is_none_or(|others| !others.is_superset(wanted)))
        .map(|(package, _)| {
            format!(
                "the demo enables other features of `{package}` than the tests: enable the same in `mynah-pipelines`"
            )
        })
        .collect())
}

fn absences() -> Result<Vec<String>> {
    let root = root();
    let mut wrong = Vec::new();
    for name in top_level(&root)? {
        if !TOP_LEVEL.contains(&name.as_str()) && !name.starts_with('.') {
            wrong.push(format!("`{name}` does not belong in the root"));
        }
    }
    let this = Path::new(file!()).file_name();
    for path in rust_files(&root)? {
        let text =
            fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        let relative = path.strip_prefix(&root).unwrap_or(&path);
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!("`{}` has {lines} lines: split it by idea", relative.display()));
        }
        if relative.file_name() != this {
            wrong.extend(forbidden_words(relative, &text));
        }
    }
    Ok(wrong)
}

/// Returns the forbidden words that a file contains.
fn forbidden_words(relative: &Path, text: &str) -> Vec<String> {
    let lists = ABSENT.iter().filter(|(below, _, _)| relative.starts_with(below));
    let held = lists.flat_map(|(_, words, why)| words.iter().map(move |word| (word, why)));
    held.filter(|(word, _)| text.contains(**word))
        .map(|(word, why)| format!("`{}` contains `{word}`: {why}", relative.display()))
        .collect()
}

/// Lists the tracked names in the root; untracked ones are the user's own.
fn top_level(root: &Path) -> Result<BTreeSet<String>> {
    let listed = Command::new("git").args(["ls-files"]).current_dir(root).output();
    if let Some(listed) = listed.ok().filter(|listed| listed.status.success()) {
        let files = String::from_utf8_lossy(&listed.stdout).into_owned();
        return Ok(files.lines().filter_map(|file| Some(file.split('/').next()?.to_owned())).collect());
    }
    let entries = fs::read_dir(root).context("failed to list the root")?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: Result<BTreeSet<String>> = names.collect();
    let mut names = names.context("failed to list the root")?;
    for made in ["target", "demo"] {
        names.remove(made);
    }
    Ok(names)
}

fn rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut directories: Vec<PathBuf> = ["crates", "pipelines", "eval"].map(|name| root.join(name)).to_vec();
    while let Some(directory) = directories.pop() {
        let list = || format!("failed to list `{}`", directory.display());
        for entry in fs::read_dir(&directory).with_context(list)? {
            let path = entry.with_context(list)?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use std::path::Path;

    use super::{arrows, forbidden_words};

    fn graph(edges: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
        edges
            .iter()
            .map(|(package, named)| {
                ((*package).to_owned(), named.iter().map(|&name| name.to_owned()).collect())
            })
            .collect()
    }

    #[test]
    fn accepts_an_allowed_graph() {
        let graph = graph(&[("mynah-signal", &["hound", "serde"]), ("mynah-metrics", &["mynah-signal"])]);
        assert_eq!(arrows(&graph), [""; 0]);
    }

    #[test]
    fn rejects_candle_operations_with_wrong_gradients_only_in_the_model() {
        let text = "let y = x.conv1d(&weight, 1, 1, 1, 1)?;\nlet y = candle_nn::ops::softmax_last_dim(&y)?;";
        let wrong = forbidden_words(Path::new("crates/voice/src/blocks/decoder.rs"), text);
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong[0].starts_with("`crates/voice/src/blocks/decoder.rs` contains `.conv1d(`"));
        assert!(wrong[1].contains("`softmax_last_dim`") && wrong[2].contains("`candle_nn::ops`"));
        assert_eq!(forbidden_words(Path::new("crates/ops/benches/operations.rs"), text), [""; 0]);
        let text = "let y = conv1d(&x, &weight, None, &config)?;\nlet y = softmax(&y)?.product(&x)?;";
        assert_eq!(forbidden_words(Path::new("crates/voice/src/blocks/decoder.rs"), text), [""; 0]);
    }

    #[test]
    fn rejects_a_voice_that_names_training() {
        let text = "let discriminators = Discriminators::new(&config, &vb)?;\nuse mynah_training::Run;";
        let wrong = forbidden_words(Path::new("crates/voice/src/naturalspeech/mod.rs"), text);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong.iter().all(|line| line.contains("a voice speaks")), "{wrong:?}");
        assert_eq!(forbidden_words(Path::new("crates/training/src/discriminator.rs"), text), [""; 0]);
        let text = "static PRECISION: AtomicU8 = AtomicU8::new(0);";
        assert_eq!(forbidden_words(Path::new("crates/ops/src/precision.rs"), text).len(), 1);
    }

    #[test]
    fn rejects_wrong_arrows_and_owners_and_unknown_packages() {
        let graph = graph(&[
            ("mynah-signal", &["mynah-metrics"]),
            ("mynah-metrics", &["polars"]),
            ("mynah-common", &[]),
        ]);
        let wrong = arrows(&graph);
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong[0].starts_with("`mynah-common` has no place"));
        assert_eq!(wrong[1], "`mynah-metrics` may not depend on `polars`: it belongs to mynah-table");
        assert_eq!(wrong[2], "`mynah-signal` may not depend on `mynah-metrics`");
    }
}
