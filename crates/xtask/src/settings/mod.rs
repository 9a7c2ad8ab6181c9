//! `cargo xtask settings`: docs/settings.md, made from the documentation of the settings in the code.
//!
//! ```text
//! crates/**/*.rs ──source──► structs and enums with their documentation and defaults
//!                               └─ Recipe, Config, … followed field by field ──► docs/settings.md
//! ```

mod default;
mod source;

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::process::{root, say};
use default::DefaultValue;
use source::{Choices, Field, Kind, Sources, Struct, Tagged};

const PAGE: &str = "docs/settings.md";

const INTRODUCTION: &str = "<!-- Made by `cargo xtask settings` from the code. -->

# Settings

All settings files are TOML. Unknown keys are errors. A key with a default, or with `none`, may be omitted.
";

/// A settings file: its title, the program that reads it, and the struct that it is parsed into.
struct Root {
    title: &'static str,
    reader: &'static str,
    folder: &'static str,
    name: &'static str,
}

/// Options of `cargo xtask settings`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing; fail if the page differs from the code
    #[arg(long)]
    check: bool,
}

const ROOTS: [Root; 7] = [
    Root {
        title: "RECIPE.toml",
        reader: "mynah-prepare run --recipe",
        folder: "crates/corpus/src",
        name: "Recipe",
    },
    Root {
        title: "CONFIG.toml",
        reader: "mynah-train run --config",
        folder: "pipelines/src/train",
        name: "Config",
    },
    Root {
        title: "PRETRAIN.toml",
        reader: "mynah-train pretrain --config",
        folder: "pipelines/src/train",
        name: "PretrainSettings",
    },
    Root {
        title: "G2P.toml",
        reader: "mynah-train g2p --config",
        folder: "crates/training/src",
        name: "G2pConfig",
    },
    Root {
        title: "PROTOCOL.toml of a listening test",
        reader: "mynah-listen plan --protocol",
        folder: "crates/listening/src",
        name: "Protocol",
    },
    Root {
        title: "PROTOCOL.toml of scores",
        reader: "mynah-score run --protocol",
        folder: "eval/src/score",
        name: "Protocol",
    },
    Root {
        title: "GATE.toml",
        reader: "mynah-summarize gate",
        folder: "eval/src/summarize/gate",
        name: "Gate",
    },
];

/// Writes the page, or compares it with the code.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let text = page(&Sources::read(&root())?, &ROOTS)?;
    let path = root().join(PAGE);
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if arguments.check {
        bail!("`{PAGE}` differs from the code: run `cargo xtask settings`");
    }
    fs::write(&path, text).with_context(|| format!("failed to write `{PAGE}`"))?;
    say(&format!("wrote {PAGE}"));
    Ok(())
}

/// Fails if the page differs from the code.
pub(crate) fn check() -> Result<()> {
    run(&Arguments { check: true })
}

fn page(sources: &Sources, roots: &[Root]) -> Result<String> {
    let mut text = INTRODUCTION.to_owned();
    for Root { title, reader, folder, name } in roots {
        let of = sources.find(name, folder)?;
        let _ = write!(text, "\n## {title}\n\nRead by `{reader}`. {}\n", of.docs);
        section(sources, of, "", None, &mut text)?;
    }
    Ok(text)
}

/// Appends a table of the settings of a struct, and a section for each nested struct.
fn section(
    sources: &Sources,
    of: &Struct,
    prefix: &str,
    given: Option<&DefaultValue>,
    text: &mut String,
) -> Result<()> {
    let mut table = String::new();
    let mut nested = Vec::new();
    for field in &of.fields {
        let key = format!("{prefix}{}", field.key);
        let default = default_of(field, of, given);
        let kind = sources.kind(&field.type_name, &of.file);
        match &kind {
            Kind::Struct(_) if field.optional => row(&mut table, &key, "none", &field.docs),
            Kind::Struct(_) | Kind::Tagged(_) => {}
            Kind::Choice(choices) => row(
                &mut table,
                &key,
                &choice_value(field, of, choices, default.as_ref())?,
                &choice_meaning(&field.docs, choices),
            ),
            Kind::Value => {
                let value = value(field, of, default.as_ref())?;
                row(&mut table, &key, &value, &without_default(&field.docs, &value));
            }
        }
        if matches!(kind, Kind::Struct(_) | Kind::Tagged(_)) {
            nested.push((key, &field.docs, kind, default));
        }
    }
    write_table(text, &table);
    for (key, docs, kind, default) in nested {
        let _ = write!(text, "\n### `[{key}]`\n\n{docs}\n");
        match kind {
            Kind::Struct(inner) => section(sources, inner, &format!("{key}."), default.as_ref(), text)?,
            Kind::Tagged(tagged) => tagged_section(sources, tagged, &key, text)?,
            Kind::Choice(_) | Kind::Value => {}
        }
    }
    Ok(())
}

/// Appends a table of the settings of an enum of structs: the tag, then the settings of each variant.
fn tagged_section(sources: &Sources, tagged: &Tagged, prefix: &str, text: &mut String) -> Result<()> {
    let mut table = String::new();
    let words = tagged.variants.iter().map(|variant| format!("`\"{}\"`: {}", variant.word, variant.docs));
    let words = words.collect::<Vec<_>>().join(" ");
    let default = tagged.variants.iter().find(|variant| Some(&variant.name) == tagged.default.as_ref());
    let default = default.map_or("required".to_owned(), |variant| format!("`\"{}\"`", variant.word));
    row(&mut table, &format!("{prefix}.{}", tagged.tag), &default, &words);
    for variant in &tagged.variants {
        let Kind::Struct(of) = sources.kind(&variant.type_name, &tagged.file) else { continue };
        for field in &of.fields {
            let value = value(field, of, default_of(field, of, None).as_ref())?;
            let meaning = format!("With `\"{}\"`: {}", variant.word, without_default(&field.docs, &value));
            row(&mut table, &format!("{prefix}.{}", field.key), &value, &meaning);
        }
    }
    write_table(text, &table);
    Ok(())
}

/// Returns the default of a field: that of its struct's field in another struct, else that of the struct, if serde uses
/// it.
fn default_of(field: &Field, of: &Struct, given: Option<&DefaultValue>) -> Option<DefaultValue> {
    // The derived default of an option is none, whatever its type.
    let is_none = field.optional && matches!(of.default, DefaultValue::Derived(_));
    let own = || (of.omittable && !is_none).then(|| of.default.field(&field.name)).flatten();
    given.and_then(|given| given.field(&field.name)).or_else(own).or_else(|| field.default.clone())
}

fn choice_value(
    field: &Field,
    of: &Struct,
    choices: &Choices,
    default: Option<&DefaultValue>,
) -> Result<String> {
    if field.list {
        return value(field, of, default);
    }
    let variant = default.and_then(DefaultValue::variant);
    let variant = variant.or_else(|| (of.omittable || field.omittable).then(|| choices.default.clone())?);
    match variant.and_then(|variant| choices.word(&variant)) {
        Some(word) => Ok(format!("`\"{word}\"`")),
        None if field.optional => Ok("none".to_owned()),
        None if of.omittable || field.omittable => bail!("`{}` has no known default", field.name),
        None => Ok("required".to_owned()),
    }
}

fn choice_meaning(docs: &str, choices: &Choices) -> String {
    let words = choices.variants.iter().map(|variant| format!("`\"{}\"`: {}", variant.word, variant.docs));
    format!("{docs} {}", words.collect::<Vec<_>>().join(" "))
}

/// Returns the default in TOML, or the type if there is none.
fn value(field: &Field, of: &Struct, default: Option<&DefaultValue>) -> Result<String> {
    if let Some(value) = default.and_then(DefaultValue::value) {
        return Ok(format!("`{value}`"));
    }
    let kind = field.toml_type();
    let kind = if kind.is_empty() { String::new() } else { format!(" ({kind})") };
    if field.optional {
        Ok(format!("none{kind}"))
    } else if field.list && (field.omittable || of.omittable) {
        Ok("`[]`".to_owned())
    } else if field.omittable && field.type_name == "bool" {
        // The default of the type, which serde takes without the name of a function.
        Ok("`false`".to_owned())
    } else if field.omittable && field.type_name == "String" {
        Ok("`\"\"`".to_owned())
    } else if field.omittable || of.omittable {
        bail!("`{}` of `{}` has no known default", field.name, of.file)
    } else {
        Ok(format!("required{kind}"))
    }
}

/// Removes a default in parentheses from documentation, since the table has it in a separate column.
fn without_default(docs: &str, value: &str) -> String {
    let bare = |text: &str| {
        let text = text.replace(['`', '"', '_', ','], "");
        text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned)
    };
    let mut rest = docs;
    let mut text = String::new();
    while let Some((before, after)) = rest.split_once(" (") {
        text.push_str(before);
        match after.split_once(')') {
            Some((inner, after)) if bare(inner) == bare(value) => rest = after,
            _ => {
                text.push_str(" (");
                rest = after;
            }
        }
    }
    text + rest
}

fn row(table: &mut String, key: &str, value: &str, meaning: &str) {
    let _ = writeln!(table, "| `{key}` | {value} | {} |", meaning.replace('|', "\\|"));
}

fn write_table(text: &mut String, rows: &str) {
    if !rows.is_empty() {
        let _ = write!(text, "\n| key | default | meaning |\n|---|---|---|\n{rows}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Root, Sources, page, without_default};

    const CODE: &str = r#"
/// A file of settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outer {
    /// Number of [`Part`]s (1,000).
    pub n: u32,
    /// Rate, as in [`rate`](crate::rate).
    pub rate: f64,
    /// Word.
    pub word: Word,
    /// Extra file.
    pub file: Option<PathBuf>,
    /// Inner part.
    pub inner: Inner,
    /// Generator.
    pub tagged: Tagged,
}

impl Default for Outer {
    fn default() -> Self {
        Self { n: 1_000, rate: -1.0, word: Word::default(), file: None, inner: Inner { list: vec![1, 2] }, tagged: Tagged::default() }
    }
}

/// Part.
#[derive(Deserialize)]
pub struct Inner {
    /// Sizes.
    pub list: Vec<usize>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// First.
    #[default]
    OneWord,
    /// Second.
    #[serde(rename = "2")]
    Two,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", try_from = "Written")]
pub enum Tagged {
    /// Big.
    HifiGan(Big),
}

impl Default for Tagged {
    fn default() -> Self {
        Self::HifiGan(Big::default())
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Big {
    /// Size.
    pub size: usize,
}

/// Strict.
#[derive(Deserialize)]
pub struct Strict {
    /// Question.
    pub question: String,
    /// Words.
    #[serde(default)]
    pub words: Vec<Word>,
}

impl Default for Strict {
    fn default() -> Self {
        Self { question: "why".to_owned(), words: Vec::new() }
    }
}
"#;

    fn page_of(name: &'static str) -> String {
        let sources = Sources::of(&[("crates/x/src/settings.rs", CODE)]).unwrap();
        let text = page(&sources, &[Root { title: "T", reader: "r", folder: "crates/x", name }]).unwrap();
        text.split_once("## T").unwrap().1.to_owned()
    }

    #[test]
    fn follows_defaults_sections_words_and_tags() {
        let expected = "

Read by `r`. A file of settings.

| key | default | meaning |
|---|---|---|
| `n` | `1_000` | Number of `Part`s. |
| `rate` | `-1.0` | Rate, as in `rate`. |
| `word` | `\"one-word\"` | Word. `\"one-word\"`: First. `\"2\"`: Second. |
| `file` | none (string) | Extra file. |

### `[inner]`

Inner part.

| key | default | meaning |
|---|---|---|
| `inner.list` | `[1, 2]` | Sizes. |

### `[tagged]`

Generator.

| key | default | meaning |
|---|---|---|
| `tagged.kind` | `\"hifigan\"` | `\"hifigan\"`: Big. |
| `tagged.size` | `0` | With `\"hifigan\"`: Size. |
";
        assert_eq!(page_of("Outer"), expected);
    }

    #[test]
    fn ignores_a_default_that_serde_does_not_use() {
        let text = page_of("Strict");
        assert!(text.contains("| `question` | required (string) | Question. |"), "{text}");
        assert!(text.contains("| `words` | `[]` | Words. `\"one-word\"`: First."), "{text}");
    }

    #[test]
    fn drops_only_the_default_from_documentation() {
        assert_eq!(without_default("Kernel (3) of each (all).", "`3`"), "Kernel of each (all).");
        assert_eq!(without_default("Rate (22,050).", "`22_050`"), "Rate.");
        assert_eq!(without_default("Profile (`vits`).", "`\"vits\"`"), "Profile.");
        assert_eq!(without_default("Window (4, as in VITS).", "`4`"), "Window (4, as in VITS).");
    }
}
