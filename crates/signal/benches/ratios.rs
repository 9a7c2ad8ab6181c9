//! Seconds of audio that each step processes per second of processor time, compared with the transforms of
//! `realfft` alone.
//!
//! Run as `cargo bench -p mynah-signal --bench ratios [-- PART OF A NAME]`; it uses the bundled clips. Each
//! figure is processor time of the fastest of several rounds. The rounds interleave the steps, so that other
//! load on the machine affects all of them alike. Finally, a whole day of audio is decoded and turned into
//! log-mel spectrograms on all processors, in wall-clock time.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "terminal program")]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mynah_fourier::{Real, RealToComplex};
use mynah_signal::f0::{Pyin, PyinConfig};
use mynah_signal::mel_cepstrum::{MelCepstrum, MelCepstrumConfig};
use mynah_signal::{MelConfig, MelExtractor, Resampler, Stft, StftConfig, Waveform, loudness, wav};

const N_FFT: usize = 1024;
const HOP: usize = 256;
/// Number of rounds per step.
const ROUNDS: usize = 12;
const DAY_SECONDS: f64 = 86_400.0;

struct Step<'a> {
    name: &'a str,
    work: Box<dyn Fn() + 'a>,
    /// Seconds of audio processed in one round.
    seconds: f64,
    shortest: Duration,
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/ljspeech-mini/wavs");
    let files: Vec<(PathBuf, Vec<u8>)> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    let decode = || files.iter().map(|(path, bytes)| wav::decode(bytes, path).unwrap()).collect::<Vec<_>>();
    let clips = decode();
    let seconds: f64 = clips.iter().map(Waveform::seconds).sum();
    let as_if_at = |rate: u32| -> Vec<Waveform> {
        clips.iter().map(|clip| Waveform::new(clip.samples().to_vec(), rate)).collect()
    };

    let stft = Stft::new(&StftConfig::default()).unwrap();
    let mel = MelExtractor::new(&MelConfig::default()).unwrap();
    let pyin = Pyin::new(&PyinConfig::default(), 22_050).unwrap();
    let cepstrum = MelCepstrum::new(&MelCepstrumConfig {
        n_fft: N_FFT,
        hop_length: HOP,
        order: 24,
        alpha: 0.455,
        floor_db: -60.0,
    })
    .unwrap();
    let single = f32::forward(N_FFT);
    let double = f64::forward(N_FFT);
    let high = as_if_at(48_000);
    let down = Resampler::new(48_000, 22_050).unwrap();

    let mut steps: Vec<Step> = Vec::new();
    let mut add = |name, seconds, work: Box<dyn Fn()>| {
        if wanted.is_empty() || wanted.iter().any(|part| str::contains(name, part.as_str())) {
            steps.push(Step { name, work, seconds, shortest: Duration::MAX });
        }
    };
    add("realfft alone, f32", seconds, Box::new(|| each(&clips, &|clip| transform(&*single, clip, |x| x))));
    add(
        "realfft alone, f64",
        seconds,
        Box::new(|| each(&clips, &|clip| transform(&*double, clip, f64::from))),
    );
    add(
        "magnitudes",
        seconds,
        Box::new(|| each(&clips, &|clip| drop(black_box(stft.magnitude(clip.samples()))))),
    );
    add("log-mel", seconds, Box::new(|| each(&clips, &|clip| drop(black_box(mel.log_mel(clip.samples()))))));
    add("decode", seconds, Box::new(|| drop(black_box(decode()))));
    add("pyin", seconds, Box::new(|| each(&clips, &|clip| drop(black_box(pyin.track(clip.samples()))))));
    add(
        "loudness",
        seconds,
        Box::new(|| {
            each(&clips, &|clip| {
                black_box(loudness::integrated_lufs(clip));
            });
        }),
    );
    add(
        "true peak",
        seconds,
        Box::new(|| {
            each(&clips, &|clip| {
                black_box(loudness::true_peak_dbtp(clip));
            });
        }),
    );
    add(
        "mel-cepstrum",
        seconds,
        Box::new(|| each(&clips, &|clip| drop(black_box(cepstrum.analyze(clip.samples()))))),
    );
    add(
        "resample 48 kHz to 22.05 kHz",
        high.iter().map(Waveform::seconds).sum(),
        Box::new(|| each(&high, &|clip| drop(black_box(down.resample(clip))))),
    );

    for _ in 0..ROUNDS {
        for step in &mut steps {
            let begin = processor_time();
            (step.work)();
            step.shortest = step.shortest.min(processor_time().saturating_sub(begin));
        }
    }
    let rate = |step: &Step| step.seconds / step.shortest.as_secs_f64();
    let alone = steps.iter().find(|step| step.name == "realfft alone, f32").map(rate);
    println!("{:<32} {:>16} {:>16}", "", "audio-s / CPU-s", "/ realfft f32");
    for step in &steps {
        let ratio = alone.map_or(String::new(), |alone| format!("{:.2}", rate(step) / alone));
        println!("{:<32} {:>16.0} {ratio:>16}", step.name, rate(step));
    }
    if wanted.is_empty() {
        println!("{}", process_a_day(&files, &mel, seconds));
    }
}

fn each(clips: &[Waveform], step: &dyn Fn(&Waveform)) {
    clips.iter().for_each(step);
}

/// Transforms as many frames as a spectrogram has, and does nothing else.
fn transform<T: Real>(plan: &dyn RealToComplex<T>, clip: &Waveform, convert: impl Fn(f32) -> T) {
    let mut frame = plan.make_input_vec();
    let mut spectrum = plan.make_output_vec();
    let mut scratch = plan.make_scratch_vec();
    let source: Vec<T> = clip.samples()[..N_FFT].iter().map(|&x| convert(x)).collect();
    for _ in 0..clip.len() / HOP {
        frame.copy_from_slice(&source);
        plan.process_with_scratch(&mut frame, &mut spectrum, &mut scratch).unwrap();
        black_box(&spectrum);
    }
}

/// Decodes a day of audio from memory and turns it into log-mel spectrograms on all processors.
fn process_a_day(files: &[(PathBuf, Vec<u8>)], mel: &MelExtractor, seconds: f64) -> String {
    let n_clips = (DAY_SECONDS / seconds * files.len() as f64).ceil() as usize;
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let (begin, processor) = (Instant::now(), processor_time());
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= n_clips {
                        break;
                    }
                    let (path, bytes) = &files[index % files.len()];
                    black_box(mel.log_mel(wav::decode(bytes, path).unwrap().samples()));
                }
            });
        }
    });
    let wall = begin.elapsed().as_secs_f64();
    let busy = processor_time().saturating_sub(processor).as_secs_f64();
    format!(
        "24 hours of in-memory WAVs to log-mel on {n_threads} threads: {busy:.2} s processor time, {wall:.2} s wall time"
    )
}

/// Returns the total running time of all threads of this process.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
