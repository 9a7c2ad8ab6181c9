//! The report page of a dataset.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context as _, Result};
use mynah_align::Alignment;
use mynah_corpus::{
    Code, Counts, DatasetLayout, Dropped, DroppedByRule, Leak, Problem, Recipe, Speaker, Split, Utterance,
    count_dropped,
};
use mynah_report::dataset::{
    AlignmentScore, DatasetPage, Distribution, DoubtfulClip, DroppedGroup, GuessedWord, LeakedUtterance,
    MelExample, PageKind, ProblemGroup, Setting, SpeakerRow, SplitSize, SymbolCount,
};
use mynah_report::figure::{Mel, MelLabel};
use mynah_text::{Phone, Source, Word};

use super::clips::PreparedClip;
use super::summary;

/// Listed utterances with the least likely alignments.
const WORST: usize = 10;
/// Listed clips with doubtful texts.
pub(super) const LISTENED: usize = 30;
/// Pictures of alignments.
const PICTURES: usize = 3;

/// The content of the page.
pub(crate) struct Page<'a> {
    /// The corpus, as it was named.
    pub(crate) source: &'a str,
    pub(crate) speakers: &'a [Speaker],
    pub(crate) recipe: &'a Recipe,
    pub(crate) counts: &'a Counts,
    /// The rows of the manifest.
    pub(crate) utterances: &'a [Utterance],
    /// The clips of the manifest, in the same order.
    pub(crate) aligned: &'a [(PreparedClip, Alignment)],
    pub(crate) problems: &'a [Problem],
    pub(crate) leaks: &'a [Leak],
    pub(crate) dropped: &'a [Dropped],
    pub(crate) layout: &'a DatasetLayout,
}

impl Page<'_> {
    /// Renders the page as HTML.
    pub(crate) fn to_html(&self) -> Result<String> {
        let Self { source, speakers, recipe, counts, utterances, aligned, problems, leaks, dropped, layout } =
            *self;
        let by_fit = self.by_fit();
        let texts: HashMap<&str, &str> =
            utterances.iter().map(|utterance| (utterance.id.as_str(), utterance.text.as_str())).collect();
        let page = DatasetPage {
            kind: PageKind::Dataset,
            title: format!("Dataset of {} utterances", counts.utterances),
            source: source.to_owned(),
            recipe: settings(recipe)?,
            rows: counts.rows as u64,
            utterances: counts.utterances as u64,
            problems: summary::group(problems).iter().map(ProblemGroup::from).collect(),
            dropped: dropped_groups(dropped),
            doubtful: doubtful(problems)
                .take(LISTENED)
                .map(|(id, problem)| DoubtfulClip {
                    id: id.to_owned(),
                    message: problem.message.clone(),
                    text: texts.get(id).copied().unwrap_or_default().to_owned(),
                    audio: Some(DatasetLayout::report_clip(id)),
                })
                .collect(),
            n_doubtful: doubtful(problems).count() as u64,
            seconds: utterances.iter().map(|utterance| utterance.seconds).sum(),
            frames: utterances.iter().map(|utterance| u64::from(utterance.frames)).sum(),
            splits: Split::ALL.map(|split| split_size(utterances, split)).to_vec(),
            speakers: speakers.iter().map(speaker_row).collect(),
            leaks: leaks
                .iter()
                .map(|leak| LeakedUtterance {
                    id: leak.id.clone(),
                    split: leak.split.word().to_owned(),
                    trained: leak.trained.clone(),
                    shared: if leak.same_audio { "recording" } else { "words" }.to_owned(),
                })
                .collect(),
            distributions: distributions(utterances),
            phones: phone_counts(utterances),
            guessed_words: guessed_words(aligned.iter().flat_map(|(clip, _)| &clip.phonemized.words)),
            worst_alignments: by_fit
                .iter()
                .take(WORST)
                .filter_map(|utterance| {
                    Some(AlignmentScore {
                        id: utterance.id.clone(),
                        log_likelihood: utterance.alignment_log_likelihood?,
                        text: utterance.text.clone(),
                        audio: Some(DatasetLayout::report_clip(&utterance.id)),
                    })
                })
                .collect(),
            examples: pictures(&by_fit, recipe, layout)?,
        };
        page.to_html().context("failed to draw the dataset's page")
    }

    /// Returns the clips that the page plays.
    pub(crate) fn played(&self) -> BTreeSet<&str> {
        let worst = self
            .by_fit()
            .into_iter()
            .take(WORST)
            .filter(|utterance| utterance.alignment_log_likelihood.is_some());
        let doubtful = doubtful(self.problems).take(LISTENED).map(|(id, _)| id);
        worst.map(|utterance| utterance.id.as_str()).chain(doubtful).collect()
    }

    /// Returns the utterances, the least likely alignment first.
    fn by_fit(&self) -> Vec<&Utterance> {
        // The fit of imported durations is unknown: they come last, by id.
        let fit = |utterance: &Utterance| utterance.alignment_log_likelihood.unwrap_or(f64::INFINITY);
        let mut by_fit: Vec<&Utterance> = self.utterances.iter().collect();
        by_fit.sort_by(|a, b| fit(a).total_cmp(&fit(b)));
        by_fit
    }
}

/// Returns the findings about clips that were prepared all the same, with the clip.
pub(super) fn doubtful(problems: &[Problem]) -> impl Iterator<Item = (&str, &Problem)> {
    let is_doubtful = |code| matches!(code, Code::DoubtfulText | Code::OtherLanguage);
    problems.iter().filter_map(move |problem| {
        problem.id.as_deref().filter(|_| is_doubtful(problem.code)).map(|id| (id, problem))
    })
}

/// Returns the clips that each rule leaves out.
pub(super) fn dropped_groups(dropped: &[Dropped]) -> Vec<DroppedGroup> {
    let group = |count: DroppedByRule| DroppedGroup {
        rule: count.rule,
        limit: count.limit,
        count: count.clips as u64,
        seconds: count.seconds,
    };
    count_dropped(dropped).into_iter().map(group).collect()
}

impl From<&summary::Group<'_>> for ProblemGroup {
    fn from(group: &summary::Group<'_>) -> Self {
        Self {
            code: group.code.word().to_owned(),
            count: group.count as u64,
            first: group.place(),
            message: group.first.message.clone(),
            remedy: group.first.remedy.clone(),
        }
    }
}

/// Returns the recipe as pairs of `section.key` and value.
pub(super) fn settings(recipe: &Recipe) -> Result<Vec<Setting>> {
    let table = toml::Table::try_from(recipe).context("failed to serialize the recipe")?;
    let mut settings = Vec::new();
    for (section, values) in &table {
        for (key, value) in values.as_table().into_iter().flatten() {
            settings.push(Setting { name: format!("{section}.{key}"), value: value.to_string() });
        }
    }
    Ok(settings)
}

fn speaker_row(speaker: &Speaker) -> SpeakerRow {
    SpeakerRow {
        name: speaker.speaker.clone(),
        utterances: speaker.utterances,
        seconds: speaker.seconds,
        train: speaker.train,
        validation: speaker.validation,
        test: speaker.test,
        f0_median_hz: speaker.f0_median_hz,
        characters_per_second: speaker.characters_per_second,
        loudness_lufs: speaker.loudness_lufs,
    }
}

fn split_size(utterances: &[Utterance], split: Split) -> SplitSize {
    let of_split = || utterances.iter().filter(|utterance| utterance.split == split);
    SplitSize {
        name: split.word().to_owned(),
        utterances: of_split().count() as u64,
        seconds: of_split().map(|utterance| utterance.seconds).sum(),
    }
}

fn distributions(utterances: &[Utterance]) -> Vec<Distribution> {
    type Value = fn(&Utterance) -> Option<f64>;
    let quantities: [(&str, &str, Value); 6] = [
        ("length", "s", |u| Some(u.seconds)),
        ("characters per second", "1/s", |u| Some(u.normalized.chars().count() as f64 / u.seconds)),
        ("symbols per second", "1/s", |u| Some(u.symbol_ids.len() as f64 / u.seconds)),
        ("loudness", "LUFS", |u| u.loudness_lufs),
        ("median F0", "Hz", |u| u.f0_median_hz),
        ("voiced fraction", "", |u| Some(u.voiced_fraction)),
    ];
    quantities
        .into_iter()
        .map(|(name, unit, value)| {
            let values: Vec<f64> = utterances.iter().filter_map(value).collect();
            let missing = (utterances.len() - values.len()) as u64;
            Distribution { name: name.to_owned(), unit: unit.to_owned(), values, missing }
        })
        .collect()
}

/// Counts the phones without their stress, most frequent first; phones that do not occur come last.
fn phone_counts(utterances: &[Utterance]) -> Vec<SymbolCount> {
    let bare = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let mut counts: BTreeMap<String, u64> = Phone::all().map(|phone| (bare(phone.name()), 0)).collect();
    for symbol in utterances.iter().flat_map(|utterance| utterance.symbols.split(' ')) {
        if let Some(count) = counts.get_mut(&bare(symbol)) {
            *count += 1;
        }
    }
    let mut counts: Vec<SymbolCount> =
        counts.into_iter().map(|(symbol, count)| SymbolCount { symbol, count }).collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.symbol.cmp(&b.symbol)));
    counts
}

/// Returns the words with a predicted pronunciation, most frequent first.
pub(super) fn guessed_words<'a>(words: impl Iterator<Item = &'a Word>) -> Vec<GuessedWord> {
    let mut guessed: HashMap<&str, (u64, String)> = HashMap::new();
    for word in words.filter(|word| word.pronunciation.source == Source::Model) {
        let phones: Vec<String> = word.pronunciation.phones.iter().map(ToString::to_string).collect();
        guessed.entry(&word.text).or_insert_with(|| (0, phones.join(" "))).0 += 1;
    }
    let mut words: Vec<GuessedWord> = guessed
        .into_iter()
        .map(|(word, (count, pronunciation))| GuessedWord { word: word.to_owned(), count, pronunciation })
        .collect();
    words.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.word.cmp(&b.word)));
    words
}

/// Returns spectrograms with their phones: the least likely, the median and the most likely alignment.
fn pictures(by_fit: &[&Utterance], recipe: &Recipe, layout: &DatasetLayout) -> Result<Vec<MelExample>> {
    let last = by_fit.len().saturating_sub(1);
    let mut chosen: Vec<usize> = (0..PICTURES).map(|place| last * place / (PICTURES - 1)).collect();
    chosen.dedup();
    chosen.into_iter().map(|index| picture(by_fit[index], recipe, layout)).collect()
}

fn picture(utterance: &Utterance, recipe: &Recipe, layout: &DatasetLayout) -> Result<MelExample> {
    let config = recipe.audio.mel.config(recipe.audio.sample_rate);
    let features = layout.features().read(&utterance.id)?;
    let mut frame = 0;
    let labels = utterance
        .symbols
        .split(' ')
        .zip(&utterance.durations)
        .map(|(symbol, duration)| {
            let start_frame = frame;
            frame += *duration as usize;
            MelLabel { text: symbol.to_owned(), start_frame, end_frame: frame }
        })
        .collect();
    Ok(MelExample {
        id: utterance.id.clone(),
        text: utterance.text.clone(),
        mel: Mel {
            title: utterance.id.clone(),
            n_bands: features.mel.n_bins(),
            values: features.mel.into_data(),
            hop_seconds: config.hop_length as f64 / f64::from(config.sample_rate),
            labels,
        },
    })
}
