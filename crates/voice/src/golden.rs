//! Comparison of the modules with an independent implementation in PyTorch (`fixtures/generate/voice_modules.py`).

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use mynah_ops::testing::{GoldenModule, device, fill_parameters, numbers};
use mynah_testkit::{assert_all_close, golden};
use serde::Deserialize;

use crate::blocks::{Dropout, Istft, VocabularySizes, sequence_mask};
use crate::config::IstftConfig;
use crate::naturalspeech::tests::{AUDIO, small};
use crate::naturalspeech::{NaturalSpeech, posterior_encoder};
use crate::parameters::Parameters;

/// Tolerance in f64: both sides sum up to a few thousand products near 1, and the file stores 13 digits of numbers of up
/// to a few hundred.
const F64: f64 = 1e-9;
/// Tolerance in f32 relative to the largest number of an output: a few hundred roundings of 6e-8 each.
const F32: f64 = 1e-4;

#[derive(Deserialize)]
struct Golden {
    modules: BTreeMap<String, GoldenModule>,
}

/// Parameters, arguments and tolerance of one precision.
struct Bench {
    golden: Golden,
    dtype: DType,
    parameters: Parameters,
    istft: Parameters,
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
        let istft = Parameters::new(0, dtype, &device());
        Istft::new(&istft_config(), small().hidden, &istft.builder().pp("istft")).unwrap();
        fill_parameters(&istft.named());
        Self { golden: golden("voice/modules.json"), dtype, parameters, istft, model }
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
        let of_parameters = [&self.parameters, &self.istft].map(Parameters::named).into_iter().flatten();
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

fn istft_config() -> IstftConfig {
    IstftConfig { n_fft: 16, hop_length: 4, channels: 6, filter: 10, kernel: 5, blocks: 2 }
}

fn modules_agree(dtype: DType) {
    let bench = Bench::new(dtype);
    let model = &bench.model;
    let (symbol_mask, frame_mask) = (bench.mask(&[4, 3], 4), bench.mask(&[7, 5], 7));
    let ids = |values: [u32; 8]| Tensor::from_slice(&values, (2, 4), &device()).unwrap();
    let (symbols, sup_phones) = (ids([3, 1, 4, 2, 5, 6, 2, 0]), ids([8, 1, 0, 2, 5, 7, 3, 0]));
    let encoded = model.encoder.forward(&symbols, &sup_phones, &symbol_mask, &mut Dropout::off()).unwrap();
    bench.compare("encoder", &[encoded], &["encoder."], &[]);

    let hidden = bench.argument(0, [2, 8, 4], Some(&symbol_mask));
    let predicted = model.durator.log_durations(&hidden, &symbol_mask, &mut Dropout::off()).unwrap();
    bench.compare("predictor", &[predicted], &["durator.predictor."], &[&hidden]);
    let durations = [[1.7, 2.2, 1.3, 1.6], [1.4, 1.9, 2.3, 0.0]];
    let durations = Tensor::new(&durations, &device()).unwrap().to_dtype(dtype).unwrap();
    let durations = Var::from_tensor(&durations).unwrap();
    let prior = model.durator.prior(&hidden, &durations, &symbol_mask, &frame_mask).unwrap();
    let kept = ["durator.upsampling.", "durator.mean.", "durator.log_deviation."];
    bench.compare("prior", &[prior.mean, prior.log_deviation], &kept, &[&hidden, &durations]);

    let z = bench.argument(1, [2, 8, 7], Some(&frame_mask));
    let there = model.flow.to_prior(&z, &frame_mask).unwrap();
    bench.compare("flow to the prior", &[there], &["flow."], &[&z]);
    let back = model.flow.to_posterior(&z, &frame_mask).unwrap();
    bench.compare("flow to the posterior", &[back], &["flow."], &[&z]);

    let spectrogram = bench.argument(2, [2, 9, 7], Some(&frame_mask));
    let encoder = posterior_encoder(&small(), &AUDIO, &bench.parameters.builder()).unwrap();
    let posterior = encoder.forward(&spectrogram, &frame_mask).unwrap();
    bench.compare("posterior", &[posterior.mean, posterior.log_deviation], &["posterior."], &[&spectrogram]);
    let attended = model.memory.as_ref().unwrap().forward(&z).unwrap();
    bench.compare("memory", &[attended], &["memory."], &[&z]);
    bench.compare("decoder", &[model.decoder.forward(&z).unwrap()], &["decoder."], &[&z]);
    let istft = Istft::new(&istft_config(), small().hidden, &bench.istft.builder().pp("istft")).unwrap();
    bench.compare("istft decoder", &[istft.forward(&z).unwrap()], &["istft."], &[&z]);
}

#[test]
fn modules_agree_with_an_independent_implementation() {
    modules_agree(DType::F64);
}

#[test]
fn modules_in_single_precision_agree_with_an_independent_implementation() {
    modules_agree(DType::F32);
}
