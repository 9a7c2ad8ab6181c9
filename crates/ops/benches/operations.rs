//! Timings of the operations at the model's shapes, on one and two threads, next to candle's own where it has
//! one.
//!
//! `cargo bench -p mynah-ops [-- PART OF A NAME]`. Each figure is the minimum of several runs: CPU time on
//! one thread (less sensitive to other work on the machine), wall-clock time on two. A multiplication and an
//! addition count as two operations. candle's backward passes of convolutions are timed although their weight
//! gradients are wrong.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal")]
#![expect(clippy::disallowed_methods, reason = "candle's own operations are timed for comparison")]

use std::hint::black_box;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Result, Tensor, Var};
use mynah_ops::{
    AdamW, AdamWConfig, BorderPerceptron, Conv1dConfig, ConvTranspose1dConfig, Noise, StftMagnitude,
    border_perceptron, conv_transpose1d, conv1d, gated_activation, layer_norm, leaky_relu,
    monotonic_alignment, row_products, soft_dtw, softmax, weight_norm,
};

/// Duration for which each figure is repeated.
const REPEATED: Duration = Duration::from_millis(600);
const MIN_RUNS: usize = 3;

type Work = Box<dyn Fn() -> Result<()>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if std::env::var_os("RAYON_NUM_THREADS").is_some() {
        // Run on a pool thread, so that a single thread does all the work: the CPU time of another, read
        // while it runs, would lack its last time slice.
        rayon::scope(|_| race(&arguments));
        return;
    }
    // candle and rayon create their threads once, so each thread count gets its own process.
    for threads in ["1", "2"] {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(&arguments).env("RAYON_NUM_THREADS", threads).env("CANDLE_NUM_THREADS", threads);
        assert!(again.status().unwrap().success());
    }
}

fn race(wanted: &[String]) {
    let threads = rayon::current_num_threads();
    let title = format!("{threads} thread{}", if threads == 1 { "" } else { "s" });
    println!("{title:<44} {:>9} {:>8} {:>9} {:>6}", "ms", "GFLOP/s", "candle ms", "ratio");
    for case in cases() {
        let name = &case.name;
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let contest = (case.make)();
        let own = shortest(&contest.own);
        let flops = contest.flops / own.as_secs_f64() / 1e9;
        let rate = if contest.flops > 0.0 { format!("{flops:.1}") } else { String::new() };
        let (peer, ratio) = match &contest.peer {
            Some(peer) => {
                let peer = shortest(peer).as_secs_f64();
                (format!("{:.2}", peer * 1e3), format!("{:.2}", peer / own.as_secs_f64()))
            }
            None => (String::new(), String::new()),
        };
        println!("{name:<44} {:>9.3} {rate:>8} {peer:>9} {ratio:>6}", own.as_secs_f64() * 1e3);
    }
}

fn shortest(work: &Work) -> Duration {
    let started = Instant::now();
    let mut shortest = Duration::MAX;
    let mut runs = 0;
    while runs < MIN_RUNS || started.elapsed() < REPEATED {
        let (wall, processor) = (Instant::now(), processor_time());
        work().unwrap();
        let wall = wall.elapsed();
        let one = rayon::current_num_threads() == 1;
        shortest = shortest.min(if one { processor_time().saturating_sub(processor) } else { wall });
        runs += 1;
    }
    shortest
}

/// Returns the total CPU time of this process's threads.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A benchmark, whose tensors are created on demand.
struct Case {
    name: String,
    make: Box<dyn Fn() -> Contest>,
}

struct Contest {
    /// Floating-point operations; zero if not counted.
    flops: f64,
    own: Work,
    peer: Option<Work>,
}

fn case(name: String, make: impl Fn() -> Contest + 'static) -> Case {
    Case { name, make: Box::new(make) }
}

fn noise(seed: u64, shape: impl Into<candle_core::Shape>) -> Tensor {
    Noise::new(seed).normal(shape, DType::F32, &Device::Cpu).unwrap()
}

fn variable(seed: u64, shape: impl Into<candle_core::Shape>) -> Var {
    Var::from_tensor(&noise(seed, shape)).unwrap()
}

/// Runs the forward pass, then, if `backward`, the backward pass from a gradient of ones.
fn pass(output: &Tensor, backward: bool) -> Result<()> {
    if backward {
        black_box(output.backward()?);
    } else {
        black_box(output);
    }
    Ok(())
}

fn cases() -> Vec<Case> {
    let mut cases = vec![case("candle's matmul 384x960x3200".to_owned(), || {
        let (a, b) = (noise(1, (384, 960)), noise(2, (960, 3200)));
        Contest {
            flops: 2.0 * 384.0 * 960.0 * 3200.0,
            own: Box::new(move || pass(&a.matmul(&b)?, false)),
            peer: None,
        }
    })];
    for (name, x, w, stride, padding, dilation) in [
        ("conv 192-384 k5 L400 B8", (8, 192, 400), (384, 192, 5), 1, 2, 1),
        ("conv 192-192 k1 L400 B8", (8, 192, 400), (192, 192, 1), 1, 0, 1),
        ("conv 32-32 k11 L51200 B1", (1, 32, 51200), (32, 32, 11), 1, 5, 1),
        ("conv 64-64 k3 L8192 B4", (4, 64, 8192), (64, 64, 3), 1, 1, 1),
        ("conv 256-256 k11 d5 L1600 B1", (1, 256, 1600), (256, 256, 11), 1, 25, 5),
        ("conv 1024-1024 k41 s4 g256 L512 B1", (1, 1024, 512), (1024, 4, 41), 4, 20, 1),
        ("conv 64-256 k41 s4 g16 L2048 B4", (4, 64, 2048), (256, 4, 41), 4, 20, 1),
        ("conv 1024-1024 k5 L9 B44", (44, 1024, 9), (1024, 1024, 5), 1, 2, 1),
        ("conv 128-512 k5 s3 L82 B44", (44, 128, 82), (512, 128, 5), 3, 2, 1),
        ("conv 1-32 k5 s3 L745 B44", (44, 1, 745), (32, 1, 5), 3, 2, 1),
        ("conv 1-16 k15 L8192 B4", (4, 1, 8192), (16, 1, 15), 1, 7, 1),
        ("conv 1024-1 k3 L128 B4", (4, 1024, 128), (1, 1024, 3), 1, 1, 1),
        ("conv 32-1 k7 L8192 B4", (4, 32, 8192), (1, 32, 7), 1, 3, 1),
        ("conv 192-192 k3 g192 L400 B8", (8, 192, 400), (192, 1, 3), 1, 1, 1),
    ] {
        let groups = x.1 / w.1;
        let config = Conv1dConfig { stride, padding, dilation, groups, ..Conv1dConfig::default() };
        for gradients in [Gradients::None, Gradients::Data, Gradients::Filter, Gradients::Both] {
            cases.push(case(format!("{name}{}", gradients.name()), move || {
                convolution(x, w, config, gradients)
            }));
        }
    }
    for (name, x, w, stride) in [
        ("transposed 512-256 k16 s8 L200 B1", (1, 512, 200), (512, 256, 16), 8),
        ("transposed 64-32 k4 s2 L4096 B4", (4, 64, 4096), (64, 32, 4), 2),
    ] {
        for gradients in [Gradients::None, Gradients::Data, Gradients::Filter, Gradients::Both] {
            cases.push(case(format!("{name}{}", gradients.name()), move || {
                transposed(x, w, stride, gradients)
            }));
        }
    }
    for backward in [false, true] {
        let with = |name: &str| format!("{name}{}", if backward { " fwd+bwd" } else { "" });
        cases.push(case(with("vocoder, 2 stages"), move || vocoder(backward)));
        cases.push(case(with("gated activation 8x384x400"), move || gate(backward)));
        cases.push(case(with("leaky relu 32x51200"), move || rectifier(backward)));
        cases.push(case(with("layer norm 8x192x400"), move || norm(backward)));
        cases.push(case(with("softmax 8x2x400x400"), move || attention(backward)));
        cases.push(case(with("weight norm 512x512x5"), move || direction(backward)));
        cases.push(case(with("stft 1024/256 16x8192"), move || spectrum(backward)));
        cases.push(case(with("soft-dtw 8x400x400"), move || warping(backward)));
        cases.push(case(with("border perceptron 4x500x80, 10 to 4"), move || borders(backward)));
        cases.push(case(with("row products 2000x4x80"), move || rows(backward)));
    }
    cases.push(case("monotonic alignment 32x150x800".to_owned(), alignment));
    cases.push(case("adamw 1e6 parameters".to_owned(), optimizer));
    cases.push(case("normal noise 1e6".to_owned(), generator));
    cases
}

/// Gradients to compute after the forward pass.
#[derive(Clone, Copy, PartialEq)]
enum Gradients {
    None,
    Data,
    Filter,
    Both,
}

impl Gradients {
    fn name(self) -> &'static str {
        match self {
            Gradients::None => "",
            Gradients::Data => " fwd+data",
            Gradients::Filter => " fwd+filter",
            Gradients::Both => " fwd+bwd",
        }
    }

    /// Returns the total work relative to the forward pass.
    fn passes(self) -> f64 {
        match self {
            Gradients::None => 1.0,
            Gradients::Data | Gradients::Filter => 2.0,
            Gradients::Both => 3.0,
        }
    }

    /// Returns the input and the weight, detached where no gradient is wanted.
    fn arguments(self, x: (usize, usize, usize), w: (usize, usize, usize)) -> (Tensor, Tensor) {
        let (x, w) = (variable(1, x), variable(2, w));
        let x = if self == Gradients::Filter { x.detach() } else { x.into_inner() };
        let w = if self == Gradients::Data { w.detach() } else { w.into_inner() };
        (x, w)
    }
}

fn convolution(
    x: (usize, usize, usize),
    w: (usize, usize, usize),
    config: Conv1dConfig,
    gradients: Gradients,
) -> Contest {
    let (x, w) = gradients.arguments(x, w);
    let outputs = conv1d(&x, &w, None, &config).unwrap().elem_count();
    let backward = gradients != Gradients::None;
    let own = (x.clone(), w.clone());
    Contest {
        flops: gradients.passes() * (2 * outputs * w.elem_count() / w.dims()[0]) as f64,
        own: Box::new(move || pass(&conv1d(&own.0, &own.1, None, &config)?, backward)),
        // candle computes both gradients or neither.
        peer: matches!(gradients, Gradients::None | Gradients::Both).then(|| -> Work {
            let Conv1dConfig { stride, padding, dilation, groups, .. } = config;
            Box::new(move || pass(&x.conv1d(&w, padding, stride, dilation, groups)?, backward))
        }),
    }
}

fn transposed(
    x: (usize, usize, usize),
    w: (usize, usize, usize),
    stride: usize,
    gradients: Gradients,
) -> Contest {
    let padding = (w.2 - stride) / 2;
    let config = ConvTranspose1dConfig { stride, padding, ..ConvTranspose1dConfig::default() };
    let flops = gradients.passes() * (2 * x.0 * x.2 * w.0 * w.1 * w.2) as f64;
    let backward = gradients != Gradients::None;
    let (x, w) = gradients.arguments(x, w);
    let own = (x.clone(), w.clone());
    Contest {
        flops,
        own: Box::new(move || pass(&conv_transpose1d(&own.0, &own.1, None, &config)?, backward)),
        // candle has no gradient for it.
        peer: (!backward).then(|| -> Work {
            Box::new(move || pass(&x.conv_transpose1d(&w, padding, 0, stride, 1, 1)?, false))
        }),
    }
}

/// Returns the benchmark of a HiFi-GAN-like generator with two of its four stages, on segments of 32 frames.
fn vocoder(backward: bool) -> Contest {
    const STAGES: [(usize, usize); 2] = [(128, 64), (64, 32)];
    let x = variable(1, (4, 192, 32));
    let pre = variable(2, (128, 192, 7));
    let post = variable(3, (1, 32, 7));
    let ups: Vec<Var> = STAGES.iter().map(|&(i, o)| variable(4, (i, o, 16))).collect();
    // [stage][kernel][convolution]
    let blocks: Vec<Vec<Vec<Var>>> = STAGES
        .iter()
        .map(|&(_, c)| [3, 7, 11].iter().map(|&k| (0..6).map(|i| variable(i, (c, c, k))).collect()).collect())
        .collect();
    let mut flops = 2.0 * 4.0 * 32.0 * f64::from(128 * 192 * 7);
    let mut length = 32;
    for (channels, outputs) in STAGES {
        flops += (2 * 4 * length * channels * outputs * 16) as f64;
        length *= 8;
        flops += (2 * 4 * length * outputs * outputs * 6 * (3 + 7 + 11)) as f64;
    }
    flops += (2 * 4 * length * 32 * 7) as f64;

    let own = (x.clone(), pre.clone(), post.clone(), ups.clone(), blocks.clone());
    Contest {
        flops: if backward { 3.0 * flops } else { flops },
        own: Box::new(move || {
            let (x, pre, post, ups, blocks) = &own;
            let same = |k: usize, dilation: usize| Conv1dConfig {
                padding: dilation * (k - 1) / 2,
                dilation,
                ..Conv1dConfig::default()
            };
            let up = ConvTranspose1dConfig { stride: 8, padding: 4, ..ConvTranspose1dConfig::default() };
            let mut x = conv1d(x, pre, None, &same(7, 1))?;
            for (weight, block) in ups.iter().zip(blocks) {
                x = conv_transpose1d(&leaky_relu(&x, 0.1)?, weight, None, &up)?;
                let mut sum = None;
                for weights in block {
                    let mut y = x.clone();
                    for (pair, dilation) in weights.chunks(2).zip([1, 3, 5]) {
                        let k = pair[0].dim(2)?;
                        let z = conv1d(&leaky_relu(&y, 0.1)?, &pair[0], None, &same(k, dilation))?;
                        y = (conv1d(&leaky_relu(&z, 0.1)?, &pair[1], None, &same(k, 1))? + y)?;
                    }
                    sum = Some(sum.map_or(Ok(y.clone()), |sum: Tensor| sum + &y)?);
                }
                x = (sum.unwrap() / 3.0)?;
            }
            pass(&conv1d(&leaky_relu(&x, 0.01)?, post, None, &same(7, 1))?.tanh()?, backward)
        }),
        peer: (!backward).then(|| -> Work {
            let leaky = |x: &Tensor, slope: f64| x.maximum(&(x * slope)?);
            Box::new(move || {
                let mut x = x.conv1d(&pre, 3, 1, 1, 1)?;
                for (weight, block) in ups.iter().zip(&blocks) {
                    x = leaky(&x, 0.1)?.conv_transpose1d(weight, 4, 0, 8, 1, 1)?;
                    let mut sum = None;
                    for weights in block {
                        let mut y = x.clone();
                        for (pair, dilation) in weights.chunks(2).zip([1, 3, 5]) {
                            let k = pair[0].dim(2)?;
                            let z =
                                leaky(&y, 0.1)?.conv1d(&pair[0], dilation * (k - 1) / 2, 1, dilation, 1)?;
                            y = (leaky(&z, 0.1)?.conv1d(&pair[1], (k - 1) / 2, 1, 1, 1)? + y)?;
                        }
                        sum = Some(sum.map_or(Ok(y.clone()), |sum: Tensor| sum + &y)?);
                    }
                    x = (sum.unwrap() / 3.0)?;
                }
                pass(&leaky(&x, 0.01)?.conv1d(&post, 3, 1, 1, 1)?.tanh()?, false)
            })
        }),
    }
}

/// Creates a contest without a count of operations.
fn plain(own: impl Fn() -> Result<()> + 'static, peer: impl Fn() -> Result<()> + 'static) -> Contest {
    Contest { flops: 0.0, own: Box::new(own), peer: Some(Box::new(peer)) }
}

fn gate(backward: bool) -> Contest {
    let x = variable(1, (8, 384, 400));
    let x2 = x.clone();
    plain(
        move || pass(&gated_activation(&x)?, backward),
        move || {
            let (signal, gate) = (x2.narrow(1, 0, 192)?, x2.narrow(1, 192, 192)?);
            let sigmoid = (gate.neg()?.exp()? + 1.0)?.recip()?;
            pass(&(signal.tanh()? * sigmoid)?, backward)
        },
    )
}

fn rectifier(backward: bool) -> Contest {
    let x = variable(1, (32, 51200));
    let x2 = x.clone();
    plain(
        move || pass(&leaky_relu(&x, 0.1)?, backward),
        move || pass(&x2.maximum(&(x2.as_tensor() * 0.1)?)?, backward),
    )
}

fn norm(backward: bool) -> Contest {
    let (x, w, b) = (variable(1, (8, 192, 400)), variable(2, 192), variable(3, 192));
    let (x2, w2, b2) = (x.clone(), w.clone(), b.clone());
    plain(
        move || pass(&layer_norm(&x, &w, &b, 1e-5)?, backward),
        move || {
            let x = x2.transpose(1, 2)?.contiguous()?;
            let centred = x.broadcast_sub(&x.mean_keepdim(2)?)?;
            let deviation = (centred.sqr()?.mean_keepdim(2)? + 1e-5)?.sqrt()?;
            let y = centred.broadcast_div(&deviation)?.broadcast_mul(&w2)?.broadcast_add(&b2)?;
            pass(&y.transpose(1, 2)?.contiguous()?, backward)
        },
    )
}

fn attention(backward: bool) -> Contest {
    let x = variable(1, (8, 2, 400, 400));
    let x2 = x.clone();
    plain(
        move || pass(&softmax(&x)?, backward),
        move || {
            let e = x2.broadcast_sub(&x2.max_keepdim(3)?)?.exp()?;
            pass(&e.broadcast_div(&e.sum_keepdim(3)?)?, backward)
        },
    )
}

fn direction(backward: bool) -> Contest {
    let (v, g) = (variable(1, (512, 512, 5)), variable(2, (512, 1, 1)));
    let (v2, g2) = (v.clone(), g.clone());
    plain(
        move || pass(&weight_norm(&v, &g)?, backward),
        move || {
            let norm = v2.flatten_from(1)?.sqr()?.sum_keepdim(1)?.sqrt()?.reshape((512, 1, 1))?;
            pass(&v2.broadcast_mul(&(g2.as_tensor() / norm)?)?, backward)
        },
    )
}

fn spectrum(backward: bool) -> Contest {
    let x = variable(1, (16, 8192 + 768));
    let stft = StftMagnitude::new(1024, 256, &[1.0; 1024], 1e-6, &Device::Cpu, DType::F32).unwrap();
    let passes = if backward { 2.0 } else { 1.0 };
    Contest {
        flops: passes * 2.0 * f64::from(16 * 32 * 1024 * 1026),
        own: Box::new(move || pass(&stft.forward(&x)?, backward)),
        peer: None,
    }
}

fn borders(backward: bool) -> Contest {
    const SHAPES: [&[usize]; 6] = [&[4, 10, 80], &[4, 80], &[4, 80], &[2, 10], &[10, 4], &[4]];
    let make = || -> Vec<Var> { (1..).zip(SHAPES).map(|(seed, shape)| variable(seed, shape)).collect() };
    let (v, v2) = (make(), make());
    plain(
        move || {
            let parameters = BorderPerceptron { borders: &v[3], output: &v[4], bias: &v[5] };
            pass(&border_perceptron(&v[0], &v[1], &v[2], &parameters, 500)?, backward)
        },
        move || {
            let frames =
                Tensor::arange(1_u32, 501, &Device::Cpu)?.to_dtype(DType::F32)?.reshape((1, 500, 1))?;
            let since_start = frames.broadcast_sub(&v2[1].unsqueeze(1)?)?.unsqueeze(3)?;
            let until_end = v2[2].unsqueeze(1)?.broadcast_sub(&frames)?.unsqueeze(3)?;
            let weight = |row: usize| v2[3].get(row)?.reshape((1, 1, 1, 10));
            let distances =
                (since_start.broadcast_mul(&weight(0)?)? + until_end.broadcast_mul(&weight(1)?)?)?;
            let inner = distances.broadcast_add(&v2[0].transpose(1, 2)?.unsqueeze(1)?)?.silu()?;
            let y = inner.reshape((4 * 500 * 80, 10))?.matmul(&v2[4])?.broadcast_add(&v2[5])?;
            pass(&y.reshape((4, 500, 80, 4))?.transpose(2, 3)?.contiguous()?, backward)
        },
    )
}

fn rows(backward: bool) -> Contest {
    let (a, b) = (variable(1, (2000, 4, 80)), variable(2, (2000, 2, 80)));
    let (a2, b2) = (a.clone(), b.clone());
    plain(
        move || pass(&row_products(&a, &b)?, backward),
        move || pass(&a2.matmul(&b2.transpose(1, 2)?.contiguous()?)?, backward),
    )
}

fn warping(backward: bool) -> Contest {
    let x = Var::from_tensor(&noise(1, (8, 400, 400)).abs().unwrap()).unwrap();
    Contest {
        flops: 0.0,
        own: Box::new(move || pass(&soft_dtw(&x, &[400; 8], &[400; 8], 0.01, 0.07)?, backward)),
        peer: None,
    }
}

fn alignment() -> Contest {
    let score = noise(1, (32, 150, 800));
    Contest {
        flops: 0.0,
        own: Box::new(move || {
            black_box(monotonic_alignment(&score, &[150; 32], &[800; 32])?);
            Ok(())
        }),
        peer: None,
    }
}

fn optimizer() -> Contest {
    let x = variable(1, (1000, 1000));
    let gradients = x.backward().unwrap();
    let optimizer = Mutex::new(AdamW::new(vec![("x".to_owned(), x)], AdamWConfig::default()).unwrap());
    Contest { flops: 0.0, own: Box::new(move || optimizer.lock().unwrap().step(&gradients)), peer: None }
}

fn generator() -> Contest {
    plain(
        || {
            black_box(Noise::new(1).normal(1_000_000, DType::F32, &Device::Cpu)?);
            Ok(())
        },
        || {
            black_box(Tensor::randn(0.0_f32, 1.0, 1_000_000, &Device::Cpu)?);
            Ok(())
        },
    )
}
