//! The operations compared with PyTorch, on one and two threads.
//!
//! `cargo bench -p mynah-ops --bench peers -- [--python PYTHON] [PART OF A NAME]…`. Our operations and
//! PyTorch's alternate in one run. Each figure is the minimum of several runs, except that CPU time on two
//! threads is the mean of a turn. CPU time covers all threads of a process; PyTorch's other thread spins for
//! a while, which counts. Convolutions, activations and norms run forward and backward with the gradients of
//! all arguments, the generator forward only.
//!
//! With the feature `cuda`, both sides use the first GPU, and only wall-clock time is meaningful: each run
//! ends when the device has finished. `--script FILE` names `torch_peer.py` if it is not at its build-time
//! path.
//!
//! Both processes keep freed memory. Otherwise, a single operation frees all that it allocated, and most of
//! its time would be glibc returning and reacquiring memory; a training step frees little at once.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal")]

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use candle_core::{DType, Result, Shape, Tensor, Var};
use mynah_ops::testing::device;
use mynah_ops::{
    Conv1dConfig, ConvTranspose1dConfig, Noise, conv_transpose1d, conv1d, gated_activation, layer_norm,
    leaky_relu, soft_dtw, softmax, tanh,
};

/// Duration of each turn.
const REPEATED: Duration = Duration::from_millis(400);
const MIN_RUNS: u32 = 3;
/// Number of turns per side.
const TURNS: usize = 3;
/// Settings of glibc's allocator that keep freed memory for later tensors.
const KEPT_MEMORY: [(&str, &str); 3] = [
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TRIM_THRESHOLD_", "2147483647"),
    ("MALLOC_TOP_PAD_", "67108864"),
];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/torch_peer.py");

type Work = Box<dyn Fn() -> Result<()>>;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let mut option = |name: &str| {
        arguments.iter().position(|a| a == name).map(|at| {
            arguments.remove(at);
            arguments.remove(at)
        })
    };
    let python = option("--python");
    let script = option("--script").unwrap_or_else(|| SCRIPT.to_owned());
    if device().is_cuda() {
        race(python.as_deref(), &script, &arguments);
        return;
    }
    if arguments.first().is_some_and(|a| a == "--memory") {
        println!("{}", growth_of_soft_dtw());
        return;
    }
    if std::env::var_os("RAYON_NUM_THREADS").is_some() {
        // Run on a pool thread: the CPU time of another, read while it runs, would lack its last time slice.
        rayon::scope(|_| race(python.as_deref(), &script, &arguments));
        return;
    }
    // candle and rayon create their threads once, so each thread count gets its own process.
    let this = std::env::current_exe().unwrap();
    for threads in ["1", "2"] {
        let mut again = Command::new(&this);
        again
            .args(&arguments)
            .args(["--script", &script])
            .env("RAYON_NUM_THREADS", threads)
            .env("CANDLE_NUM_THREADS", threads);
        again.envs(KEPT_MEMORY);
        again.args(python.iter().flat_map(|python| ["--python", python]));
        assert!(again.status().unwrap().success());
    }
    if arguments.is_empty() || arguments.iter().any(|part| "soft-dtw".contains(part.as_str())) {
        let megabytes = |command: &mut Command| {
            let output = command.stderr(Stdio::inherit()).output().unwrap();
            String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().unwrap() / 1e6
        };
        let ours = megabytes(Command::new(&this).arg("--memory").env("RAYON_NUM_THREADS", "1"));
        let theirs = python.map(|python| megabytes(run_python(&python).args([script.as_str(), "memory"])));
        let theirs =
            theirs.map(|theirs| format!(", PyTorch's by {theirs:.0} MB (ratio {:.2})", ours / theirs));
        println!("\nsoft-dtw 8x400x400: peak memory grows by {ours:.0} MB{}", theirs.unwrap_or_default());
    }
}

/// Builds a command from several words, such as `uv run`.
fn run_python(python: &str) -> Command {
    let mut words = python.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    command
}

/// CPU time and wall-clock time, in seconds.
#[derive(Clone, Copy)]
struct Times {
    processor: f64,
    wall: f64,
}

impl Times {
    const LONGEST: Self = Self { processor: f64::INFINITY, wall: f64::INFINITY };

    fn shorter(self, other: Self) -> Self {
        Self { processor: self.processor.min(other.processor), wall: self.wall.min(other.wall) }
    }
}

fn race(python: Option<&str>, script: &str, wanted: &[String]) {
    let on_device = device().is_cuda();
    let threads = rayon::current_num_threads();
    let mut peer = python.map(|python| {
        Peer::start(python, script, &if on_device { "cuda".to_owned() } else { threads.to_string() })
    });
    let version = peer.as_ref().map_or("-", |peer| &peer.version);
    let place = match threads {
        _ if on_device => "one GPU".to_owned(),
        1 => "1 thread".to_owned(),
        threads => format!("{threads} threads"),
    };
    println!("\n{place}, PyTorch {version}, CPU and wall-clock time in milliseconds\n");
    println!(
        "| case | ours | PyTorch | ratio | clock | PyTorch | ratio |\n|---|---:|---:|---:|---:|---:|---:|"
    );
    for (name, make) in cases() {
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let work = make();
        let (mut ours, mut theirs) = (Times::LONGEST, Times::LONGEST);
        for _ in 0..TURNS {
            ours = ours.shorter(shortest(&work));
            if let Some(peer) = &mut peer {
                theirs = theirs.shorter(peer.measure(name));
            }
        }
        let column = |ours: f64, theirs: f64| {
            let ms = ours * 1e3;
            if theirs.is_finite() {
                format!("{ms:.2} | {:.2} | {:.2}", theirs * 1e3, ours / theirs)
            } else {
                format!("{ms:.2} | - | -")
            }
        };
        println!(
            "| {name} | {} | {} |",
            column(ours.processor, theirs.processor),
            column(ours.wall, theirs.wall)
        );
    }
}

/// The script that runs the same cases in PyTorch.
struct Peer {
    child: Child,
    names: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    version: String,
}

impl Peer {
    fn start(python: &str, script: &str, place: &str) -> Self {
        let mut command = run_python(python);
        if place != "cuda" {
            command.env("OMP_NUM_THREADS", place);
        }
        let mut child =
            command.args([script, place]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (names, answers) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut peer = Self { child, names, answers, version: String::new() };
        peer.version = peer.line();
        peer
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "torch_peer.py exited");
        line.trim().to_owned()
    }

    fn measure(&mut self, name: &str) -> Times {
        let names = self.names.as_mut().unwrap();
        writeln!(names, "{name}").unwrap();
        names.flush().unwrap();
        let line = self.line();
        let (processor, wall) = line.split_once(' ').unwrap();
        Times { processor: processor.parse().unwrap(), wall: wall.parse().unwrap() }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The script exits at the end of its input.
        self.names = None;
        self.child.wait().unwrap();
    }
}

fn shortest(work: &Work) -> Times {
    let (started, processor_started) = (Instant::now(), processor_seconds());
    let mut shortest = Times::LONGEST;
    let mut runs = 0;
    while runs < MIN_RUNS || started.elapsed() < REPEATED {
        let (wall, processor) = (Instant::now(), processor_seconds());
        work().unwrap();
        device().synchronize().unwrap();
        let wall = wall.elapsed().as_secs_f64();
        shortest = shortest.shorter(Times { processor: processor_seconds() - processor, wall });
        runs += 1;
    }
    if rayon::current_num_threads() > 1 {
        // Another thread's last time slice is only counted when it ends, so a single short run would miss it.
        shortest.processor = (processor_seconds() - processor_started) / f64::from(runs);
    }
    shortest
}

/// Returns the total CPU time of this process's threads.
fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32).as_secs_f64()
}

/// Returns the growth of the process's peak memory, in bytes.
fn growth_of_soft_dtw() -> u64 {
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    };
    let work = warping();
    let before = peak();
    work().unwrap();
    peak() - before
}

fn noise(seed: u64, shape: impl Into<Shape>) -> Tensor {
    Noise::new(seed).normal(shape, DType::F32, &device()).unwrap()
}

fn variable(seed: u64, shape: impl Into<Shape>) -> Var {
    Var::from_tensor(&noise(seed, shape)).unwrap()
}

fn backward(output: &Tensor) -> Result<()> {
    black_box(output.backward()?);
    Ok(())
}

type Case = (&'static str, Box<dyn Fn() -> Work>);

fn cases() -> Vec<Case> {
    let plain = Conv1dConfig { padding: 2, ..Conv1dConfig::default() };
    let grouped = Conv1dConfig { stride: 4, padding: 20, groups: 256, ..Conv1dConfig::default() };
    vec![
        ("conv1d 192-384 k5, 8x192x400", Box::new(move || convolution((8, 192, 400), (384, 192, 5), plain))),
        (
            "conv1d 1024 g256 k41 s4, 1x1024x512",
            Box::new(move || convolution((1, 1024, 512), (1024, 4, 41), grouped)),
        ),
        (
            "conv1d 1024 g256 k41 s4, 4x1024x128",
            Box::new(move || convolution((4, 1024, 128), (1024, 4, 41), grouped)),
        ),
        ("HiFi-GAN, 200 frames, forward", Box::new(generator)),
        ("conv_transpose1d 512-256 k16 s8, 1x512x200", Box::new(upsampling)),
        ("tanh 32x51200", Box::new(|| pointwise((32, 51200), tanh))),
        ("leaky relu 32x51200", Box::new(|| pointwise((32, 51200), |x| leaky_relu(x, 0.1)))),
        ("gated activation 8x384x400", Box::new(|| pointwise((8, 384, 400), gated_activation))),
        ("layer norm 8x192x400", Box::new(norm)),
        ("softmax 8x2x400x400", Box::new(|| pointwise((8, 2, 400, 400), softmax))),
        ("soft-dtw 8x400x400", Box::new(warping)),
    ]
}

fn convolution(x: (usize, usize, usize), w: (usize, usize, usize), config: Conv1dConfig) -> Work {
    let (x, w, b) = (variable(1, x), variable(2, w), variable(3, w.0));
    Box::new(move || backward(&conv1d(&x, &w, Some(&b), &config)?))
}

fn upsampling() -> Work {
    let (x, w) = (variable(1, (1, 512, 200)), variable(2, (512, 256, 16)));
    let config = ConvTranspose1dConfig { stride: 8, padding: 4, ..ConvTranspose1dConfig::default() };
    Box::new(move || backward(&conv_transpose1d(&x, &w, None, &config)?))
}

fn pointwise(shape: impl Into<Shape>, function: impl Fn(&Tensor) -> Result<Tensor> + 'static) -> Work {
    let x = variable(1, shape);
    Box::new(move || backward(&function(&x)?))
}

fn norm() -> Work {
    let (x, weight, bias) = (variable(1, (8, 192, 400)), variable(2, 192), variable(3, 192));
    Box::new(move || backward(&layer_norm(&x, &weight, &bias, 1e-5)?))
}

fn warping() -> Work {
    let x = Var::from_tensor(&noise(1, (8, 400, 400)).abs().unwrap()).unwrap();
    Box::new(move || backward(&soft_dtw(&x, &[400; 8], &[400; 8], 0.01, 0.07)?))
}

/// A weight and a bias.
type Layer = (Tensor, Tensor);

/// Pairs of a dilated and a plain convolution.
type Block = Vec<[Layer; 2]>;

fn layer(shape: (usize, usize, usize), outputs: usize) -> Layer {
    ((noise(1, shape) * 0.01).unwrap(), (noise(2, outputs) * 0.01).unwrap())
}

fn same((weight, bias): &Layer, x: &Tensor, dilation: usize) -> Result<Tensor> {
    let padding = dilation * (weight.dim(2)? - 1) / 2;
    conv1d(x, weight, Some(bias), &Conv1dConfig { padding, dilation, ..Conv1dConfig::default() })
}

/// Returns a pass of the HiFi-GAN V1 generator for 192 channels, as at inference: no weight norm or gradients.
fn generator() -> Work {
    let x = noise(1, (1, 192, 200));
    let (pre, post) = (layer((512, 192, 7), 512), layer((1, 32, 7), 1));
    let stages: Vec<(Layer, usize, Vec<Block>)> = [(512, 8), (256, 8), (128, 2), (64, 2)]
        .into_iter()
        .map(|(channels, factor)| {
            let outputs = channels / 2;
            let up = layer((channels, outputs, 2 * factor), outputs);
            let conv = |k| layer((outputs, outputs, k), outputs);
            let blocks = [3, 7, 11].map(|k| (0..3).map(|_| [conv(k), conv(k)]).collect()).into();
            (up, factor, blocks)
        })
        .collect();
    Box::new(move || {
        let mut x = same(&pre, &x, 1)?;
        for ((weight, bias), factor, blocks) in &stages {
            let config = ConvTranspose1dConfig {
                stride: *factor,
                padding: factor / 2,
                ..ConvTranspose1dConfig::default()
            };
            x = conv_transpose1d(&leaky_relu(&x, 0.1)?, weight, Some(bias), &config)?;
            let mut sum: Option<Tensor> = None;
            for pairs in blocks {
                let mut y = x.clone();
                for ([dilated, plain], dilation) in pairs.iter().zip([1, 3, 5]) {
                    let z = same(dilated, &leaky_relu(&y, 0.1)?, dilation)?;
                    y = (y + same(plain, &leaky_relu(&z, 0.1)?, 1)?)?;
                }
                sum = Some(sum.map_or(Ok(y.clone()), |sum| sum + y)?);
            }
            x = (sum.unwrap() / blocks.len() as f64)?;
        }
        black_box(tanh(&same(&post, &leaky_relu(&x, 0.01)?, 1)?)?);
        Ok(())
    })
}
