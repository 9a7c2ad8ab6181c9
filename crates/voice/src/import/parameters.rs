//! Renaming of the parameters of other programs to ours, with an account of every one.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Result, Tensor};
use mynah_ops::weight_norm;

use super::settings::Settings;
use crate::parameters::{DIRECTION, LENGTH};
use crate::vits::{DurationsConfig, PriorConfig, VitsConfig};

/// Epsilon of `BatchNorm1d`.
const BATCH_NORM_EPSILON: f64 = 1e-5;

/// Prefixes of the parameters that only training needs.
const TRAINING_ONLY: [&str; 4] = ["enc_q.", "dp.post_", "dp.flows.1.", "discriminators."];

/// Result of renaming the parameters of a checkpoint.
#[derive(Debug)]
pub(super) struct Renamed {
    /// Parameters under our names.
    pub(super) tensors: BTreeMap<String, Tensor>,
    /// Names of their parameters that inference does not need.
    pub(super) unneeded: Vec<String>,
    /// Names of their unknown parameters.
    pub(super) unknown: Vec<String>,
    /// Names of their missing parameters.
    pub(super) missing: Vec<String>,
    /// Names of their parameters with the wrong shape.
    pub(super) reshaped: Vec<String>,
}

/// Renames the parameters of a checkpoint.
pub(super) fn rename(theirs: BTreeMap<String, Tensor>, settings: &Settings) -> Result<Renamed> {
    let mut parts = Parts { theirs, ours: BTreeMap::new(), missing: Vec::new(), reshaped: Vec::new() };
    let model = &settings.model;
    encoder(&mut parts, model)?;
    durations(&mut parts, model)?;
    prior(&mut parts, model)?;
    flow(&mut parts, model)?;
    memory(&mut parts, model)?;
    decoder(&mut parts, model)?;
    let only_training = |name: &String| {
        TRAINING_ONLY.iter().any(|start| name.starts_with(start)) || name.ends_with(".num_batches_tracked")
    };
    let (unneeded, unknown) = parts.theirs.into_keys().partition(only_training);
    Ok(Renamed { tensors: parts.ours, unneeded, unknown, missing: parts.missing, reshaped: parts.reshaped })
}

fn encoder(parts: &mut Parts, model: &VitsConfig) -> Result<()> {
    let (hidden, config) = (model.hidden, &model.encoder);
    parts.plain("enc_p.emb.weight", "encoder.symbols.weight", &[model.symbols, hidden]);
    // The embedding of a character has no sup-phoneme part.
    parts.put("encoder.sup_phones.weight", Tensor::zeros((1, hidden), DType::F32, &Device::Cpu)?);
    for block in 0..config.blocks {
        let (from, to) = ("enc_p.encoder", format!("encoder.blocks.{block}"));
        for (theirs, ours) in [("q", "query"), ("k", "key"), ("v", "value"), ("o", "output")] {
            let from = format!("{from}.attn_layers.{block}.conv_{theirs}");
            parts.conv(&from, &format!("{to}.attention.{ours}"), [hidden, hidden, 1], true)?;
        }
        let (reach, per_head) = (2 * config.window + 1, hidden / config.heads);
        for (theirs, ours) in [("emb_rel_k", "relative_keys"), ("emb_rel_v", "relative_values")] {
            let from = format!("{from}.attn_layers.{block}.{theirs}");
            if let Some(table) = parts.take(&from, &[1, reach, per_head]) {
                parts.put(&format!("{to}.attention.{ours}"), table.squeeze(0)?);
            }
        }
        for norm in [1, 2] {
            parts.norm(
                &format!("{from}.norm_layers_{norm}.{block}"),
                &format!("{to}.norm_{norm}"),
                ["gamma", "beta"],
                hidden,
            );
        }
        let from = format!("{from}.ffn_layers.{block}");
        let (filter, kernel) = (config.filter, config.kernel);
        parts.conv(&format!("{from}.conv_1"), &format!("{to}.conv_1"), [filter, hidden, kernel], true)?;
        parts.conv(&format!("{from}.conv_2"), &format!("{to}.conv_2"), [hidden, filter, kernel], true)?;
    }
    Ok(())
}

fn durations(parts: &mut Parts, model: &VitsConfig) -> Result<()> {
    let hidden = model.hidden;
    match model.durations {
        DurationsConfig::Deterministic { filter, kernel } => {
            for (layer, inputs) in [hidden, filter].into_iter().enumerate() {
                let (from, to) = (layer + 1, format!("durations.layers.{layer}"));
                parts.conv(
                    &format!("dp.conv_{from}"),
                    &format!("{to}.conv"),
                    [filter, inputs, kernel],
                    true,
                )?;
                parts.norm(&format!("dp.norm_{from}"), &format!("{to}.norm"), ["gamma", "beta"], filter);
            }
            parts.conv("dp.proj", "durations.output", [1, filter, 1], true)
        }
        DurationsConfig::Stochastic { couplings, layers, kernel, bins } => {
            parts.conv("dp.pre", "durations.input", [hidden, hidden, 1], true)?;
            parts.conv("dp.proj", "durations.output", [hidden, hidden, 1], true)?;
            separable(parts, "dp.convs", "durations.network", (hidden, layers, kernel))?;
            parts.plain("dp.flows.0.m", "durations.mean", &[2, 1]);
            parts.plain("dp.flows.0.logs", "durations.log_deviation", &[2, 1]);
            for index in 0..couplings {
                // Inference runs backwards, and every second layer of theirs only swaps the channels.
                let from = format!("dp.flows.{}", 2 * (couplings - index) + 1);
                let to = format!("durations.couplings.{index}");
                parts.conv(&format!("{from}.pre"), &format!("{to}.input"), [hidden, 1, 1], true)?;
                separable(
                    parts,
                    &format!("{from}.convs"),
                    &format!("{to}.network"),
                    (hidden, layers, kernel),
                )?;
                parts.conv(
                    &format!("{from}.proj"),
                    &format!("{to}.output"),
                    [3 * bins - 1, hidden, 1],
                    true,
                )?;
            }
            Ok(())
        }
    }
}

fn separable(
    parts: &mut Parts,
    from: &str,
    to: &str,
    (channels, layers, kernel): (usize, usize, usize),
) -> Result<()> {
    for layer in 0..layers {
        let to = format!("{to}.layers.{layer}");
        parts.conv(
            &format!("{from}.convs_sep.{layer}"),
            &format!("{to}.depthwise"),
            [channels, 1, kernel],
            true,
        )?;
        parts.conv(
            &format!("{from}.convs_1x1.{layer}"),
            &format!("{to}.pointwise"),
            [channels, channels, 1],
            true,
        )?;
        for norm in [1, 2] {
            let from = format!("{from}.norms_{norm}.{layer}");
            parts.norm(&from, &format!("{to}.norm_{norm}"), ["gamma", "beta"], channels);
        }
    }
    Ok(())
}

fn prior(parts: &mut Parts, model: &VitsConfig) -> Result<()> {
    let hidden = model.hidden;
    let PriorConfig::Upsampling { features, kernel, queries, contexts } = model.prior else {
        return parts.conv("enc_p.proj", "projection", [2 * hidden, hidden, 1], true);
    };
    let (theirs, ours) = ("learnable_upsampling", "upsampling");
    for (side, name, outputs) in [("w", "weights", queries), ("c", "contexts", contexts)] {
        let (from, to) = (format!("{theirs}.conv_{side}"), format!("{ours}.{name}"));
        parts.batch_normed(&from, &format!("{to}.conv"), [features, hidden, kernel])?;
        parts.norm(&format!("{from}.layer_norm"), &format!("{to}.norm"), ["weight", "bias"], features);
        let from = format!("{theirs}.swish_{side}.layer");
        if let Some(weight) = parts.take(&format!("{from}.0.linear.weight"), &[outputs, features + 2]) {
            // S and E, followed by the features.
            let borders = weight.narrow(1, 0, 2)?.t()?.contiguous()?;
            parts.put(&format!("{to}.of_borders.weight"), borders);
            let of_features = weight.narrow(1, 2, features)?.contiguous()?.unsqueeze(2)?;
            parts.put(&format!("{to}.of_features.weight"), of_features);
        }
        parts.plain(&format!("{from}.0.linear.bias"), &format!("{to}.of_features.bias"), &[outputs]);
        for (layer, name) in [(2, "inner"), (4, "output")] {
            let from = format!("{from}.{layer}.linear");
            parts.transposed(
                &format!("{from}.weight"),
                &format!("{to}.{name}.weight"),
                [outputs, outputs],
            )?;
            parts.plain(&format!("{from}.bias"), &format!("{to}.{name}.bias"), &[outputs]);
        }
    }
    let linear = |name: &str| format!("{theirs}.{name}.linear");
    parts.linear(&linear("linear_w"), &format!("{ours}.project_hidden"), [hidden, queries * hidden], true)?;
    parts.linear(
        &linear("linear_einsum"),
        &format!("{ours}.project_context"),
        [hidden, queries * contexts],
        false,
    )?;
    parts.norm(&format!("{theirs}.layer_norm"), &format!("{ours}.norm"), ["weight", "bias"], hidden);
    parts.linear(&linear("proj_o"), "projection", [2 * hidden, hidden], false)
}

fn flow(parts: &mut Parts, model: &VitsConfig) -> Result<()> {
    let (hidden, wavenet) = (model.hidden, &model.flow.wavenet);
    for coupling in 0..model.flow.couplings {
        // Every second layer of theirs only swaps the channels.
        let (from, to) = (format!("flow.flows.{}", 2 * coupling), format!("flow.couplings.{coupling}"));
        parts.conv(&format!("{from}.pre"), &format!("{to}.input"), [hidden, hidden / 2, 1], true)?;
        for layer in 0..wavenet.layers {
            let (from, to) = (format!("{from}.enc"), format!("{to}.wavenet.layers.{layer}"));
            parts.normed(
                &format!("{from}.in_layers.{layer}"),
                &format!("{to}.gated"),
                [2 * hidden, hidden, wavenet.kernel],
                2 * hidden,
            )?;
            let outputs = if layer + 1 < wavenet.layers { 2 * hidden } else { hidden };
            let from = format!("{from}.res_skip_layers.{layer}");
            parts.normed(&from, &format!("{to}.output"), [outputs, hidden, 1], outputs)?;
        }
        parts.conv(&format!("{from}.post"), &format!("{to}.output"), [hidden / 2, hidden, 1], true)?;
    }
    Ok(())
}

fn memory(parts: &mut Parts, model: &VitsConfig) -> Result<()> {
    let (Some(config), hidden) = (&model.memory, model.hidden) else { return Ok(()) };
    parts.transposed("memory_bank.memory_bank", "memory.bank", [hidden, config.slots])?;
    for (theirs, ours) in [("q", "query"), ("k", "key"), ("v", "value"), ("o", "output")] {
        let from = format!("memory_bank.encoder.conv_{theirs}");
        if let Some(weight) = parts.weight(&from, &[hidden, hidden, 1])? {
            parts.put(&format!("memory.{ours}.weight"), weight.squeeze(2)?.t()?.contiguous()?);
        }
        parts.plain(&format!("{from}.bias"), &format!("memory.{ours}.bias"), &[hidden]);
    }
    Ok(())
}

fn decoder(parts: &mut Parts, model: &VitsConfig) -> Result<()> {
    let config = &model.decoder;
    let mut channels = config.channels;
    parts.conv("dec.conv_pre", "decoder.input", [channels, model.hidden, 7], true)?;
    let mut from = 0;
    for (stage, factor) in config.upsampling.iter().enumerate() {
        let to = format!("decoder.stages.{stage}");
        let shape = [channels, channels / 2, 2 * factor];
        channels /= 2;
        parts.normed(&format!("dec.ups.{stage}"), &format!("{to}.up"), shape, channels)?;
        for (block, kernel) in config.kernels.iter().enumerate() {
            for pair in 0..config.dilations.len() {
                let to = format!("{to}.blocks.{block}.pairs.{pair}");
                for (theirs, ours) in [("convs1", "dilated"), ("convs2", "plain")] {
                    let from = format!("dec.resblocks.{from}.{theirs}.{pair}");
                    parts.normed(&from, &format!("{to}.{ours}"), [channels, channels, *kernel], channels)?;
                }
            }
            from += 1;
        }
    }
    parts.conv("dec.conv_post", "decoder.output", [1, channels, 7], false)
}

/// Parameters in the course of renaming.
struct Parts {
    theirs: BTreeMap<String, Tensor>,
    ours: BTreeMap<String, Tensor>,
    missing: Vec<String>,
    reshaped: Vec<String>,
}

impl Parts {
    /// Takes one of their parameters, or records it as missing or as having the wrong shape.
    fn take(&mut self, name: &str, shape: &[usize]) -> Option<Tensor> {
        match self.theirs.remove(name) {
            None => self.missing.push(name.to_owned()),
            Some(tensor) if tensor.dims() != shape => self.reshaped.push(name.to_owned()),
            Some(tensor) => return Some(tensor),
        }
        None
    }

    fn put(&mut self, name: &str, tensor: Tensor) {
        self.ours.insert(name.to_owned(), tensor);
    }

    fn plain(&mut self, from: &str, to: &str, shape: &[usize]) {
        if let Some(tensor) = self.take(from, shape) {
            self.put(to, tensor);
        }
    }

    fn transposed(&mut self, from: &str, to: &str, shape: [usize; 2]) -> Result<()> {
        if let Some(tensor) = self.take(from, &shape) {
            self.put(to, tensor.t()?.contiguous()?);
        }
        Ok(())
    }

    fn norm(&mut self, from: &str, to: &str, [gain, shift]: [&str; 2], channels: usize) {
        self.plain(&format!("{from}.{gain}"), &format!("{to}.weight"), &[channels]);
        self.plain(&format!("{from}.{shift}"), &format!("{to}.bias"), &[channels]);
    }

    /// Takes a weight, folding weight normalization.
    fn weight(&mut self, from: &str, shape: &[usize; 3]) -> Result<Option<Tensor>> {
        let two = [DIRECTION, LENGTH].map(|part| format!("{from}.{part}"));
        if !self.theirs.contains_key(&two[0]) && !self.theirs.contains_key(&two[1]) {
            return Ok(self.take(&format!("{from}.weight"), shape));
        }
        let (direction, length) = (self.take(&two[0], shape), self.take(&two[1], &[shape[0], 1, 1]));
        direction.zip(length).map(|(direction, length)| weight_norm(&direction, &length)).transpose()
    }

    /// Moves the bias of a layer, or creates zeros for a layer without one.
    fn bias(&mut self, from: &str, to: &str, channels: usize, there: bool) -> Result<()> {
        if there {
            self.plain(&format!("{from}.bias"), &format!("{to}.bias"), &[channels]);
        } else {
            self.put(&format!("{to}.bias"), Tensor::zeros(channels, DType::F32, &Device::Cpu)?);
        }
        Ok(())
    }

    /// Moves a convolution whose weight is one tensor in our model.
    fn conv(&mut self, from: &str, to: &str, shape: [usize; 3], bias: bool) -> Result<()> {
        if let Some(weight) = self.weight(from, &shape)? {
            self.put(&format!("{to}.weight"), weight);
        }
        self.bias(from, to, shape[0], bias)
    }

    /// Moves a linear layer, which is a convolution of kernel 1 in our model.
    fn linear(&mut self, from: &str, to: &str, shape: [usize; 2], bias: bool) -> Result<()> {
        if let Some(weight) = self.take(&format!("{from}.weight"), &shape) {
            self.put(&format!("{to}.weight"), weight.unsqueeze(2)?);
        }
        self.bias(from, to, shape[0], bias)
    }

    /// Moves a convolution with weight normalization in our model; a folded weight becomes the direction `weight_v`.
    fn normed(&mut self, from: &str, to: &str, shape: [usize; 3], biases: usize) -> Result<()> {
        self.plain(&format!("{from}.bias"), &format!("{to}.bias"), &[biases]);
        if let Some(weight) = self.theirs.remove(&format!("{from}.weight")) {
            if weight.dims() != shape {
                self.reshaped.push(format!("{from}.weight"));
                return Ok(());
            }
            let length = weight.flatten_from(1)?.sqr()?.sum(1)?.sqrt()?.reshape((shape[0], 1, 1))?;
            // A slice of zeros has no direction: any direction will do, with the length 0.
            let nowhere = length.eq(0.0)?.to_dtype(DType::F32)?;
            self.put(&format!("{to}.{DIRECTION}"), weight.broadcast_add(&nowhere)?);
            self.put(&format!("{to}.{LENGTH}"), length);
            return Ok(());
        }
        self.plain(&format!("{from}.{DIRECTION}"), &format!("{to}.{DIRECTION}"), &shape);
        self.plain(&format!("{from}.{LENGTH}"), &format!("{to}.{LENGTH}"), &[shape[0], 1, 1]);
        Ok(())
    }

    /// Folds a convolution and the batch norm after it into one convolution: w' = w · γ/√(v + ε),
    /// b' = (b − m) · γ/√(v + ε) + β.
    fn batch_normed(&mut self, from: &str, to: &str, shape: [usize; 3]) -> Result<()> {
        let (conv, norm) = (format!("{from}.conv_layer.0.conv"), format!("{from}.conv_layer.1"));
        let weight = self.weight(&conv, &shape)?;
        let [bias, mean, variance, gain, shift] = [
            format!("{conv}.bias"),
            format!("{norm}.running_mean"),
            format!("{norm}.running_var"),
            format!("{norm}.weight"),
            format!("{norm}.bias"),
        ]
        .map(|name| self.take(&name, &shape[..1]));
        if let (Some(weight), Some(bias), Some(mean), Some(variance), Some(gain), Some(shift)) =
            (weight, bias, mean, variance, gain, shift)
        {
            let scale = (gain / (variance + BATCH_NORM_EPSILON)?.sqrt()?)?;
            self.put(&format!("{to}.weight"), weight.broadcast_mul(&scale.reshape((shape[0], 1, 1))?)?);
            self.put(&format!("{to}.bias"), (((bias - mean)? * scale)? + shift)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use candle_core::{DType, Device, Tensor};
    use mynah_ops::weight_norm;
    use mynah_testkit::fixture;
    use serde_json::Value;

    use super::super::archive::read_checkpoint;
    use super::super::settings::settings;
    use super::{Parts, Renamed, rename};

    fn theirs(name: &str) -> BTreeMap<String, Tensor> {
        read_checkpoint(&fixture("golden/voice").join(name)).unwrap().tensors
    }

    fn renamed(theirs: BTreeMap<String, Tensor>) -> Result<Renamed, String> {
        let settings = settings(&theirs, &Value::Null, None)?;
        Ok(rename(theirs, &settings).unwrap())
    }

    #[test]
    fn names_missing_unknown_and_misshapen_parameters() {
        for checkpoint in ["vits.pth", "vits_folded.pth", "heatz.pth"] {
            let whole = theirs(checkpoint);
            let known = renamed(whole.clone()).unwrap();
            assert!(known.missing.is_empty() && known.unknown.is_empty() && known.reshaped.is_empty());
            // Removing any parameter that is read is reported by its name.
            for name in whole.keys().filter(|name| !known.unneeded.contains(name)) {
                let mut without = whole.clone();
                without.remove(name);
                match renamed(without) {
                    // The settings may depend on it, or only its other half may be left.
                    Err(why) => assert!(
                        why.contains(name.trim_end_matches("_v")) || why.contains("no "),
                        "{name}: {why}"
                    ),
                    Ok(parts) => {
                        let named = parts
                            .missing
                            .iter()
                            .any(|missing| missing.starts_with(name.trim_end_matches("_v")));
                        assert!(named || !parts.unknown.is_empty(), "{name}: {parts:?}");
                    }
                }
            }
            let mut more = whole.clone();
            more.insert("dec.extra.weight".to_owned(), Tensor::zeros(1, DType::F32, &Device::Cpu).unwrap());
            assert_eq!(renamed(more).unwrap().unknown, ["dec.extra.weight"]);
            let mut other = whole.clone();
            other.insert(
                "dec.conv_post.weight".to_owned(),
                Tensor::zeros((1, 3, 7), DType::F32, &Device::Cpu).unwrap(),
            );
            assert_eq!(renamed(other).unwrap().reshaped, ["dec.conv_post.weight"]);
        }
    }

    #[test]
    fn rejects_other_kinds_of_checkpoints_with_the_reason() {
        let check = |change: &dyn Fn(&mut BTreeMap<String, Tensor>), says: &str| {
            let mut tensors = theirs("vits.pth");
            change(&mut tensors);
            let why = renamed(tensors).unwrap_err();
            assert!(why.contains(says), "{why}, not {says}");
        };
        let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        check(
            &|tensors| drop(tensors.insert("emb_g.weight".to_owned(), zeros(&[109, 4]))),
            "multiple speakers",
        );
        check(&|tensors| drop(tensors.insert("enc_p.emb.weight".to_owned(), zeros(&[59, 8]))), "59 symbols");
        check(
            &|tensors| drop(tensors.insert("enc_p.emb.weight".to_owned(), zeros(&[178]))),
            "the shape [178]",
        );
        check(&|tensors| drop(tensors.remove("enc_p.emb.weight")), "no `enc_p.emb.weight`");
        check(&|tensors| tensors.retain(|name, _| name.starts_with("dec.")), "not a VITS generator");
        check(
            &|tensors| *tensors = BTreeMap::from([("discriminators.0.convs.0.bias".to_owned(), zeros(&[1]))]),
            "`G_*.pth`",
        );
        check(
            &|tensors| drop(tensors.insert("dec.ups.0.weight_v".to_owned(), zeros(&[8, 4, 1]))),
            "twice the factor",
        );
    }

    #[test]
    fn keeps_a_folded_slice_of_zeros_zero() {
        let weight = Tensor::from_vec(vec![3.0_f32, -4.0, 0.0, 0.0], (2, 1, 2), &Device::Cpu).unwrap();
        let mut parts = Parts {
            theirs: BTreeMap::from([
                ("c.weight".to_owned(), weight.clone()),
                ("c.bias".to_owned(), Tensor::zeros(2, DType::F32, &Device::Cpu).unwrap()),
            ]),
            ours: BTreeMap::new(),
            missing: Vec::new(),
            reshaped: Vec::new(),
        };
        parts.normed("c", "d", [2, 1, 2], 2).unwrap();
        let back = weight_norm(&parts.ours["d.weight_v"], &parts.ours["d.weight_g"]).unwrap();
        let values = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(values(&back), values(&weight));
    }
}
