//! Comparison of the modules with slow plain versions, with finite differences, and alone with padded in a batch.

use candle_core::{DType, Result, Tensor};
use mynah_ops::Precision;
use mynah_ops::testing::{check_gradients, device, normal};

use super::{NaturalSpeech, posterior_encoder};
use crate::blocks::{Dropout, RelativeAttention, VocabularySizes, sequence_mask};
use crate::builder::Builder;
use crate::config::{
    AudioConfig, DuratorConfig, EncoderConfig, Expansion, HifiGanConfig, MemoryConfig, ModelConfig,
    WaveNetConfig,
};
use crate::parameters::Parameters;

/// Tolerance of the same sums computed in two ways in f64.
const ROUNDING: f64 = 1e-10;

const SIZES: VocabularySizes = VocabularySizes { symbols: 7, sup_phones: 9 };

pub(crate) const AUDIO: AudioConfig = AudioConfig { sample_rate: 22_050, hop_length: 4, n_fft: 16 };

pub(crate) fn small() -> ModelConfig {
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

/// Builds a model with random values for all parameters, including those that start at zero, which could hide errors.
fn parameters() -> Parameters {
    let parameters = Parameters::new(5, DType::F64, &device());
    NaturalSpeech::new(&small(), SIZES, &parameters.builder()).unwrap();
    posterior_encoder(&small(), &AUDIO, &parameters.builder()).unwrap();
    for (index, (_, variable)) in parameters.named().iter().enumerate() {
        let drawn = (normal(index as u64, variable.shape()) * 0.3).unwrap();
        variable.set(&(variable.as_tensor() + drawn).unwrap()).unwrap();
    }
    parameters
}

fn model() -> NaturalSpeech {
    NaturalSpeech::new(&small(), SIZES, &parameters().builder()).unwrap()
}

fn mask(lengths: &[usize], longest: usize) -> Tensor {
    sequence_mask(lengths, longest, DType::F64, &device()).unwrap()
}

fn ids(values: &[u32], rows: usize) -> Tensor {
    Tensor::from_slice(values, (rows, values.len() / rows), &device()).unwrap()
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.shape(), b.shape());
    (a - b).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar().unwrap()
}

#[test]
fn inference_at_full_size_has_the_parameter_count_of_the_paper() {
    let parameters = Parameters::new(0, DType::F32, &device());
    let sizes = VocabularySizes { symbols: 182, sup_phones: 1 };
    NaturalSpeech::new(&ModelConfig::default(), sizes, &parameters.builder()).unwrap();
    // The lengths `weight_g` are folded into the kernels when parameters are counted.
    let count: usize = parameters
        .named()
        .iter()
        .filter(|(name, _)| !name.ends_with("weight_g") && !name.starts_with("encoder.sup_phones"))
        .map(|(_, variable)| variable.elem_count())
        .sum();
    assert!((28_600_000..28_700_000).contains(&count), "{count}");
}

#[test]
fn results_do_not_depend_on_padding() {
    let model = model();
    let posterior = posterior_encoder(&small(), &AUDIO, &parameters().builder()).unwrap();
    let (alone, other) = ([3, 1, 4, 2], [1, 5, 6, 2, 6, 5, 3]);
    let padded: Vec<u32> = alone.iter().chain(&[0; 3]).chain(&other).copied().collect();
    let durations = |values: &[f64], rows: usize| {
        Tensor::from_slice(values, (rows, values.len() / rows), &device()).unwrap()
    };
    let run =
        |symbols: &Tensor, durations: &Tensor, lengths: &[usize], frames: &[usize]| -> Result<Vec<Tensor>> {
            let (n, m) = (symbols.dim(1)?, frames.iter().max().copied().unwrap_or(0));
            let (symbol_mask, frame_mask) = (mask(lengths, n), mask(frames, m));
            let hidden = model.encoder.forward(symbols, symbols, &symbol_mask, &mut Dropout::off())?;
            let log_durations = model.durator.log_durations(&hidden, &symbol_mask, &mut Dropout::off())?;
            let prior = model.durator.prior(&hidden, durations, &symbol_mask, &frame_mask)?;
            let latent = model.flow.to_posterior(&prior.mean, &frame_mask)?;
            let spectrogram = normal(1, (1, 9, 14)).broadcast_as((frames.len(), 9, 14))?.narrow(2, 0, m)?;
            let posterior = posterior.forward(&spectrogram.broadcast_mul(&frame_mask)?, &frame_mask)?;
            Ok(vec![hidden, log_durations.unsqueeze(1)?, prior.log_deviation, latent, posterior.mean])
        };
    let one = run(&ids(&alone, 1), &durations(&[2.0, 1.5, 3.0, 2.5], 1), &[4], &[9]).unwrap();
    let values = [2.0, 1.5, 3.0, 2.5, 0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0];
    let two = run(&ids(&padded, 2), &durations(&values, 2), &[4, 7], &[9, 14]).unwrap();
    for (index, (one, two)) in one.iter().zip(&two).enumerate() {
        let length = one.dim(2).unwrap();
        let same = two.narrow(0, 0, 1).unwrap().narrow(2, 0, length).unwrap();
        assert!(largest_difference(one, &same) < ROUNDING, "output {index}");
        let padding = two.narrow(0, 0, 1).unwrap().narrow(2, length, two.dim(2).unwrap() - length).unwrap();
        assert!(
            largest_difference(&padding, &padding.zeros_like().unwrap()) == 0.0,
            "output {index} in the padding"
        );
    }
}

#[test]
fn the_flow_inverts_itself() {
    let model = model();
    let mask = mask(&[6, 4], 6);
    let z = normal(2, (2, 8, 6)).broadcast_mul(&mask).unwrap();
    let there = model.flow.to_prior(&z, &mask).unwrap();
    assert!(largest_difference(&there, &z) > 0.1);
    assert!(largest_difference(&model.flow.to_posterior(&there, &mask).unwrap(), &z) < ROUNDING);
}

/// Computes the [T][T] attention weights and the values by loops over the queries, keys and values of one head.
#[test]
fn attention_agrees_with_a_loop_version_of_shaw() {
    let parameters = Parameters::new(1, DType::F64, &device());
    let (channels, heads, window, length) = (4, 2, 2, 6);
    let attention = RelativeAttention::new(channels, heads, window, 0.0, &parameters.builder()).unwrap();
    let x = normal(3, (1, channels, length));
    let got = attention.forward(&x, &mask(&[5], length), &mut Dropout::off()).unwrap();
    let got: Vec<Vec<f64>> = got.squeeze(0).unwrap().to_vec2().unwrap();

    let tensors = parameters.tensors();
    let matrix = |name: &str| -> Vec<Vec<f64>> {
        let tensor = &tensors[name];
        if tensor.rank() == 3 {
            tensor.squeeze(2).unwrap().to_vec2().unwrap()
        } else {
            tensor.to_vec2().unwrap()
        }
    };
    let vector = |name: &str| -> Vec<f64> { tensors[name].to_vec1().unwrap() };
    let x: Vec<Vec<f64>> = x.squeeze(0).unwrap().to_vec2().unwrap();
    let linear = |name: &str, x: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let (weight, bias) = (matrix(&format!("{name}.weight")), vector(&format!("{name}.bias")));
        let dot = |row: &[f64], t: usize| row.iter().zip(x).map(|(w, x)| w * x[t]).sum::<f64>();
        weight.iter().zip(bias).map(|(row, b)| (0..length).map(|t| dot(row, t) + b).collect()).collect()
    };
    let (query, key, value) = (linear("query", &x), linear("key", &x), linear("value", &x));
    let (keys, values) = (matrix("relative_keys"), matrix("relative_values"));
    let per_head = channels / heads;
    let mut mixed = vec![vec![0.0; length]; channels];
    for head in 0..heads {
        let channel = |d: usize| head * per_head + d;
        for i in 0..length {
            let near = |j: usize| (i.abs_diff(j) <= window).then(|| j + window - i);
            let score = |j: usize| {
                let dot = |d: usize| {
                    let relative = near(j).map_or(0.0, |row| keys[row][d]);
                    query[channel(d)][i] * (key[channel(d)][j] + relative)
                };
                (0..per_head).map(dot).sum::<f64>() / (per_head as f64).sqrt()
            };
            // The last symbol is padding.
            let exponentials: Vec<f64> = (0..length - 1).map(|j| score(j).exp()).collect();
            let sum: f64 = exponentials.iter().sum();
            for d in 0..per_head {
                for (j, exponential) in exponentials.iter().enumerate() {
                    let relative = near(j).map_or(0.0, |row| values[row][d]);
                    mixed[channel(d)][i] += exponential / sum * (value[channel(d)][j] + relative);
                }
            }
        }
    }
    let expected = linear("output", &mixed);
    for (got, expected) in got.iter().flatten().zip(expected.iter().flatten()) {
        assert!((got - expected).abs() < ROUNDING, "{got} {expected}");
    }
}

#[test]
fn gradients_of_every_module_agree_with_finite_differences() {
    let (model, parameters) = (model(), parameters());
    let symbol_mask = mask(&[4, 3], 4);
    let frame_mask = mask(&[7, 5], 7);
    let symbols = ids(&[3, 1, 4, 2, 5, 6, 2, 0], 2);
    let hidden = normal(1, (2, 8, 4)).broadcast_mul(&symbol_mask).unwrap();
    // Durations with borders away from frames, where rounding is not special.
    let durations = Tensor::new(&[[1.7, 2.2, 1.3, 1.6], [1.4, 1.9, 2.3, 0.0]], &device()).unwrap();
    let z = normal(2, (2, 8, 7)).broadcast_mul(&frame_mask).unwrap();

    check_gradients(&[hidden.clone(), durations], |arguments| {
        let prior = model.durator.prior(&arguments[0], &arguments[1], &symbol_mask, &frame_mask)?;
        Tensor::cat(&[prior.mean, prior.log_deviation], 1)
    })
    .unwrap();
    check_gradients(std::slice::from_ref(&hidden), |arguments| {
        model.durator.log_durations(&arguments[0], &symbol_mask, &mut Dropout::off())
    })
    .unwrap();
    check_gradients(std::slice::from_ref(&z), |arguments| {
        let there = model.flow.to_prior(&arguments[0], &frame_mask)?;
        Tensor::cat(&[there, model.flow.to_posterior(&arguments[0], &frame_mask)?], 1)
    })
    .unwrap();
    let memory = model.memory.as_ref().unwrap();
    check_gradients(std::slice::from_ref(&z), |arguments| memory.forward(&arguments[0])).unwrap();
    check_gradients(&[normal(4, (1, 8, 5))], |arguments| model.decoder.forward(&arguments[0])).unwrap();
    let posterior = posterior_encoder(&small(), &AUDIO, &parameters.builder()).unwrap();
    check_gradients(&[normal(3, (2, 9, 7)).broadcast_mul(&frame_mask).unwrap()], |arguments| {
        let posterior = posterior.forward(&arguments[0], &frame_mask)?;
        Tensor::cat(&[posterior.mean, posterior.log_deviation], 1)
    })
    .unwrap();

    // The arguments of the encoder are indices, so one parameter of each kind is differentiated instead.
    let wanted = [
        "encoder.symbols.weight",
        "encoder.blocks.0.attention.relative_keys",
        "encoder.blocks.1.conv_2.weight",
    ];
    for name in wanted {
        let variable = parameters.named().into_iter().find(|(other, _)| other == name).unwrap().1;
        check_gradients(&[variable.as_tensor().clone()], |arguments| {
            let mut tensors: std::collections::HashMap<String, Tensor> =
                parameters.tensors().into_iter().collect();
            tensors.insert(name.to_owned(), arguments[0].clone());
            let vb = candle_nn::VarBuilder::from_tensors(tensors, DType::F64, &device());
            let vb = Builder::new(vb, Precision::F32);
            let model = NaturalSpeech::new(&small(), SIZES, &vb)?;
            model.encoder.forward(&symbols, &symbols, &symbol_mask, &mut Dropout::off())
        })
        .unwrap();
    }
}

#[test]
fn hard_expansion_repeats_each_state_for_its_frames() {
    let durator = DuratorConfig { expansion: Expansion::Hard, ..DuratorConfig::default() };
    let parameters = Parameters::new(5, DType::F64, &device());
    let config = ModelConfig { durator, ..small() };
    let model = NaturalSpeech::new(&config, SIZES, &parameters.builder()).unwrap();
    assert!(parameters.named().iter().all(|(name, _)| !name.starts_with("durator.upsampling")));
    let (symbol_mask, frame_mask) = (mask(&[4, 3], 4), mask(&[7, 5], 7));
    let hidden = normal(1, (2, 8, 4)).broadcast_mul(&symbol_mask).unwrap();
    // Borders at 1.4, 2.9, 4.4 and 7.1 become 1, 3, 4 and 7: rounding moves frames between neighbors.
    let durations = Tensor::new(&[[1.4, 1.5, 1.5, 2.7], [2.0, 0.2, 2.9, 0.0]], &device()).unwrap();
    let prior = model.durator.prior(&hidden, &durations, &symbol_mask, &frame_mask).unwrap();
    let of_symbols = model.durator.of_states(&hidden, &symbol_mask).unwrap();
    for (item, symbols) in [vec![0, 1, 1, 2, 3, 3, 3], vec![0, 0, 2, 2, 2]].iter().enumerate() {
        for (frame, symbol) in symbols.iter().enumerate() {
            let of_frame = prior.mean.narrow(0, item, 1).unwrap().narrow(2, frame, 1).unwrap();
            let of_symbol = of_symbols.mean.narrow(0, item, 1).unwrap().narrow(2, *symbol, 1).unwrap();
            assert!(largest_difference(&of_frame, &of_symbol) < ROUNDING, "item {item}, frame {frame}");
        }
    }
    let padding = prior.mean.narrow(0, 1, 1).unwrap().narrow(2, 5, 2).unwrap();
    assert!(largest_difference(&padding, &padding.zeros_like().unwrap()) == 0.0);
    check_gradients(&[hidden], |arguments| {
        let prior = model.durator.prior(&arguments[0], &durations, &symbol_mask, &frame_mask)?;
        Tensor::cat(&[prior.mean, prior.log_deviation], 1)
    })
    .unwrap();
    // A single symbol has one border.
    let one = model.durator.prior(
        &normal(1, (1, 8, 1)),
        &Tensor::new(&[[2.0]], &device()).unwrap(),
        &mask(&[1], 1),
        &mask(&[2], 2),
    );
    assert_eq!(one.unwrap().mean.dims(), [1, 8, 2]);
}

#[test]
fn has_a_norm_after_the_upsampling_only_if_configured() {
    let config =
        |norm| ModelConfig { durator: DuratorConfig { norm, ..DuratorConfig::default() }, ..small() };
    let (symbol_mask, frame_mask) = (mask(&[4, 3], 4), mask(&[7, 5], 7));
    let hidden = normal(1, (2, 8, 4)).broadcast_mul(&symbol_mask).unwrap();
    let durations = Tensor::new(&[[1.7, 2.2, 1.3, 1.6], [1.4, 1.9, 2.3, 0.0]], &device()).unwrap();
    let parameters = Parameters::new(5, DType::F64, &device());
    let with = NaturalSpeech::new(&config(true), SIZES, &parameters.builder()).unwrap();
    let without = NaturalSpeech::new(&config(false), SIZES, &parameters.builder()).unwrap();
    let names =
        parameters.named().into_iter().filter(|(name, _)| name.starts_with("durator.upsampling.norm"));
    assert_eq!(names.count(), 2);
    let prior = |model: &NaturalSpeech, hidden: &Tensor| {
        model.durator.prior(hidden, &durations, &symbol_mask, &frame_mask).map(|prior| prior.mean)
    };
    let difference = largest_difference(&prior(&with, &hidden).unwrap(), &prior(&without, &hidden).unwrap());
    assert!(difference > 0.01, "{difference}");
    check_gradients(&[hidden], |arguments| prior(&with, &arguments[0])).unwrap();
}

#[test]
fn accepts_one_symbol_and_one_frame() {
    let model = model();
    let hidden =
        model.encoder.forward(&ids(&[2], 1), &ids(&[8], 1), &mask(&[1], 1), &mut Dropout::off()).unwrap();
    let durations = Tensor::new(&[[0.6]], &device()).unwrap();
    let prior = model.durator.prior(&hidden, &durations, &mask(&[1], 1), &mask(&[1], 1)).unwrap();
    let latent = model.flow.to_posterior(&prior.mean, &mask(&[1], 1)).unwrap();
    let latent = model.memory.unwrap().forward(&latent).unwrap();
    let wave = model.decoder.forward(&latent).unwrap();
    assert_eq!(wave.dims(), [1, 1, 4]);
    assert!(wave.flatten_all().unwrap().to_vec1::<f64>().unwrap().iter().all(|x| x.is_finite()));
}

#[test]
fn models_in_one_process_have_independent_precision() {
    let model = |precision| {
        let parameters = Parameters::new(5, DType::F32, &device()).with_precision(precision);
        let model = NaturalSpeech::new(&small(), SIZES, &parameters.builder()).unwrap();
        let posterior = posterior_encoder(&small(), &AUDIO, &parameters.builder()).unwrap();
        format!("{model:?}{posterior:?}")
    };
    let (exact, short) = (model(Precision::F32), model(Precision::Bf16));
    let count = |text: &str, precision: &str| text.matches(&format!("precision: {precision}")).count();
    assert!(count(&exact, "F32") > 50, "{}", count(&exact, "F32"));
    assert_eq!((count(&exact, "Bf16"), count(&short, "F32")), (0, 0));
    assert_eq!(count(&short, "Bf16"), count(&exact, "F32"));
}
