//! Throughput of all metrics together on one core: `cargo bench -p mynah-metrics`.
//!
//! It is given in samples of the reference; divide by 22,050 for seconds of audio.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mynah_metrics::{all, score_item};
use mynah_signal::{Waveform, wav};

/// Repeats every ninth sample, so that the alignment is not trivial.
fn longer(clip: &Waveform) -> Waveform {
    let samples = clip.samples().chunks(9).flat_map(|nine| nine.iter().chain(nine.last()).copied());
    Waveform::new(samples.collect(), clip.sample_rate())
}

fn scores(criterion: &mut Criterion) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/ljspeech-mini/wavs");
    let pairs: Vec<(Waveform, Waveform)> = fs::read_dir(directory)
        .expect("the clips are bundled")
        .map(|entry| wav::read(entry.expect("readable").path()).expect("a wav"))
        .map(|clip| {
            let longer = longer(&clip);
            (clip, longer)
        })
        .collect();

    let mut group = criterion.benchmark_group("twelve pairs");
    group.throughput(Throughput::Elements(pairs.iter().map(|(clip, _)| clip.len() as u64).sum()));
    group.sample_size(10);
    group.bench_function("all metrics", |bencher| {
        bencher.iter(|| {
            for (reference, system) in &pairs {
                black_box(score_item("longer", None, "clip", reference, Ok(system), all()));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, scores);
criterion_main!(benches);
