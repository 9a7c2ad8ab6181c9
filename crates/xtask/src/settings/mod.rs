//! `cargo xtask settings`: the tables of docs/settings.md, made from the documentation of the settings in the code.
//!
//! ```text
//! crates/**/*.rs ──source──► structs and enums with their documentation and defaults
//!                               └─ Recipe, Config, … followed field by field ──► docs/settings.md
//! ```

mod source;

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::process::{root, say};
use source::{DefaultValue, Field, Kind, Sources, Struct};

const PAGE: &str = "docs/settings.md";

/// A settings file: its title, what reads it, and the struct that it is parsed into.
struct Root {
    title: &'static str,
    reader: &'static str,
    file: &'static str,
    name: &'static str,
}

/// Whether the page is written or only compared.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing; fail if the page is not what the code says
    #[arg(long)]
    check: bool,
}

const ROOTS: [Root; 6] = [
    Root {
        title: "RECIPE.toml",
        reader: "mynah-prepare run --recipe",
        file: "crates/corpus/src/recipe.rs",
        name: "Recipe",
    },
    Root {
        title: "CONFIG.toml",
        reader: "mynah-train run --config",
        file: "pipelines/src/train/files.rs",
        name: "Config",
    },
    Root {
        title: "PRETRAIN.toml",
        reader: "mynah-train pretrain --config",
        file: "pipelines/src/train/files.rs",
        name: "PretrainSettings",
    },
    Root { title: "G2P.toml", reader: "mynah-train g2p --config", file: "g2p/config.rs", name: "G2pConfig" },
    Root {
        title: "PROTOCOL.toml of a listening test",
        reader: "mynah-listen plan --protocol",
        file: "protocol.rs",
        name: "Protocol",
    },
    Root {
        title: "PROTOCOL.toml of scores",
        reader: "mynah-score run --protocol",
        file: "eval/src/score/protocol.rs",
        name: "Protocol",
    },
];

/// Writes the page, or holds it against the code.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let text = page()?;
    let path = root().join(PAGE);
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if arguments.check {
        bail!("`{PAGE}` is not what the code says: run `cargo xtask settings`");
    }
    fs::write(&path, text).with_context(|| format!("failed to write `{PAGE}`"))?;
    say(&format!("wrote {PAGE}"));
    Ok(())
}

/// Fails if the page is not what the code says.
pub(crate) fn check() -> Result<()> {
    run(&Arguments { check: true })
}

fn page() -> Result<String> {
    let sources = Sources::read(&root())?;
    let mut text = "<!-- Made by `cargo xtask settings` from the code. -->\n\n# Settings\n\nAll settings files are TOML. \
                    Unknown keys are errors, and every key with a default may be omitted.\n"
        .to_owned();
    for Root { title, reader, file, name } in ROOTS {
        let of = sources.find(name, file).with_context(|| format!("failed to find `{name}` in `{file}`"))?;
        let _ = write!(text, "\n## {title}\n\nRead by `{reader}`. {}\n", of.docs);
        let _ = write!(text, "\n| key | default | meaning |\n|---|---|---|\n");
        rows(&sources, of, "", None, &mut text)?;
    }
    Ok(text)
}

/// Appends a row for each setting of a struct, those of nested structs under their section.
fn rows(
    sources: &Sources,
    of: &Struct,
    prefix: &str,
    given: Option<&DefaultValue>,
    text: &mut String,
) -> Result<()> {
    for field in &of.fields {
        let key = format!("{prefix}{}", field.key);
        let default =
            given.and_then(|given| given.field(&field.name)).or_else(|| of.default.field(&field.name));
        match sources.kind(&field.type_name, &of.file) {
            Kind::Struct(inner) => {
                if field.optional {
                    let _ = writeln!(text, "| `[{key}]` | off | {} |", field.docs);
                }
                rows(sources, inner, &format!("{key}."), default.as_ref(), text)?;
            }
            Kind::Choice(choices) => {
                let value = default.and_then(|default| default.variant()).or_else(|| choices.default.clone());
                let meaning = choices.variants.iter().map(|(word, docs)| format!("`\"{word}\"`: {docs}"));
                let meaning = format!("{} {}", field.docs, meaning.collect::<Vec<_>>().join(" "));
                let value =
                    value.and_then(|variant| choices.word(&variant)).map(|word| format!("`\"{word}\"`"));
                push(text, &key, field, value, &meaning);
            }
            Kind::Value => {
                let value = default.and_then(|default| default.value()).map(|value| format!("`{value}`"));
                push(text, &key, field, value, &field.docs);
            }
        }
    }
    Ok(())
}

fn push(text: &mut String, key: &str, field: &Field, value: Option<String>, meaning: &str) {
    let value = value.unwrap_or_else(|| if field.optional { "none" } else { "required" }.to_owned());
    let _ = writeln!(text, "| `{key}` | {value} | {} |", meaning.replace('|', "\\|"));
}
