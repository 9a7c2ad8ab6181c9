//! Plants faults into recordings and counts how often the metrics of one wav see them, and how often they see them where
//! none is: `cargo run --release -p mynah-metrics --example planted_faults -- CORPUS [WAVS]`
//!
//! CORPUS is a folder in LJSpeech layout. The pace is that of every second recording; faults are planted into the others, or
//! into the files of the same names in WAVS, such as renderings by a system. With `--swap` the halves change places: limits
//! were chosen without it.

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use mynah_metrics::{Clip, HealthLimit, Outcome, Pace, Pair, Text, health_limits, metric};
use mynah_signal::{Waveform, low_pass, wav};

/// A clip with the text that it should speak.
struct Item {
    waveform: Waveform,
    text: Text,
}

/// Numbers from a linear congruential generator, so that every run plants the same.
struct Random(u64);

impl Random {
    /// Returns a number from 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A recipe: makes samples with a fault from a clip and another one.
type Recipe = fn(&Waveform, &Waveform, &mut Random) -> Vec<f32>;

/// A fault: the name, the metrics that should see it, and the recipe.
type Fault = (&'static str, &'static [&'static str], Recipe);

const FAULTS: [Fault; 30] = [
    ("silence of 0.8 s inserted", &["longest_silence", "alignment_run"], |wave, _, random| {
        inserted(wave, 0.8, 0.0, random)
    }),
    ("silence of 1.5 s inserted", &["longest_silence", "alignment_run"], |wave, _, random| {
        inserted(wave, 1.5, 0.0, random)
    }),
    ("soft noise of 0.8 s inserted", &["longest_silence", "alignment_run"], |wave, _, random| {
        inserted(wave, 0.8, 0.0005, random)
    }),
    ("last 20 % missing", &["truncated"], |wave, _, _| truncated(wave, 0.2)),
    ("last 30 % missing", &["truncated"], |wave, _, _| truncated(wave, 0.3)),
    ("last 40 % missing", &["truncated"], |wave, _, _| truncated(wave, 0.4)),
    ("last 60 % missing", &["truncated"], |wave, _, _| truncated(wave, 0.6)),
    ("last 30 % silent", &["truncated"], |wave, _, _| silenced(wave, 0.3)),
    ("last 40 % silent", &["truncated"], |wave, _, _| silenced(wave, 0.4)),
    ("babble of 30 % appended", &["runaway"], |wave, other, _| babbling(wave, other, 0.3)),
    ("babble of 50 % appended", &["runaway"], |wave, other, _| babbling(wave, other, 0.5)),
    ("babble of 100 % appended", &["runaway"], |wave, other, _| babbling(wave, other, 1.0)),
    ("noise of 60 % appended", &["runaway"], |wave, _, random| with_noise_after(wave, 0.6, random)),
    ("0.3 s repeated", &["repetition", "alignment_run"], |wave, _, random| {
        repeated(wave, 0.3, 1.0, 1, random)
    }),
    ("0.4 s repeated", &["repetition", "alignment_run"], |wave, _, random| {
        repeated(wave, 0.4, 1.0, 1, random)
    }),
    ("0.6 s repeated", &["repetition", "alignment_run"], |wave, _, random| {
        repeated(wave, 0.6, 1.0, 1, random)
    }),
    ("1 s repeated", &["repetition", "alignment_run"], |wave, _, random| repeated(wave, 1.0, 1.0, 1, random)),
    ("0.4 s repeated 4 % faster", &["repetition", "alignment_run"], |wave, _, random| {
        repeated(wave, 0.4, 1.04, 1, random)
    }),
    ("0.6 s repeated 4 % slower", &["repetition", "alignment_run"], |wave, _, random| {
        repeated(wave, 0.6, 0.96, 1, random)
    }),
    ("0.4 s repeated 3 times", &["repetition", "alignment_run"], |wave, _, random| {
        repeated(wave, 0.4, 1.0, 3, random)
    }),
    ("6 dB above full scale", &["clipped_runs"], |wave, _, _| clipped(wave, 2.0)),
    ("1 dB above full scale", &["clipped_runs"], |wave, _, _| clipped(wave, 1.122)),
    ("offset of 0.003", &["dc_offset"], |wave, _, _| plus(wave, |_| 0.003)),
    ("50 Hz at 0.003", &["hum"], |wave, _, _| plus(wave, |seconds| 0.003 * (314.159_27 * seconds).sin())),
    ("60 Hz at 0.003", &["hum"], |wave, _, _| plus(wave, |seconds| 0.003 * (376.991_12 * seconds).sin())),
    ("white noise at -45 dBFS", &["noise_floor", "snr"], |wave, _, random| noisy(wave, -45.0, random)),
    ("nothing above 8 kHz", &["bandwidth"], |wave, _, _| {
        low_pass(wave, 7600.0).map_or_else(|_| Vec::new(), |wave| wave.samples().to_vec())
    }),
    ("3 clicks of 0.3", &["clicks"], |wave, _, random| clicking(wave, 0.3, random)),
    ("3 clicks of 0.1", &["clicks"], |wave, _, random| clicking(wave, 0.1, random)),
    ("dropout of 20 ms", &["dropouts"], |wave, _, random| dropping(wave, 0.02, random)),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // With a metric, its values instead of rates, for choosing limits; only for faults with certain words.
    let (arguments, values_of) = match arguments.as_slice() {
        [rest @ .., "--values", name, words] => (rest, Some((*name, *words))),
        rest => (rest, None),
    };
    let (arguments, planted) = match arguments {
        [rest @ .., "--swap"] => (rest, 1),
        rest => (rest, 0),
    };
    let (corpus, wavs) = match arguments {
        [corpus] => (Path::new(corpus), Path::new(corpus).join("wavs")),
        [corpus, wavs] => (Path::new(corpus), Path::new(wavs).to_path_buf()),
        _ => return Err("usage: planted_faults CORPUS [WAVS] [--swap] [--values METRIC WORDS]".into()),
    };
    let mut recordings = Vec::new();
    let mut items = Vec::new();
    for (index, line) in fs::read_to_string(corpus.join("metadata.csv"))?.lines().enumerate() {
        let mut fields = line.split('|');
        let (name, text) =
            (fields.next().unwrap_or_default(), Text::of(fields.next_back().unwrap_or_default()));
        let recording = corpus.join("wavs").join(name).with_extension("wav");
        if !recording.exists() {
            // Part of the corpus.
            continue;
        }
        let recording = wav::read(recording)?;
        let path = wavs.join(name).with_extension("wav");
        if index % 2 == planted && path.exists() {
            items.push((recording, Item { waveform: wav::read(path)?, text }));
        } else if let Ok(seconds) = Clip::new(&recording).spoken_seconds() {
            recordings.push((text.n_units(), seconds));
        }
    }
    // The bundled corpus has too few recordings to leave half of them out.
    if recordings.len() < Pace::LEAST_RECORDINGS {
        for (recording, item) in &items {
            if let Ok(seconds) = Clip::new(recording).spoken_seconds() {
                recordings.push((item.text.n_units(), seconds));
            }
        }
    }
    let pace = Pace::fit(&recordings).ok_or("the recordings have no pace")?;
    println!("{} recordings, {pace:?}; {} items", recordings.len(), items.len());
    if let Some((name, words)) = values_of {
        println!("least, 1, 5, 10, 25, 50, 75, 90, 95, 99 %, most of {name}");
        println!("nothing: {}", spread(measured(&items, pace, name, None)));
        for (fault, _, plant) in FAULTS.into_iter().filter(|fault| fault.0.contains(words)) {
            println!("{fault}: {}", spread(measured(&items, pace, name, Some(plant))));
        }
        return Ok(());
    }

    println!("\n| metric | reported if | false alarms |\n|---|---|---:|");
    for limit in health_limits() {
        let values = measured(&items, pace, limit.metric, None);
        println!("| `{}` | {} | {} |", limit.metric, limit.rule, rate(&values, limit));
    }
    println!("\n| fault | hits |\n|---|---|");
    for (fault, metrics, plant) in FAULTS {
        let of_limit = |name: &&str| {
            let limit = health_limits().iter().find(|limit| limit.metric == *name)?;
            Some(format!("`{name}` {}", rate(&measured(&items, pace, name, Some(plant)), limit)))
        };
        let hits: Vec<String> = metrics.iter().filter_map(of_limit).collect();
        println!("| {fault} | {} |", hits.join(", "));
    }
    Ok(())
}

/// Measures every item, with a fault if one is given; an item without a value is not a number.
fn measured(items: &[(Waveform, Item)], pace: Pace, name: &str, plant: Option<Recipe>) -> Vec<f64> {
    let mut random = Random(1);
    let others = items.iter().cycle().skip(items.len() / 2);
    let measure = |((recording, item), (_, other)): (&(Waveform, Item), &(Waveform, Item))| {
        let samples = match plant {
            Some(plant) => plant(&item.waveform, &other.waveform, &mut random),
            None => item.waveform.samples().to_vec(),
        };
        let waveform = rounded(samples, item.waveform.sample_rate());
        let (clip, recording) = (Clip::new(&waveform).with_text(item.text.at(pace)), Clip::new(recording));
        match metric(name).map(|metric| metric.measure(&Pair::new(&recording, &clip))) {
            Some(Outcome::Value { value, .. }) => value,
            _ => f64::NAN,
        }
    };
    items.iter().zip(others).map(measure).collect()
}

/// Rounds to 16 bits, as files do.
fn rounded(samples: Vec<f32>, sample_rate: u32) -> Waveform {
    let round = |sample: f32| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) / 32_768.0;
    Waveform::new(samples.into_iter().map(round).collect(), sample_rate)
}

fn rate(values: &[f64], limit: &HealthLimit) -> String {
    let n_hits = values.iter().filter(|value| limit.excess(**value).is_some()).count();
    format!("{:.1} % ({n_hits}/{})", 100.0 * n_hits as f64 / values.len() as f64, values.len())
}

fn spread(mut sorted: Vec<f64>) -> String {
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    let shares = [0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0];
    shares.map(|share| format!("{:.3}", at(share))).join(" ")
}

fn samples_in(waveform: &Waveform, seconds: f64) -> usize {
    (seconds * f64::from(waveform.sample_rate())) as usize
}

/// Returns a position in the inner part of the speech.
fn inside(waveform: &Waveform, length: usize, random: &mut Random) -> usize {
    let n_samples = waveform.len();
    let from = n_samples / 5;
    from + (random.share() * (3 * n_samples / 5).saturating_sub(length) as f64) as usize
}

fn noise(amplitude: f64, length: usize, random: &mut Random) -> Vec<f32> {
    (0..length).map(|_| ((2.0 * random.share() - 1.0) * amplitude) as f32).collect()
}

fn inserted(waveform: &Waveform, seconds: f64, amplitude: f64, random: &mut Random) -> Vec<f32> {
    let length = samples_in(waveform, seconds);
    let (before, after) = waveform.samples().split_at(inside(waveform, 0, random));
    [before, &noise(amplitude, length, random), after].concat()
}

/// Returns the first and last sample of the speech.
fn ends(waveform: &Waveform) -> (usize, usize) {
    let clip = Clip::new(waveform);
    let Ok(speech) = clip.speech() else { return (0, waveform.len()) };
    let start = samples_in(waveform, speech.leading_seconds());
    (start, start + speech.waveform().len())
}

fn truncated(waveform: &Waveform, share: f64) -> Vec<f32> {
    let (start, end) = ends(waveform);
    waveform.samples()[..start + ((end - start) as f64 * (1.0 - share)) as usize].to_vec()
}

fn silenced(waveform: &Waveform, share: f64) -> Vec<f32> {
    let mut samples = truncated(waveform, share);
    samples.resize(waveform.len(), 0.0);
    samples
}

/// Appends another clip backwards.
fn babbling(waveform: &Waveform, other: &Waveform, share: f64) -> Vec<f32> {
    let (start, end) = ends(waveform);
    let (from, to) = ends(other);
    let babble = other.samples()[from..to].iter().rev().cycle().copied();
    let length = ((end - start) as f64 * share) as usize;
    waveform.samples()[..end].iter().copied().chain(babble.take(length)).collect()
}

fn with_noise_after(waveform: &Waveform, share: f64, random: &mut Random) -> Vec<f32> {
    let (start, end) = ends(waveform);
    [waveform.samples(), &noise(0.05, ((end - start) as f64 * share) as usize, random)].concat()
}

/// Says a stretch that is not a pause again, at another speed.
fn repeated(waveform: &Waveform, seconds: f64, speed: f64, times: usize, random: &mut Random) -> Vec<f32> {
    let length = samples_in(waveform, seconds).min(waveform.len() / 3);
    let samples = waveform.samples();
    let power =
        |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32;
    let mut start = inside(waveform, length, random);
    for _ in 0..20 {
        let is_speech = samples[start..start + length]
            .chunks(length / 6 + 1)
            .all(|part| power(part) > 0.05 * power(samples));
        if is_speech {
            break;
        }
        start = inside(waveform, length, random);
    }
    let again: Vec<f32> = (0..(length as f64 / speed) as usize)
        .map(|n| {
            let place = n as f64 * speed;
            let (below, share) = (start + place as usize, place.fract() as f32);
            samples[below] + (samples[below + 1] - samples[below]) * share
        })
        .collect();
    let mut spoken = samples[..start + length].to_vec();
    for _ in 0..times {
        spoken.extend(&again);
    }
    spoken.extend(&samples[start + length..]);
    spoken
}

fn clipped(waveform: &Waveform, gain: f32) -> Vec<f32> {
    let most = waveform.samples().iter().fold(0.0_f32, |most, sample| most.max(sample.abs()));
    waveform.samples().iter().map(|sample| (sample * gain / most).clamp(-1.0, 1.0)).collect()
}

fn plus(waveform: &Waveform, added: fn(f64) -> f64) -> Vec<f32> {
    let rate = f64::from(waveform.sample_rate());
    let samples = waveform.samples().iter().enumerate();
    samples.map(|(n, &sample)| (f64::from(sample) + added(n as f64 / rate)) as f32).collect()
}

fn noisy(waveform: &Waveform, dbfs: f64, random: &mut Random) -> Vec<f32> {
    let amplitude = 10_f64.powf(dbfs / 20.0) * 3_f64.sqrt();
    let noise = noise(amplitude, waveform.len(), random);
    waveform.samples().iter().zip(noise).map(|(sample, noise)| sample + noise).collect()
}

fn clicking(waveform: &Waveform, amplitude: f32, random: &mut Random) -> Vec<f32> {
    let mut samples = waveform.samples().to_vec();
    for _ in 0..3 {
        let at = inside(waveform, 0, random);
        samples[at] += if samples[at] > 0.0 { -amplitude } else { amplitude };
    }
    samples
}

fn dropping(waveform: &Waveform, seconds: f64, random: &mut Random) -> Vec<f32> {
    let mut samples = waveform.samples().to_vec();
    let length = samples_in(waveform, seconds);
    let at = inside(waveform, length, random);
    samples[at..at + length].fill(0.0);
    samples
}
