//! Throughput of each step on one core: `cargo bench -p mynah-signal`.
//!
//! Throughput is in samples per second; divided by 22,050, it is seconds of audio per second.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mynah_signal::f0::{Pyin, PyinConfig};
use mynah_signal::mel_cepstrum::{MelCepstrum, MelCepstrumConfig};
use mynah_signal::{MelConfig, MelExtractor, Stft, StftConfig, Waveform, loudness, wav};

const SAMPLE_RATE: u32 = 22_050;

fn steps(criterion: &mut Criterion) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/ljspeech-mini/wavs");
    let paths: Vec<PathBuf> = fs::read_dir(directory)
        .expect("the clips are bundled")
        .map(|entry| entry.expect("readable").path())
        .collect();
    let files: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("readable")).collect();
    let decode = || -> Vec<Waveform> {
        files.iter().zip(&paths).map(|(bytes, path)| wav::decode(bytes, path).expect("a wav")).collect()
    };
    let clips = decode();

    let stft = Stft::new(&StftConfig::default()).expect("a good configuration");
    let mel = MelExtractor::new(&MelConfig::default()).expect("a good configuration");
    let pyin = Pyin::new(&PyinConfig::default(), SAMPLE_RATE).expect("a good configuration");
    let cepstrum = MelCepstrum::new(&MelCepstrumConfig {
        n_fft: 1024,
        hop_length: 256,
        order: 24,
        alpha: 0.455,
        floor_db: -60.0,
    })
    .expect("a good configuration");

    let mut group = criterion.benchmark_group("twelve clips");
    group.throughput(Throughput::Elements(clips.iter().map(|clip| clip.len() as u64).sum()));
    group.sample_size(20);
    group.bench_function("decode", |bencher| bencher.iter(decode));
    let mut bench = |name: &str, step: &dyn Fn(&Waveform)| {
        group.bench_function(name, |bencher| bencher.iter(|| clips.iter().for_each(step)));
    };
    bench("magnitude", &|clip| drop(black_box(stft.magnitude(clip.samples()))));
    bench("log-mel", &|clip| drop(black_box(mel.log_mel(clip.samples()))));
    bench("pyin", &|clip| drop(black_box(pyin.track(clip.samples()))));
    bench("mel-cepstrum", &|clip| drop(black_box(cepstrum.analyze(clip.samples()))));
    bench("loudness", &|clip| {
        black_box(loudness::integrated_lufs(clip));
    });
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
