//! Sizes of a checkpoint, from the shapes of its parameters and from its `config.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::Tensor;
use mynah_text::VITS_SYMBOLS;
use serde_json::Value;

use super::CheckpointFormat;
use crate::Error;
use crate::config::{AudioConfig, EncoderConfig, FlowConfig, HifiGanConfig, MemoryConfig, WaveNetConfig};
use crate::vits::{DurationsConfig, PriorConfig, VitsConfig};

/// Settings of both repositories, unless `config.json` says otherwise.
const SAMPLE_RATE: u32 = 22_050;
const N_FFT: usize = 1024;
const DILATIONS: [usize; 3] = [1, 3, 5];
const MEMORY_HEADS: usize = 2;

/// Text cleaner whose output matches [`mynah_text::vits_text`].
const CLEANER: &str = "english_cleaners2";

/// Prefixes of the modules of multi-speaker voices in the repositories.
const SPEAKERS: [&str; 4] = ["emb_g.", "dp.cond.", "dec.cond.", "flow.flows.0.enc.cond_layer."];

/// Settings of a voice.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) format: CheckpointFormat,
    pub(super) audio: AudioConfig,
    pub(super) model: VitsConfig,
}

/// Reads `config.json`; null without a path.
pub(super) fn read_config(path: Option<&Path>) -> Result<Value, Error> {
    let Some(path) = path else { return Ok(Value::Null) };
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    let config: Value = serde_json::from_str(&text).map_err(Error::file(path))?;
    if config.is_object() {
        Ok(config)
    } else {
        Err(Error::File { path: path.to_owned(), why: "it is not a JSON object".to_owned() })
    }
}

/// Derives the settings of a checkpoint.
///
/// Sizes come from the parameters. The configuration provides the rest: sample rate, transform, blanks, dilations, heads of
/// the memory.
///
/// # Errors
///
/// Returns the reason for [`Error::Import`]: the property of the checkpoint that is not supported.
pub(super) fn settings(
    tensors: &BTreeMap<String, Tensor>,
    config: &Value,
    format: Option<CheckpointFormat>,
) -> Result<Settings, String> {
    let shapes = Shapes(tensors);
    let format = recognise(&shapes, format)?;
    if let Some(name) = tensors.keys().find(|name| SPEAKERS.iter().any(|start| name.starts_with(start))) {
        return Err(format!("it has multiple speakers (it contains `{name}`), and only one is supported"));
    }
    let data = &config["data"];
    check_config(data, config)?;
    let [symbols, hidden] = shapes.of("enc_p.emb.weight")?;
    if symbols != VITS_SYMBOLS.chars().count() {
        return Err(format!(
            "it has {symbols} symbols, and only the {} characters of official VITS are supported: the output of its English \
             cleaner with espeak",
            VITS_SYMBOLS.chars().count()
        ));
    }
    let decoder = decoder(&shapes, &config["model"], &config["models"]["decoder"])?;
    let hop_length = decoder.upsampling.iter().product();
    if let Some(hop) = number(data, "hop_length")?
        && hop != hop_length
    {
        return Err(format!(
            "its decoder produces {hop_length} samples per frame, but `hop_length` of its configuration is {hop}"
        ));
    }
    let audio = AudioConfig {
        sample_rate: number(data, "sampling_rate")?.map_or(SAMPLE_RATE, |rate| rate as u32),
        hop_length,
        n_fft: number(data, "filter_length")?.unwrap_or(N_FFT),
    };
    let blanks = match &data["add_blank"] {
        Value::Null => true,
        Value::Bool(blanks) => *blanks,
        other => return Err(format!("`data.add_blank` of its configuration is {other}")),
    };
    let memory = if shapes.has("memory_bank.memory_bank") {
        let [_, slots] = shapes.of("memory_bank.memory_bank")?;
        let heads = number(&config["models"]["memory_bank"], "n_attn_heads")?.unwrap_or(MEMORY_HEADS);
        Some(MemoryConfig { slots, heads })
    } else {
        None
    };
    let [_, _, flow_kernel] = shapes.of("flow.flows.0.enc.in_layers.0.weight")?;
    let model = VitsConfig {
        symbols,
        blanks,
        hidden,
        encoder: encoder(&shapes, hidden)?,
        durations: durations(&shapes)?,
        prior: match format {
            CheckpointFormat::Vits => PriorConfig::Expansion,
            CheckpointFormat::Heatz => upsampling(&shapes)?,
        },
        flow: FlowConfig {
            couplings: count(|i| shapes.has(&format!("flow.flows.{}.pre.weight", 2 * i))),
            wavenet: WaveNetConfig {
                layers: count(|i| shapes.has(&format!("flow.flows.0.enc.in_layers.{i}.weight"))),
                kernel: flow_kernel,
            },
        },
        memory,
        decoder,
    };
    Ok(Settings { format, audio, model })
}

fn recognise(shapes: &Shapes<'_>, format: Option<CheckpointFormat>) -> Result<CheckpointFormat, String> {
    if !shapes.has("enc_p.emb.weight") {
        let names: Vec<&str> = shapes.0.keys().take(3).map(String::as_str).collect();
        return Err(if names.iter().any(|name| name.starts_with("discriminators.")) {
            "it is the discriminator, and the voice is in the generator checkpoint, `G_*.pth`".to_owned()
        } else {
            format!("it is not a VITS generator: it has no `enc_p.emb.weight`, but {names:?} …")
        });
    }
    let found =
        if shapes.has("enc_p.proj.weight") { CheckpointFormat::Vits } else { CheckpointFormat::Heatz };
    match format {
        Some(format) if format != found => {
            Err(format!("it has the format {}, not {}", found.word(), format.word()))
        }
        _ => Ok(found),
    }
}

/// Rejects configurations of voices that would speak gibberish in this library.
fn check_config(data: &Value, config: &Value) -> Result<(), String> {
    if number(data, "n_speakers")?.is_some_and(|speakers| speakers > 1) {
        return Err(format!("it has {} speakers, and only one is supported", data["n_speakers"]));
    }
    if let Some(cleaners) = data["text_cleaners"].as_array()
        && cleaners.iter().all(|cleaner| cleaner != CLEANER)
    {
        return Err(format!(
            "its text cleaners are {}, and only `{CLEANER}` is supported",
            data["text_cleaners"]
        ));
    }
    if let Some(symbols) = config["symbols"].as_array() {
        let known = VITS_SYMBOLS.chars().map(String::from);
        if !symbols.iter().map(|symbol| symbol.as_str().unwrap_or_default().to_owned()).eq(known) {
            return Err("the symbols in its configuration differ from those of official VITS".to_owned());
        }
    }
    match number(&config["models"]["flow"], "dilation_rate")? {
        Some(rate) if rate != 1 => Err(format!("its flow has dilations of {rate}, and only 1 is supported")),
        _ => Ok(()),
    }
}

fn encoder(shapes: &Shapes<'_>, hidden: usize) -> Result<EncoderConfig, String> {
    let [filter, _, kernel] = shapes.of("enc_p.encoder.ffn_layers.0.conv_1.weight")?;
    let [_, reach, per_head] = shapes.of("enc_p.encoder.attn_layers.0.emb_rel_k")?;
    Ok(EncoderConfig {
        blocks: count(|i| shapes.has(&format!("enc_p.encoder.attn_layers.{i}.conv_q.weight"))),
        heads: hidden.checked_div(per_head).unwrap_or(0),
        filter,
        kernel,
        window: reach.saturating_sub(1) / 2,
        dropout: 0.0,
    })
}

fn durations(shapes: &Shapes<'_>) -> Result<DurationsConfig, String> {
    if !shapes.has("dp.pre.weight") {
        let [filter, _, kernel] = shapes.of("dp.conv_1.weight")?;
        return Ok(DurationsConfig::Deterministic { filter, kernel });
    }
    let [_, _, kernel] = shapes.of("dp.convs.convs_sep.0.weight")?;
    let [parameters, _, _] = shapes.of("dp.flows.3.proj.weight")?;
    Ok(DurationsConfig::Stochastic {
        couplings: count(|i| shapes.has(&format!("dp.flows.{}.pre.weight", 2 * i + 1))).saturating_sub(1),
        layers: count(|i| shapes.has(&format!("dp.convs.convs_sep.{i}.weight"))),
        kernel,
        bins: (parameters + 1) / 3,
    })
}

fn upsampling(shapes: &Shapes<'_>) -> Result<PriorConfig, String> {
    let at = "learnable_upsampling";
    let [features, _, kernel] = shapes.of(&format!("{at}.conv_w.conv_layer.0.conv.weight"))?;
    let [queries, _] = shapes.of(&format!("{at}.swish_w.layer.4.linear.weight"))?;
    let [contexts, _] = shapes.of(&format!("{at}.swish_c.layer.4.linear.weight"))?;
    Ok(PriorConfig::Upsampling { features, kernel, queries, contexts })
}

fn decoder(shapes: &Shapes<'_>, vits: &Value, heatz: &Value) -> Result<HifiGanConfig, String> {
    let key = |name: &str| if vits[name].is_null() { &heatz[name] } else { &vits[name] };
    let [channels, _, _] = shapes.of("dec.conv_pre.weight")?;
    if shapes.has("dec.resblocks.0.convs.0.weight")
        || key("resblock").as_str().is_some_and(|kind| kind != "1")
    {
        return Err("its decoder has residual blocks of kind 2, and only kind 1 is supported".to_owned());
    }
    let stages = count(|i| shapes.has(&format!("dec.ups.{i}.weight")));
    let mut upsampling = Vec::with_capacity(stages);
    for stage in 0..stages {
        let [_, _, kernel] = shapes.of(&format!("dec.ups.{stage}.weight"))?;
        upsampling.push(kernel / 2);
    }
    let rates = numbers(key("upsample_rates"), "upsample_rates")?;
    if rates.as_ref().is_some_and(|rates| *rates != upsampling) || upsampling.contains(&0) {
        return Err(format!(
            "its decoder upsamples by {rates:?} with kernels of twice {upsampling:?}, and only kernels of twice the factor \
             are supported"
        ));
    }
    let per_stage = count(|i| shapes.has(&format!("dec.resblocks.{i}.convs1.0.weight"))) / stages.max(1);
    let mut kernels = Vec::with_capacity(per_stage);
    for block in 0..per_stage {
        let [_, _, kernel] = shapes.of(&format!("dec.resblocks.{block}.convs1.0.weight"))?;
        kernels.push(kernel);
    }
    let depth = count(|i| shapes.has(&format!("dec.resblocks.0.convs1.{i}.weight")));
    let dilations = match key("resblock_dilation_sizes").as_array() {
        None => DILATIONS.get(..depth).map(<[usize]>::to_vec),
        Some(blocks) => {
            let blocks: Vec<_> = blocks
                .iter()
                .map(|block| numbers(block, "resblock_dilation_sizes"))
                .collect::<Result<_, _>>()?;
            let first = blocks.first().cloned().flatten();
            first.filter(|first| {
                first.len() == depth && blocks.iter().all(|block| block.as_ref() == Some(first))
            })
        }
    };
    let dilations = dilations.ok_or_else(|| {
        format!("its decoder does not have the same {depth} known dilations for every kernel; `config.json` can name them")
    })?;
    Ok(HifiGanConfig { channels, upsampling, kernels, dilations })
}

/// Counts the indices 0, 1, 2, … up to the first that does not exist, and at most a thousand.
fn count(there: impl Fn(usize) -> bool) -> usize {
    const MOST: usize = 1000;
    (0..MOST).take_while(|index| there(*index)).count()
}

/// Shapes of the parameters of a checkpoint; a weight in two parts has the shape of its direction.
struct Shapes<'a>(&'a BTreeMap<String, Tensor>);

impl Shapes<'_> {
    fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.0.get(name).or_else(|| self.0.get(&format!("{name}_v")))
    }

    fn has(&self, name: &str) -> bool {
        self.tensor(name).is_some()
    }

    fn of<const N: usize>(&self, name: &str) -> Result<[usize; N], String> {
        let tensor = self.tensor(name).ok_or_else(|| format!("it has no `{name}`"))?;
        tensor.dims().try_into().map_err(|_| format!("its `{name}` has the shape {:?}", tensor.dims()))
    }
}

/// Reads a whole number of the configuration, if it is present.
fn number(table: &Value, key: &str) -> Result<Option<usize>, String> {
    match &table[key] {
        Value::Null => Ok(None),
        value => match value.as_u64().filter(|number| *number <= u32::MAX.into()) {
            Some(number) => Ok(Some(number as usize)),
            None => Err(format!("`{key}` of its configuration is {value}")),
        },
    }
}

/// Reads whole numbers of the configuration, if they are present.
fn numbers(value: &Value, key: &str) -> Result<Option<Vec<usize>>, String> {
    let Some(values) = value.as_array() else { return Ok(None) };
    let one = |value: &Value| value.as_u64().map(|number| number as usize);
    let all: Option<Vec<usize>> = values.iter().map(one).collect();
    all.map(Some).ok_or_else(|| format!("`{key}` of its configuration is {value}"))
}
