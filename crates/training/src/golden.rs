//! Comparison of the losses with an independent implementation in PyTorch (`fixtures/generate/voice_modules.py`).

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use mynah_ops::testing::{GoldenModule, device, fill_parameters, numbers};
use mynah_testkit::{assert_all_close, golden};
use mynah_voice::blocks::{Dropout, VocabularySizes, sequence_mask};
use mynah_voice::naturalspeech::{NaturalSpeech, posterior_encoder};
use mynah_voice::{
    AudioConfig, EncoderConfig, HifiGanConfig, MemoryConfig, ModelConfig, Parameters, WaveNetConfig,
};
use serde::Deserialize;

use crate::discriminator::{DiscriminatorConfig, Discriminators};
use crate::loss::{
    Divergence, Gaussians, Hidden, SoftDtwConfig, aligned_kl, cross_entropy, discriminator_loss,
    feature_loss, frame_kl, generator_loss,
};
use crate::tasks::pretrain::heads::Heads;

/// Tolerance in f64: both sides sum up to a few thousand products near 1, and the file stores 13 digits of numbers of up
/// to a few hundred.
const F64: f64 = 1e-9;
/// Tolerance in f32 relative to the largest number of an output: a few hundred roundings of 6e-8 each.
const F32: f64 = 1e-4;

#[derive(Deserialize)]
struct Golden {
    modules: BTreeMap<String, GoldenModule>,
}

const AUDIO: AudioConfig = AudioConfig { sample_rate: 22_050, hop_length: 4, n_fft: 16 };

fn small() -> ModelConfig {
    ModelConfig {
        hidden: 8,
        encoder: EncoderConfig { blocks: 2, filter: 12, window: 2, ..EncoderConfig::default() },
        posterior: WaveNetConfig { layers: 2, kernel: 3 },
        memory: MemoryConfig { slots: 5, heads: 2 },
        decoder: HifiGanConfig {
            channels: 8,
            upsampling: vec![2, 2],
            kernels: vec![3],
            dilations: vec![1, 3],
        }
        .into(),
        ..ModelConfig::default()
    }
}

/// Parameters, arguments and tolerance of one precision.
struct Bench {
    golden: Golden,
    dtype: DType,
    parameters: Parameters,
    discriminators: Parameters,
    heads: Parameters,
    model: NaturalSpeech,
}

impl Bench {
    fn new(dtype: DType) -> Self {
        let parameters = Parameters::new(0, dtype, &device());
        let sizes = VocabularySizes { symbols: 7, sup_phones: 9 };
        NaturalSpeech::new(&small(), sizes, &parameters.builder()).unwrap();
        posterior_encoder(&small(), &AUDIO, &parameters.builder()).unwrap();
        fill_parameters(&parameters.named());
        let model = NaturalSpeech::new(&small(), sizes, &parameters.builder()).unwrap();
        let discriminators = Parameters::new(0, dtype, &device());
        Discriminators::new(&discriminator_config(), &discriminators.builder()).unwrap();
        fill_parameters(&discriminators.named());
        let heads = Parameters::new(0, dtype, &device());
        Heads::new(small().hidden, sizes.symbols, sizes.sup_phones, &heads.builder().pp("heads")).unwrap();
        fill_parameters(&heads.named());
        Self { golden: golden("voice/modules.json"), dtype, parameters, discriminators, heads, model }
    }

    fn mask(&self, lengths: &[usize], longest: usize) -> Tensor {
        sequence_mask(lengths, longest, self.dtype, &device()).unwrap()
    }

    fn argument(&self, seed: u64, shape: [usize; 3], mask: Option<&Tensor>) -> Var {
        let value = numbers(seed, &shape).to_dtype(self.dtype).unwrap();
        let value = mask.map_or_else(|| value.clone(), |mask| value.broadcast_mul(mask).unwrap());
        Var::from_tensor(&value).unwrap()
    }

    /// Compares outputs and gradients; `kept` are the prefixes of the parameters to compare.
    fn compare(&self, name: &str, outputs: &[Tensor], kept: &[&str], arguments: &[&Var]) {
        let of_parameters = [&self.parameters, &self.discriminators, &self.heads].map(Parameters::named);
        let of_parameters = of_parameters.into_iter().flatten();
        let mut named: Vec<(String, Var)> =
            of_parameters.filter(|(name, _)| kept.iter().any(|prefix| name.starts_with(prefix))).collect();
        named.extend(arguments.iter().enumerate().map(|(i, &var)| (format!("argument {i}"), var.clone())));
        self.golden.modules[name].check(name, outputs, &named, |got, expected, what| {
            self.close(got, expected, what);
        });
    }

    /// Compares absolutely in f64, and relative to the largest number in f32, as rounding is relative.
    fn close(&self, got: &[f64], expected: &[f64], what: &str) {
        let largest = expected.iter().fold(1.0_f64, |largest, value| largest.max(value.abs()));
        let tolerance = if self.dtype == DType::F64 { F64 } else { F32 };
        assert_all_close(got, expected, tolerance * largest, what);
    }
}

fn discriminator_config() -> DiscriminatorConfig {
    DiscriminatorConfig {
        periods: vec![1, 3],
        period_channels: vec![4, 6],
        scale_channels: [4, 4, 8, 8, 8, 8],
    }
}

fn losses_agree(dtype: DType) {
    let bench = Bench::new(dtype);
    let discriminators =
        Discriminators::new(&discriminator_config(), &bench.discriminators.builder()).unwrap();
    let (real, generated) = (bench.argument(3, [2, 1, 50], None), bench.argument(4, [2, 1, 50], None));
    let (of_real, of_generated) =
        (discriminators.forward(&real).unwrap(), discriminators.forward(&generated).unwrap());
    // Folded items are stacked here and side by side in the reference.
    let scores: Vec<Tensor> = of_generated
        .iter()
        .zip([1, 3])
        .map(|(output, period)| {
            let rows = output.score.dim(2).unwrap();
            let score = output.score.reshape((2, period, rows)).unwrap().transpose(1, 2).unwrap();
            score.contiguous().unwrap().reshape((2, rows * period)).unwrap()
        })
        .collect();
    bench.compare("discriminators", &scores, &["period_"], &[&generated]);
    let losses = [
        discriminator_loss(&of_real, &of_generated).unwrap(),
        generator_loss(&of_generated).unwrap(),
        feature_loss(&of_real, &of_generated).unwrap(),
    ];
    bench.compare("adversarial losses", &losses, &["period_"], &[&generated]);

    let mask = bench.mask(&[7, 5], 7);
    let z = bench.argument(1, [2, 8, 7], Some(&mask));
    let [log_s, mean, log_d] = [5, 6, 7].map(|seed| bench.argument(seed, [2, 8, 7], None));
    let other = Gaussians { mean: &mean, log_deviation: &log_d, lengths: &[7, 5] };
    let by_frames = frame_kl(&z, &log_s, &other, &mask).unwrap();
    bench.compare("divergence by frames", &[by_frames], &[], &[&z, &log_s, &mean, &log_d]);
    let [mean, log_d] = [8, 9].map(|seed| bench.argument(seed, [2, 8, 5], None));
    let other = Gaussians { mean: &mean, log_deviation: &log_d, lengths: &[4, 5] };
    let side = Gaussians { mean: &z, log_deviation: &log_s, lengths: &[7, 5] };
    for (divergence, name) in [
        (Divergence::Sampled, "divergence by alignment"),
        (Divergence::Expected, "expected divergence by alignment"),
    ] {
        let config = SoftDtwConfig { gamma: 0.05, warp: 0.1, divergence };
        let aligned = aligned_kl(&side, &other, &[7, 5], &config).unwrap();
        bench.compare(name, &[aligned], &[], &[&z, &log_s, &mean, &log_d]);
    }
}

fn masked_phones_agree(dtype: DType) {
    let bench = Bench::new(dtype);
    let mask = bench.mask(&[4, 3], 4);
    let ids = |values: &[u32]| Tensor::from_slice(values, values.len(), &device()).unwrap();
    let table = |values: [u32; 8]| Tensor::from_slice(&values, (2, 4), &device()).unwrap();
    let (symbols, sup_phones) = (table([3, 1, 4, 2, 5, 6, 2, 0]), table([8, 1, 0, 2, 5, 7, 3, 0]));
    // The first two sup-phonemes of the first item are equal.
    let hidden = Hidden {
        places: ids(&[0, 1, 2, 3, 5]),
        span_of_place: ids(&[0, 0, 1, 1, 2]),
        span_lengths: Tensor::new(&[[2.0], [2.0], [1.0]], &device()).unwrap().to_dtype(dtype).unwrap(),
        symbols: ids(&[4, 1, 4, 1, 0]),
        sup_phones: ids(&[6, 6, 0]),
    };
    let encoder = &bench.model.encoder;
    let states = encoder.forward(&symbols, &sup_phones, &mask, &mut Dropout::off()).unwrap();
    let heads = Heads::new(8, 7, 9, &bench.heads.builder().pp("heads")).unwrap();
    let (of_symbols, of_spans) = hidden.states(&states).unwrap();
    let (symbol_table, sup_phone_table) = encoder.tables();
    let mean = |scores: &Tensor, targets: &Tensor| {
        let count = targets.dim(0).unwrap() as f64;
        (cross_entropy(scores, targets).unwrap() / count).unwrap()
    };
    let losses = [
        mean(&heads.symbols.forward(&of_symbols, symbol_table).unwrap(), &hidden.symbols),
        mean(&heads.sup_phones.forward(&of_spans, sup_phone_table).unwrap(), &hidden.sup_phones),
    ];
    bench.compare("masked phones", &losses, &["encoder.", "heads."], &[]);
}

#[test]
fn masked_phones_agree_with_an_independent_implementation() {
    masked_phones_agree(DType::F64);
}

#[test]
fn masked_phones_in_single_precision_agree_with_an_independent_implementation() {
    masked_phones_agree(DType::F32);
}

#[test]
fn losses_agree_with_an_independent_implementation() {
    losses_agree(DType::F64);
}

#[test]
fn losses_in_single_precision_agree_with_an_independent_implementation() {
    losses_agree(DType::F32);
}
