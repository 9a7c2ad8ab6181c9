//! Draws every figure and every page with made-up data, for inspection after a change:
//! `cargo run -p mynah-report --example gallery -- DIRECTORY`.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use mynah_report::dataset::{
    AlignmentScore, DatasetPage, Distribution, DoubtfulClip, DroppedGroup, GuessedWord, LeakedUtterance,
    MelExample, PageKind, ProblemGroup, Setting, SplitSize, SymbolCount,
};
use mynah_report::figure::{
    Bar, Bars, Forest, ForestRow, Histogram, Line, Lines, Mel, MelLabel, Panel, PanelPoint, Panels,
    RatingCounts, Ratings, Scatter, ScatterSeries, StackRow, Stacks, Waterfall, Waterfalls,
};

/// Phones of a made-up utterance.
const PHONES: [&str; 12] = ["P", "R", "IH1", "N", "T", "IH0", "NG", "/", "IH0", "N", "DH", "AH0"];

fn main() -> Result<(), Box<dyn Error>> {
    let directory =
        PathBuf::from(std::env::args().nth(1).ok_or("usage: gallery DIRECTORY, where the figures go")?);
    fs::create_dir_all(&directory)?;
    for (name, svg) in [
        ("histogram", histogram()?),
        ("bars", bars()?),
        ("forest", forest()?),
        ("panels-systems", panels(&[None; 4])?),
        ("panels-steps", panels(&[1000, 2000, 5000, 20_000, 100_000].map(Some))?),
        ("waterfalls", waterfalls()?),
        ("stacks", stacks()?),
        ("ratings", ratings()?),
        ("lines", lines()?),
        ("scatter", scatter()?),
        ("mel", mel().to_svg()?),
    ] {
        fs::write(directory.join(name).with_extension("svg"), svg)?;
    }
    fs::write(directory.join("dataset.html"), dataset().to_html()?)?;
    Ok(())
}

/// Returns deterministic numbers between 0 and 1 that look random.
fn noise() -> impl Iterator<Item = f64> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24)
    })
}

/// Returns roughly normal numbers.
fn normal() -> impl Iterator<Item = f64> {
    let mut uniform = noise();
    std::iter::repeat_with(move || uniform.by_ref().take(12).sum::<f64>() - 6.0)
}

fn histogram() -> Result<String, mynah_report::Error> {
    Histogram {
        title: "Length of the utterances".into(),
        x_label: "length (s)".into(),
        y_label: "utterances".into(),
        values: normal().take(385).map(|value| (6.6 + 2.2 * value).clamp(1.1, 10.1)).collect(),
    }
    .to_svg()
}

fn bars() -> Result<String, mynah_report::Error> {
    let vowels = ["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"];
    let consonants = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH";
    let names = vowels
        .iter()
        .flat_map(|vowel| ["0", "1", "2"].map(|stress| format!("{vowel}{stress}")))
        .chain(consonants.split(' ').map(str::to_owned));
    let bars =
        names.zip(noise()).map(|(label, value)| Bar { label, value: (5000.0 * value * value).round() });
    Bars { title: "Phones of the corpus".into(), y_label: "how often".into(), bars: bars.collect() }.to_svg()
}

fn forest() -> Result<String, mynah_report::Error> {
    let row = |label: &str, estimate: f64, half: f64| ForestRow {
        label: label.into(),
        estimate,
        low: estimate - half,
        high: estimate + half,
        inner: Some((estimate - half * 0.83, estimate + half * 0.83)),
    };
    Forest {
        title: "CMOS against the recordings".into(),
        x_label: "CMOS: system minus recordings".into(),
        rows: vec![
            row("naturalspeech step 100000", -0.01, 0.14),
            row("naturalspeech step 20000", -0.31, 0.15),
            row("vits", -0.19, 0.18),
            row("an old system with quite a long name, to be cut", -0.62, 0.21),
        ],
        margin: Some(0.2),
        zero_line: true,
        decimals: 2,
    }
    .to_svg()
}

fn panels(steps: &[Option<u64>]) -> Result<String, mynah_report::Error> {
    let measures =
        [("mcd", "dB"), ("log_f0_rmse", "cents"), ("duration_ratio", "ln ratio"), ("voicing_error", "share")];
    let mut random = noise();
    let panels = measures.iter().map(|(name, unit)| Panel {
        title: (*name).into(),
        label: format!("{name} ({unit})"),
        points: steps
            .iter()
            .enumerate()
            .map(|(index, &step)| {
                let estimate = 8.0 / (index as f64 + 1.5) + random.next().unwrap_or_default();
                let half = 0.2 + 0.3 * random.next().unwrap_or_default();
                PanelPoint {
                    label: ["recordings", "vits", "naturalspeech", "flat"]
                        .get(index)
                        .unwrap_or(&"x")
                        .to_string(),
                    step,
                    run: String::new(),
                    estimate,
                    interval: Some((estimate - half, estimate + half)),
                }
            })
            .collect(),
    });
    Panels { title: "Scores of each system".into(), panels: panels.collect(), zero_line: false }.to_svg()
}

fn waterfalls() -> Result<String, mynah_report::Error> {
    let panel = |title: &str, shift: f64, n: usize| {
        let values: Vec<f64> = normal().take(n).map(|value| shift + 0.4 * value).collect();
        let half = 1.96 * 0.4 / (n as f64).sqrt();
        let mean = values.iter().sum::<f64>() / n as f64;
        Waterfall {
            title: title.into(),
            label: "more loss than the best (dB)".into(),
            words: ["worse", "better", "equal"].map(str::to_owned),
            above_is_good: false,
            values,
            interval: Some((mean, mean - half, mean + half)),
        }
    };
    let panels = vec![panel("mcd: vits − naturalspeech", 0.12, 500), panel("a few sentences", -0.05, 12)];
    Waterfalls { title: "Differences item by item".into(), panels, one_scale: false }.to_svg()
}

fn stacks() -> Result<String, mynah_report::Error> {
    let row = |(label, counts): (&str, [u64; 3])| StackRow { label: label.into(), counts: counts.into() };
    Stacks {
        title: "Items without a value".into(),
        x_label: "items".into(),
        kinds: ["failed", "undefined", "no row"].map(str::to_owned).into(),
        rows: [("naturalspeech", [0, 0, 0]), ("vits", [3, 1, 0]), ("an early checkpoint", [41, 12, 7])]
            .map(row)
            .into(),
    }
    .to_svg()
}

fn ratings() -> Result<String, mynah_report::Error> {
    Ratings {
        title: "How often each answer was given".into(),
        x_label: "CMOS: system minus recordings".into(),
        scores: (-3..=3).map(f64::from).collect(),
        systems: vec![
            RatingCounts { label: "naturalspeech".into(), counts: vec![12, 71, 201, 431, 198, 69, 18] },
            RatingCounts { label: "vits".into(), counts: vec![31, 122, 260, 351, 160, 52, 24] },
        ],
    }
    .to_svg()
}

fn lines() -> Result<String, mynah_report::Error> {
    let mut random = normal();
    let mut line = |label: &str, scale: f64, n_points: usize| Line {
        label: label.into(),
        points: (0..n_points)
            .map(|index| {
                let step = index as f64 * 20_000.0 / n_points as f64;
                let wobble = 1.0 + 0.05 * random.next().unwrap_or_default();
                (step, scale * (0.4 + (-step / 4000.0).exp()) * wobble)
            })
            .collect(),
    };
    Lines {
        title: "Losses".into(),
        x_label: "training step".into(),
        y_label: "loss".into(),
        lines: vec![
            line("mel, training", 1.0, 400),
            line("mel, validation", 1.1, 40),
            line("backward KL, training", 2.3, 400),
            line("duration, training", 0.4, 400),
        ],
    }
    .to_svg()
}

fn scatter() -> Result<String, mynah_report::Error> {
    let (mut along, mut across) = (noise(), normal());
    let mut series = |label: &str, factor: f64| ScatterSeries {
        label: label.into(),
        points: (0..120)
            .map(|_| {
                let x = 1.5 + 8.0 * along.next().unwrap_or_default();
                (x, x * factor + 0.3 * across.next().unwrap_or_default())
            })
            .collect(),
    };
    Scatter {
        title: "Length of the recordings and of the systems".into(),
        x_label: "recording (s)".into(),
        y_label: "system (s)".into(),
        series: vec![series("naturalspeech", 1.0), series("vits", 0.92)],
        diagonal: true,
    }
    .to_svg()
}

fn mel() -> Mel {
    let (n_bands, n_frames) = (80, 430);
    let mut random = noise();
    let value = |band: usize, frame: usize, random: f64| {
        let (band, frame) = (band as f64, frame as f64);
        let harmonics = (band * (0.9 + 0.1 * (frame / 60.0).sin())).sin();
        let loudness = (frame / 25.0).sin() * 2.0;
        (harmonics * 1.5 + loudness - band / 16.0 - 3.0 + random * 1.5) as f32
    };
    let values = (0..n_bands * n_frames)
        .map(|index| value(index / n_frames, index % n_frames, random.next().unwrap_or_default()))
        .collect();
    let labels = (0..60).map(|index| MelLabel {
        text: PHONES[index % PHONES.len()].into(),
        start_frame: index * n_frames / 60,
        end_frame: (index + 1) * n_frames / 60,
    });
    Mel {
        title: "A made-up spectrogram".into(),
        values,
        n_bands,
        hop_seconds: 256.0 / 22050.0,
        labels: labels.collect(),
    }
}

fn dataset() -> DatasetPage {
    let setting = |(name, value): (&str, &str)| Setting { name: name.into(), value: value.into() };
    let distribution = |(name, unit, middle, spread, missing): (&str, &str, f64, f64, u64)| Distribution {
        name: name.into(),
        unit: unit.into(),
        values: normal().take(385).map(|value| middle + spread * value).collect(),
        missing,
    };
    let text = "in being comparatively modern. For although the Chinese took impressions from wood blocks";
    DatasetPage {
        kind: PageKind::Dataset,
        title: "LJSpeech, first part".into(),
        source: "ljspeech-part1".into(),
        recipe: [
            ("sample rate", "22050 Hz"),
            ("mel profile", "vits"),
            ("shortest", "0.8 s"),
            ("longest", "10.1 s"),
            ("text column", "normalized"),
            ("merges", "500"),
        ]
        .map(setting)
        .into(),
        rows: 388,
        utterances: 385,
        problems: vec![
            ProblemGroup {
                code: "missing-wav".into(),
                count: 2,
                first: "LJ001-0007".into(),
                message: "there is no `wavs/LJ001-0007.wav`".into(),
                remedy: "put the clip into `wavs/`, or delete line 7 of `metadata.csv`".into(),
            },
            ProblemGroup {
                code: "not-utf8".into(),
                count: 1,
                first: "metadata.csv, line 102".into(),
                message: "byte 0xe9 at column 31 is not UTF-8".into(),
                remedy: "save the file as UTF-8; it looks like Latin-1".into(),
            },
        ],
        dropped: vec![DroppedGroup { rule: "max_seconds".into(), limit: 9.5, count: 12, seconds: 117.2 }],
        doubtful: vec![DoubtfulClip {
            id: "LJ001-0017".into(),
            message: "the sound from 2.10 to 2.64 s is not \"the block books\"".into(),
            text: text.into(),
            audio: None,
        }],
        n_doubtful: 1,
        seconds: 2531.7,
        frames: 218_071,
        speakers: Vec::new(),
        leaks: vec![LeakedUtterance {
            id: "LJ002-0113".into(),
            split: "test".into(),
            trained: "LJ002-0114".into(),
            shared: "words".into(),
        }],
        splits: [("train", 335, 2203.1), ("validation", 25, 164.0), ("test", 25, 164.6)]
            .map(|(name, utterances, seconds)| SplitSize { name: name.into(), utterances, seconds })
            .into(),
        distributions: [
            ("length", "s", 6.6, 1.6, 0),
            ("characters per second", "1/s", 15.1, 1.4, 0),
            ("loudness", "LUFS", -22.0, 1.3, 3),
            ("median F0", "Hz", 212.0, 14.0, 1),
            ("symbols per second", "1/s", 12.9, 1.1, 0),
        ]
        .map(distribution)
        .into(),
        phones: "AA0 AA1 AA2 AE0 AE1 AE2 AH0 AH1 AH2 AO1 AW1 AY1 B CH D DH EH1 ER0 EY1 F G HH IH0 IH1 IY0 IY1 JH K L M \
                 N NG OW1 OY1 P R S SH T TH UH1 UW1 V W Y Z ZH"
            .split(' ')
            .zip(noise())
            .map(|(symbol, value)| SymbolCount { symbol: symbol.into(), count: (3000.0 * value * value) as u64 })
            .chain([SymbolCount { symbol: "OY2".into(), count: 0 }])
            .collect(),
        guessed_words: ["SCHOEFFER", "SUBIACO", "SWEYNHEYM", "PANNARTZ"]
            .map(|word| GuessedWord { word: word.into(), count: 2, pronunciation: "S W EY1 N HH AY2 M".into() })
            .into(),
        worst_alignments: ["LJ001-0102", "LJ002-0041"]
            .map(|id| AlignmentScore { id: id.into(), log_likelihood: -71.3, text: text.into(), audio: None })
            .into(),
        examples: vec![MelExample { id: "LJ001-0002".into(), text: text.into(), mel: mel() }],
    }
}
