//! Hugging Face's `audiofolder`.

use anyhow::Result;
use mynah_corpus::{Split, Utterance};
use mynah_table::write_table;
use serde::{Deserialize, Serialize};

use super::{Export, croissant};

/// Row of `metadata.csv`.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    file_name: String,
    text: String,
    normalized_text: String,
    phones: String,
}

/// Row of `metadata.csv` in a dataset with speakers.
#[derive(Debug, Serialize, Deserialize)]
struct SpokenRow {
    file_name: String,
    text: String,
    normalized_text: String,
    phones: String,
    speaker_id: String,
}

/// Columns of `metadata.csv`, with what each means.
pub(super) const COLUMNS: [(&str, &str); 5] = [
    ("file_name", "the recording"),
    ("text", "the text as printed"),
    ("normalized_text", "the words as spoken"),
    ("phones", "ARPAbet with stress, `/` between words"),
    ("speaker_id", "the speaker"),
];

/// Writes a folder for each split with its wavs and `metadata.csv`, `README.md` and `croissant.json`.
pub(super) fn write(export: &Export<'_>, name: Option<&str>, license: Option<&str>) -> Result<()> {
    export.each(|utterance| {
        export.wav(utterance, &format!("{}/{}.wav", utterance.split.word(), utterance.id))
    })?;
    let mut splits = Vec::new();
    for split in Split::ALL {
        let utterances = export.split(split);
        if utterances.is_empty() {
            continue;
        }
        let path = export.out.join(split.word()).join("metadata.csv");
        if export.speakers.is_empty() {
            write_table(&path, &utterances.iter().map(|u| row(u)).collect::<Vec<_>>())?;
        } else {
            write_table(&path, &utterances.iter().map(|u| spoken_row(u)).collect::<Vec<_>>())?;
        }
        splits.push(split);
    }
    let name = name.unwrap_or("Speech dataset");
    let card = croissant::Card {
        name,
        license,
        description: description(export),
        columns: &COLUMNS[..if export.speakers.is_empty() { 4 } else { 5 }],
        splits: &splits,
    };
    export.file("croissant.json", card.json(export)?.as_bytes())?;
    export.file("README.md", readme(export, &card, &splits).as_bytes())
}

fn row(utterance: &Utterance) -> Row {
    let symbols = utterance.symbols.as_str();
    Row {
        file_name: format!("{}.wav", utterance.id),
        text: utterance.text.clone(),
        normalized_text: utterance.normalized.clone(),
        // Without the beginning and the end, which every utterance has.
        phones: symbols.trim_start_matches("<bos> ").trim_end_matches(" <eos>").to_owned(),
    }
}

fn spoken_row(utterance: &Utterance) -> SpokenRow {
    let Row { file_name, text, normalized_text, phones } = row(utterance);
    let speaker_id = utterance.speaker.clone().unwrap_or_default();
    SpokenRow { file_name, text, normalized_text, phones, speaker_id }
}

fn description(export: &Export<'_>) -> String {
    let utterances = export.dataset.utterances();
    let hours = utterances.iter().map(|utterance| utterance.seconds).sum::<f64>() / 3600.0;
    let speakers = match export.speakers.len() {
        0 => String::new(),
        1 => " by 1 speaker".to_owned(),
        n => format!(" by {n} speakers"),
    };
    format!(
        "{} utterances of English speech{speakers}, {hours:.2} hours at {} Hz, with texts and phones.",
        utterances.len(),
        export.sample_rate()
    )
}

/// Returns Hugging Face's word for the number of rows.
fn size_category(n: usize) -> &'static str {
    match n {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        100_000..1_000_000 => "100K<n<1M",
        _ => "1M<n<10M",
    }
}

fn readme(export: &Export<'_>, card: &croissant::Card<'_>, splits: &[Split]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let files = splits.iter().map(|split| format!("  - split: {0}\n    path: {0}/**\n", split.word()));
    let sizes = splits.iter().map(|split| {
        let utterances = export.split(*split);
        let minutes = utterances.iter().map(|utterance| utterance.seconds).sum::<f64>() / 60.0;
        format!("| {} | {} | {minutes:.1} |\n", split.word(), utterances.len())
    });
    let columns = card.columns.iter().map(|(column, meaning)| format!("| `{column}` | {meaning} |\n"));
    let info = export.dataset.info();
    format!(
        "---\npretty_name: {pretty_name}\nlicense: {license}\nlanguage:\n- en\ntask_categories:\n- text-to-speech\n\
         - automatic-speech-recognition\nsize_categories:\n- {size}\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n\n\
         # {name}\n\n{description}\n\n| split | utterances | minutes |\n|---|---|---|\n{sizes}\n\
         Each split is a folder with its recordings and `metadata.csv`:\n\n| column | content |\n|---|---|\n{columns}\n\
         ```python\nfrom datasets import load_dataset\n\ndataset = load_dataset(\"audiofolder\", data_dir=\".\")\n```\n\n\
         Prepared by {program}; the fingerprint of the dataset is `{fingerprint}`.\n",
        pretty_name = quoted(card.name),
        license = quoted(card.license.unwrap_or("unknown")),
        size = size_category(export.dataset.utterances().len()),
        files = files.collect::<String>(),
        name = card.name,
        description = card.description,
        sizes = sizes.collect::<String>(),
        columns = columns.collect::<String>(),
        program = info.program,
        fingerprint = info.fingerprint,
    )
}
