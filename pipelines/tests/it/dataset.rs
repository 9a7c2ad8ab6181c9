//! Datasets are as `docs/formats/dataset.md` describes them, and their parts agree.

use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::LN_10;

use mynah_corpus::{Dataset, Split, Utterance};
use mynah_signal::{MelExtractor, MelProfile, wav};
use mynah_table::read_text_table;
use mynah_testkit::{assert_all_close, assert_close};
use mynah_text::{Phone, SupPhones, Symbol, Vocabulary};

use crate::support::{Place, bundled_line, bundled_wav, documented_columns, documented_settings, keys};

const CLIPS: [&str; 6] = ["LJ001-0043", "LJ001-0045", "LJ002-0009", "LJ002-0124", "LJ002-0151", "LJ002-0166"];
const HOP: usize = 256;
const RATE: f64 = 22_050.0;
const MERGES: usize = 12;
const FULL_SCALE: f64 = 32_768.0;

/// The program computes levels in f32, this test in f64.
const LEVEL_TOLERANCE_DB: f64 = 1e-4;
/// Seconds are written with all digits; sums and products of them are rounded.
const SECONDS_TOLERANCE: f64 = 1e-9;

fn place() -> (Place, Dataset) {
    let place = Place::new();
    place.write_corpus("corpus", &CLIPS);
    place.write(
        "recipe.toml",
        format!("[sup_phones]\nmerges = {MERGES}\n\n[split]\nvalidation = 1\ntest = 2\nseed = 3\n"),
    );
    place.prepare_corpus("dataset").exits_with(0).says("6 of 6 clips prepared");
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    (place, dataset)
}

fn symbols(utterance: &Utterance) -> Vec<Symbol> {
    utterance.symbols.split(' ').map(|name| name.parse().unwrap()).collect()
}

/// Returns the phones of each word.
fn words(utterance: &Utterance) -> Vec<Vec<Phone>> {
    let mut words = Vec::new();
    for (symbol, word) in symbols(utterance).iter().zip(&utterance.word_index) {
        if let Ok(word) = usize::try_from(*word) {
            words.resize_with(words.len().max(word + 1), Vec::new);
            words[word].push(symbol.phone().expect("the symbols of a word are phones"));
        }
    }
    words
}

#[test]
fn every_file_and_column_is_documented() {
    let (place, _) = place();
    let mut expected: Vec<String> =
        ["alignments/durations.parquet", "alignments/key.txt", "alignments/outliers.jsonl"]
            .into_iter()
            .chain(["dataset.toml", "dropped.jsonl", "manifest.parquet"])
            .chain(["problems.jsonl", "report.html", "supphones.json", "vocabulary.json"])
            .map(str::to_owned)
            .collect();
    for id in CLIPS {
        expected.extend([format!("alignments/{id}.TextGrid"), format!("features/{id}.safetensors")]);
        expected.push(format!("report-clips/{id}.wav"));
    }
    expected.sort();
    assert_eq!(place.files("dataset").into_keys().collect::<Vec<_>>(), expected);

    let manifest = read_text_table(&place.path("dataset/manifest.parquet")).unwrap();
    assert_eq!(manifest.rows.len(), CLIPS.len());
    assert_eq!(
        manifest.columns.into_iter().collect::<BTreeSet<_>>(),
        documented_columns("dataset.md", "### `manifest.parquet`")
    );
    let info: toml::Table = place.read("dataset/dataset.toml").parse().unwrap();
    let mut recipe = keys(info["recipe"].as_table().unwrap());
    let optional = [
        "audio.loudness_lufs",
        "audio.trim",
        "audio.trim.below_loudest_db",
        "audio.trim.margin_ms",
        "source.audio",
        "source.folder",
        "source.header",
        "source.id",
        "source.normalized",
        "source.phones",
        "source.quoting",
        "source.separator",
        "source.speaker",
        "source.split",
        "keep.max_characters_per_second",
        "keep.max_clipped_runs",
        "keep.max_guessed_share",
        "keep.max_misfit",
        "keep.max_pause_seconds",
        "keep.max_seconds",
        "keep.max_worst_stretch",
        "keep.min_bandwidth_hz",
        "keep.min_characters_per_second",
        "keep.min_log_likelihood",
        "keep.min_loudness_lufs",
        "keep.min_seconds",
        "keep.min_snr_db",
        "source.tables",
        "source.text",
        "split.test_list",
        "split.validation_list",
        "sup_phones.model",
        "text.lexicon",
        "text.rules",
    ];
    for optional in optional {
        recipe.insert(optional.to_owned());
    }
    assert_eq!(recipe, documented_settings("RECIPE.toml"));

    place.write("corpus/metadata.csv", place.read("corpus/metadata.csv") + "missing|x|x\n");
    place.prepare_corpus("dataset").exits_with(1);
    let problem: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&place.read("dataset/problems.jsonl")).unwrap();
    assert_eq!(
        problem.into_keys().collect::<BTreeSet<_>>(),
        documented_columns("problems.md", "### `problems.jsonl`")
    );
}

#[test]
fn dataset_toml_counts_its_utterances() {
    let (place, dataset) = place();
    let info = dataset.info();
    assert_eq!((info.format, info.corpus.as_str()), (3, "corpus"));
    assert_eq!(info.program, format!("mynah-prepare {}", env!("CARGO_PKG_VERSION")));
    let mut hasher = blake3::Hasher::new();
    for file in ["manifest.parquet", "vocabulary.json", "supphones.json"] {
        hasher.update(&place.bytes(&format!("dataset/{file}")));
    }
    assert_eq!(info.fingerprint, hasher.finalize().to_hex().to_string());

    let counts = &info.counts;
    assert_eq!((counts.rows, counts.utterances, counts.problems), (6, 6, 0));
    assert_eq!((counts.train, counts.validation, counts.test), (3, 1, 2));
    for (split, n) in [(Split::Train, 3), (Split::Validation, 1), (Split::Test, 2)] {
        assert_eq!(dataset.split(split).count(), n);
    }
    assert_eq!(place.read("dataset/problems.jsonl"), "");

    // The resolved recipe makes the same dataset.
    let table: toml::Table = toml::from_str(&place.read("dataset/dataset.toml")).unwrap();
    place.write("recipe.toml", toml::to_string(&table["recipe"]).unwrap());
    place.prepare_corpus("again").exits_with(0);
    place.assert_same("dataset", "again");
}

#[test]
fn rows_are_sorted_and_name_their_sources() {
    let (_, dataset) = place();
    let ids: Vec<&str> = dataset.utterances().iter().map(|utterance| utterance.id.as_str()).collect();
    assert_eq!(ids, CLIPS);
    for utterance in dataset.utterances() {
        let line = bundled_line(&utterance.id);
        assert_eq!(Some(utterance.text.as_str()), line.split('|').nth(2));
        assert_eq!(utterance.audio, format!("wavs/{}.wav", utterance.id));
        assert!(utterance.alignment_log_likelihood.unwrap().is_finite());
    }
    let guessed: Vec<&String> = dataset.utterances().iter().flat_map(|row| &row.guessed_words).collect();
    let normalized: Vec<&str> = dataset.utterances().iter().map(|row| row.normalized.as_str()).collect();
    for word in guessed {
        assert!(normalized.iter().any(|text| text.contains(word.as_str())), "{word}");
    }
}

#[test]
fn symbols_words_and_identifiers_agree() {
    let (place, dataset) = place();
    let json: serde_json::Value = serde_json::from_str(&place.read("dataset/vocabulary.json")).unwrap();
    let vocabulary: Vec<&str> =
        json["symbols"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(vocabulary[..6], ["<pad>", "<unk>", "<mask>", "<bos>", "<eos>", "/"]);
    assert_eq!(vocabulary.len(), Vocabulary::arpabet().len());

    let sup_phones = SupPhones::from_json(&place.read("dataset/supphones.json")).unwrap();
    let training = dataset.split(Split::Train).flat_map(words).map(|word| (word, 1));
    assert_eq!(SupPhones::train(training, MERGES), sup_phones, "learned from the training split");
    assert_eq!(sup_phones.merges().len(), MERGES);

    for utterance in dataset.utterances() {
        let names: Vec<&str> = utterance.symbols.split(' ').collect();
        assert_eq!((names.first(), names.last()), (Some(&"<bos>"), Some(&"<eos>")));
        let ids = utterance.symbol_ids.iter().map(|id| vocabulary[*id as usize]);
        assert_eq!(ids.collect::<Vec<_>>(), names, "{}", utterance.id);

        let symbols = symbols(utterance);
        let index: Vec<Option<u32>> =
            utterance.word_index.iter().map(|word| u32::try_from(*word).ok()).collect();
        assert_eq!(sup_phones.encode(&symbols, &index), utterance.sup_phone_ids, "{}", utterance.id);
        for (symbol, word) in symbols.iter().zip(&utterance.word_index) {
            assert_eq!(symbol.phone().is_some(), *word >= 0, "{symbol} of {}", utterance.id);
        }
        let counted = utterance.word_index.iter().copied().filter(|word| *word >= 0);
        let counted: Vec<i64> = counted.collect::<BTreeSet<_>>().into_iter().collect();
        let n = utterance.normalized.split_whitespace().count();
        assert_eq!(counted, (0..n as i64).collect::<Vec<_>>(), "{}", utterance.normalized);
        assert_eq!(names.iter().filter(|name| **name == "/").count(), n - 1, "{}", utterance.symbols);
    }
}

#[test]
fn durations_and_text_grids_cover_the_clip() {
    let (place, dataset) = place();
    for utterance in dataset.utterances() {
        let n = utterance.symbol_ids.len();
        assert_eq!((utterance.durations.len(), utterance.word_index.len()), (n, n));
        assert_eq!(utterance.sup_phone_ids.len(), n);
        assert!(utterance.durations.iter().all(|duration| *duration >= 1));
        assert_eq!(utterance.durations.iter().sum::<u32>(), utterance.frames);
        assert_eq!(utterance.frames as usize, utterance.samples as usize / HOP);
        assert_close(utterance.seconds, utterance.samples as f64 / RATE, SECONDS_TOLERANCE, "seconds");

        let text = place.read(&format!("dataset/alignments/{}.TextGrid", utterance.id));
        let tiers = read_text_grid(&text);
        assert_eq!(tiers.iter().map(|tier| tier.0.as_str()).collect::<Vec<_>>(), ["words", "phones"]);
        for (name, intervals) in &tiers {
            assert_close(intervals[0].0, 0.0, 0.0, name);
            assert_close(intervals[intervals.len() - 1].1, utterance.seconds, SECONDS_TOLERANCE, name);
            for pair in intervals.windows(2) {
                assert_close(pair[0].1, pair[1].0, 0.0, "tiers are gapless");
            }
        }
        let [(_, spoken), (_, phones)] = &tiers[..] else { panic!("{tiers:?}") };
        let labels: Vec<&str> = phones.iter().map(|interval| interval.2.as_str()).collect();
        assert_eq!(labels, utterance.symbols.split(' ').collect::<Vec<_>>());
        let mut frame = 0;
        for (interval, duration) in phones.iter().zip(&utterance.durations) {
            assert_close(
                interval.0,
                f64::from(frame) * HOP as f64 / RATE,
                SECONDS_TOLERANCE,
                "a phone begins",
            );
            frame += duration;
        }
        let spoken: Vec<&str> =
            spoken.iter().map(|interval| interval.2.as_str()).filter(|label| !label.is_empty()).collect();
        let expected: Vec<&str> = utterance
            .normalized
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| c.is_ascii_punctuation()))
            .collect();
        assert_eq!(spoken, expected);
    }
}

/// The start, the end and the label of an interval.
type Interval = (f64, f64, String);

/// Parses the name and the intervals of each tier.
fn read_text_grid(text: &str) -> Vec<(String, Vec<Interval>)> {
    let value = |part: &str, key: &str| -> String {
        let value = part.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(" = "));
        value.unwrap_or_else(|| panic!("no {key} in {part}")).to_owned()
    };
    // Quotation marks in labels are doubled.
    let label = |part: &str, key: &str| {
        let quoted = value(part, key);
        quoted[1..quoted.len() - 1].replace("\"\"", "\"")
    };
    let number = |part: &str, key: &str| value(part, key).parse::<f64>().unwrap();
    let interval = |part: &str| (number(part, "xmin"), number(part, "xmax"), label(part, "text"));
    let tier = |part: &str| {
        (label(part, "name"), part.split("intervals [").skip(1).map(interval).collect::<Vec<_>>())
    };
    text.split("    item [").skip(1).map(tier).collect()
}

#[test]
fn features_match_the_wav() {
    let (place, dataset) = place();
    let mel = MelExtractor::new(&MelProfile::Vits.config(22_050)).unwrap();
    for utterance in dataset.utterances() {
        let id = &utterance.id;
        let features = dataset.features(utterance).unwrap();
        let bytes = bundled_wav(id);
        let samples: Vec<i16> =
            bytes[44..].as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect();
        assert_eq!(features.wave, samples, "{id}");
        let waveform = wav::decode(&bytes, id.as_ref()).unwrap();
        assert_eq!(features.mel, mel.log_mel(waveform.samples()), "{id}");
        assert_eq!((features.mel.n_bins(), features.mel.n_frames()), (80, utterance.frames as usize));

        // The level of a frame is the root mean square of its hop.
        let level: Vec<f64> = samples
            .chunks_exact(HOP)
            .map(|hop| {
                let power =
                    hop.iter().map(|x| (f64::from(*x) / FULL_SCALE).powi(2)).sum::<f64>() / HOP as f64;
                (10.0 * power.ln() / LN_10).max(-100.0)
            })
            .collect();
        assert_all_close(&features.level, &level, LEVEL_TOLERANCE_DB, id);
        let peak = samples.iter().map(|x| x.unsigned_abs()).max().unwrap();
        let peak_dbfs = 20.0 * (f64::from(peak) / FULL_SCALE).log10();
        assert_close(utterance.peak_dbfs.unwrap(), peak_dbfs, LEVEL_TOLERANCE_DB, "peak");
        assert!((-40.0..-10.0).contains(&utterance.loudness_lufs.unwrap()), "a recording of speech: {id}");

        let mut voiced: Vec<f32> = features.f0.iter().copied().filter(|f0| *f0 > 0.0).collect();
        voiced.sort_by(f32::total_cmp);
        assert_eq!(features.f0.len(), utterance.frames as usize);
        assert!(voiced.iter().all(|f0| (65.0..=600.0).contains(f0)));
        assert_close(
            utterance.voiced_fraction,
            voiced.len() as f64 / features.f0.len() as f64,
            SECONDS_TOLERANCE,
            "voiced fraction",
        );
        let middle = voiced.len() / 2;
        let median = if voiced.len().is_multiple_of(2) {
            f64::midpoint(f64::from(voiced[middle - 1]), f64::from(voiced[middle]))
        } else {
            f64::from(voiced[middle])
        };
        assert_eq!(utterance.f0_median_hz, Some(median));

        let file = place.bytes(&format!("dataset/features/{id}.safetensors"));
        let (length, rest) = file.split_first_chunk().unwrap();
        let header: serde_json::Value =
            serde_json::from_slice(&rest[..u64::from_le_bytes(*length) as usize]).unwrap();
        let frames = utterance.frames;
        for (name, dtype, shape) in [
            ("wave", "I16", vec![samples.len()]),
            ("mel", "F32", vec![80, frames as usize]),
            ("f0", "F32", vec![frames as usize]),
            ("level", "F32", vec![frames as usize]),
        ] {
            assert_eq!(header[name]["dtype"], dtype);
            assert_eq!(header[name]["shape"], serde_json::json!(shape));
        }
    }
}

#[test]
fn reads_either_text_column() {
    let place = Place::with_corpus();
    place.write("recipe.toml", "[text]\ncolumn = \"text\"\n");
    place.prepare_corpus("text").exits_with(0);
    place.write("recipe.toml", "[text]\ncolumn = \"normalized\"\n");
    place.prepare_corpus("normalized").exits_with(0);
    let open = |name: &str| Dataset::open(&place.path(name)).unwrap();
    let (text, normalized) = (open("text"), open("normalized"));
    let years = |dataset: &Dataset| dataset.utterances()[1].clone();
    assert_eq!(years(&text).text, "1469, 1470;");
    assert_eq!(years(&normalized).text, "fourteen sixty-nine, fourteen seventy;");
    assert_eq!(years(&text).symbols, years(&normalized).symbols, "years are normalized as in LJSpeech");
    place.write("recipe.toml", "[text]\ncolumn = \"both\"\n");
    place.prepare_corpus("both").exits_with(2).says("`recipe.toml`").says("line 2");
}
