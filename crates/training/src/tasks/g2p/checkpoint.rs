//! A training that can be interrupted: one file.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::Path;

use candle_core::{Device, Tensor};
use mynah_ops::AdamW;
use mynah_voice::Parameters;
use safetensors::SafeTensors;

use super::config::G2pConfig;
use crate::Error;

/// The sections of the file.
const PARAMETERS: &str = "model.";
const OPTIMIZER: &str = "optimizer.";
/// The entries of its header.
const CONFIG: &str = "config";
const STEP: &str = "step";

/// Writes beside the place and renames into it.
pub(super) fn write(
    path: &Path,
    config: &G2pConfig,
    step: u64,
    parameters: &Parameters,
    optimizer: &AdamW,
) -> Result<(), Error> {
    let section = |prefix: &'static str, tensors: BTreeMap<String, Tensor>| {
        tensors.into_iter().map(move |(name, tensor)| (format!("{prefix}{name}"), tensor))
    };
    let tensors: BTreeMap<String, Tensor> =
        section(PARAMETERS, parameters.tensors()).chain(section(OPTIMIZER, optimizer.state()?)).collect();
    let header = HashMap::from([(CONFIG.to_owned(), describe(config)), (STEP.to_owned(), step.to_string())]);
    let bytes = safetensors::serialize(tensors, Some(header)).map_err(Error::file(path))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    let beside = Path::new(&beside);
    fs::write(beside, bytes).map_err(Error::io("write", beside))?;
    File::open(beside).and_then(|file| file.sync_all()).map_err(Error::io("write", beside))?;
    fs::rename(beside, path).map_err(Error::io("rename", beside))
}

/// Sets parameters and optimiser to what the file holds; returns the steps that were done.
pub(super) fn read(
    path: &Path,
    config: &G2pConfig,
    parameters: &Parameters,
    optimizer: &mut AdamW,
) -> Result<u64, Error> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(Error::file(path))?;
    let entry = |name: &str| header.metadata().as_ref().and_then(|entries| entries.get(name).cloned());
    if entry(CONFIG).as_deref() != Some(&describe(config)) {
        return Err(Error::File {
            path: path.to_owned(),
            why: "it is of a training with other settings: give the same, or another file".to_owned(),
        });
    }
    let step = entry(STEP).and_then(|step| step.parse().ok());
    let step = step.ok_or_else(|| Error::file(path)("it does not say at which step it was written"))?;
    let all = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).map_err(Error::file(path))?;
    let section = |prefix: &str| -> BTreeMap<String, Tensor> {
        let named = all.iter();
        named.filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_owned(), t.clone()))).collect()
    };
    parameters.assign(&section(PARAMETERS), path)?;
    optimizer.load_state(&section(OPTIMIZER)).map_err(Error::file(path))?;
    Ok(step)
}

/// The settings as one line, without the one that may change.
fn describe(config: &G2pConfig) -> String {
    format!("{:?}", G2pConfig { epochs: 0, ..config.clone() })
}
