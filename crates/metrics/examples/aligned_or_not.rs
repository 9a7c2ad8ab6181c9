//! Says which metrics of copies take a pair for a copy: `cargo run -p mynah-metrics --example aligned_or_not -- CORPUS WAVS`
//!
//! Copies are recordings of CORPUS, in LJSpeech layout, with noise, coding and filters; other renderings are the files of
//! the same names in WAVS, played faster or slower so that they are as long as the recordings.

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use mynah_metrics::{Clip, Outcome, Pair, envelope_correlation, metric};
use mynah_signal::{Resampler, Waveform, low_pass, wav};

/// A way to copy a signal.
type Recipe = fn(&Waveform) -> Waveform;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [corpus, wavs] = arguments.as_slice() else { return Err("usage: aligned_or_not CORPUS WAVS".into()) };
    let (corpus, wavs) = (Path::new(corpus), Path::new(wavs));
    let copies: [(&str, Recipe); 9] = [
        ("6 bits", |wave| changed(wave, |_, sample| (sample * 32.0).round() / 32.0)),
        ("logarithmic 8 bits", |wave| changed(wave, |_, sample| coded(sample))),
        ("noise at -40 dBFS", |wave| changed(wave, |n, sample| sample + 0.01732 * noise(n))),
        ("noise at -30 dBFS", |wave| changed(wave, |n, sample| sample + 0.05477 * noise(n))),
        ("3.4 kHz", |wave| low_pass(wave, 3400.0).unwrap_or_else(|_| wave.clone())),
        ("8 kHz rate and back", |wave| {
            let there = Resampler::new(wave.sample_rate(), 8000).map(|plan| plan.resample(wave));
            let back = there.and_then(|there| Ok(Resampler::new(8000, wave.sample_rate())?.resample(&there)));
            back.unwrap_or_else(|_| wave.clone())
        }),
        ("5 ms late", |wave| late(wave, 0.005)),
        ("20 ms late", |wave| late(wave, 0.020)),
        ("40 ms late", |wave| late(wave, 0.040)),
    ];
    let mut columns: Vec<(String, Vec<f64>, Vec<f64>)> =
        copies.iter().map(|(name, _)| ((*name).to_owned(), Vec::new(), Vec::new())).collect();
    let mut others = (Vec::new(), Vec::new());
    let mut names = Vec::new();
    for file in fs::read_dir(wavs)? {
        names.push(file?.file_name());
    }
    names.sort();
    for name in names {
        let recording = wav::read(corpus.join("wavs").join(&name))?;
        for ((_, correlations, stois), (_, copy)) in columns.iter_mut().zip(copies) {
            measure(&recording, &copy(&recording), correlations, stois);
        }
        let rendering = wav::read(wavs.join(&name))?;
        measure(&recording, &stretched(&rendering, &recording), &mut others.0, &mut others.1);
    }
    columns.push(("another rendering".to_owned(), others.0, others.1));
    println!(
        "| pair | n | envelope correlation: least | 5 % | median | 95 % | most | median STOI |\n|---|---:|---:|---:|---:|---:|---:|---:|"
    );
    for (name, mut correlations, mut stois) in columns {
        correlations.sort_unstable_by(f64::total_cmp);
        stois.sort_unstable_by(f64::total_cmp);
        let at = |values: &[f64], share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        let shares = [0.0, 0.05, 0.5, 0.95, 1.0].map(|share| format!("{:.3}", at(&correlations, share)));
        println!("| {name} | {} | {} | {:.2} |", correlations.len(), shares.join(" | "), at(&stois, 0.5));
    }
    Ok(())
}

fn measure(recording: &Waveform, system: &Waveform, correlations: &mut Vec<f64>, stois: &mut Vec<f64>) {
    correlations.push(envelope_correlation(recording, system).unwrap_or(f64::NAN));
    let (recording, system) = (Clip::new(recording), Clip::new(system));
    let pair = Pair::new(&recording, &system).assuming_aligned();
    if let Some(Outcome::Value { value, .. }) = metric("stoi").map(|metric| metric.measure(&pair)) {
        stois.push(value);
    }
}

fn changed(waveform: &Waveform, change: fn(usize, f32) -> f32) -> Waveform {
    let samples = waveform.samples().iter().enumerate().map(|(n, &sample)| change(n, sample)).collect();
    Waveform::new(samples, waveform.sample_rate())
}

/// Codes a sample as telephones do, with 8 bits.
fn coded(sample: f32) -> f32 {
    let code = (1.0 + 255.0 * sample.abs()).ln() / 256_f32.ln();
    (256_f32.powf((code * 127.0).round() / 127.0) - 1.0) / 255.0 * sample.signum()
}

/// Returns a number from -1 to 1 that looks random.
fn noise(n: usize) -> f32 {
    let mixed = (n as u64).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed >> 40) as f32 / 8_388_608.0 - 1.0
}

fn late(waveform: &Waveform, seconds: f64) -> Waveform {
    let silence = vec![0.0; (seconds * f64::from(waveform.sample_rate())) as usize];
    Waveform::new([&silence[..], waveform.samples()].concat(), waveform.sample_rate())
}

/// Plays a rendering so that it is as long as the recording.
fn stretched(rendering: &Waveform, recording: &Waveform) -> Waveform {
    let samples = rendering.samples();
    let step = (samples.len() - 1) as f64 / recording.len() as f64;
    let at = |n: usize| {
        let place = n as f64 * step;
        let (below, share) = (place as usize, place.fract() as f32);
        samples[below] + (samples[below + 1] - samples[below]) * share
    };
    Waveform::new((0..recording.len()).map(at).collect(), recording.sample_rate())
}
