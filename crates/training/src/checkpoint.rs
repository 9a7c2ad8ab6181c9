//! Checkpoints: the state that a run needs to resume, in the same format for every task.
//!
//! ```text
//! checkpoints/step-<N>/model.safetensors       parameters of the model
//!                      optimizer.safetensors   tensors that only training needs, by section
//!                      state.toml              format, task, position of the run, hashes of the files, [validation] of the
//!                                              step, [state] of the task
//! ```
//!
//! The first line of `state.toml` is a hash of the others. A checkpoint is read only if every hash is right.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor, safetensors};
use mynah_voice::{MODEL_FILE, write_tensors};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::task::{Place, Position, TaskState, Tensors};
use crate::values::Values;

/// Format version of a checkpoint. Version 1 had no `format`, no `task` and no table `[state]`, and version 2 neither hashes nor
/// `[validation]`.
const FORMAT: u32 = 3;
/// Latest version without hashes.
const WITHOUT_HASHES: u32 = 2;
/// Start of the first line of `state.toml`.
const CHECKSUM: &str = "checksum = \"";

const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const STATE_FILE: &str = "state.toml";
const CHECKPOINTS: &str = "checkpoints";

/// Contents of `state.toml`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFile {
    format: u32,
    task: String,
    step: u64,
    epoch: u64,
    part: u64,
    batch: u64,
    /// BLAKE3 hashes of the tensor files by name.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Values of the validation of this step; empty without held-out examples.
    #[serde(default)]
    validation: Values,
    state: toml::Table,
}

/// Contents of `state.toml` in version 1: the position, with `group` for the part, and the numbers of the task.
#[derive(Debug, Deserialize)]
struct FirstStateFile {
    step: u64,
    epoch: u64,
    #[serde(default)]
    group: u64,
    batch: u64,
    #[serde(flatten)]
    state: toml::Table,
}

/// Checkpoint whose `state.toml` has been read.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Directory of the checkpoint.
    pub directory: PathBuf,
    /// Task that wrote it; unknown in version 1.
    pub task: Option<String>,
    /// Position of the run.
    pub position: Position,
    /// Values of the validation of this step; empty if there was none.
    pub validation: Values,
    /// Hashes of the tensor files; empty before version 3.
    hashes: BTreeMap<String, String>,
    /// Numbers of the task.
    numbers: toml::Table,
}

impl Checkpoint {
    /// Reads `state.toml` of a checkpoint. Versions 1 and 2 are accepted too: their positions and numbers mean the same.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if there is no such file, [`Error::Damaged`] if its checksum is wrong, and [`Error::File`] if it
    /// has another format.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(STATE_FILE);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let text = String::from_utf8(bytes).map_err(|_| Error::Damaged { path: path.clone() })?;
        let text = verified(&text, &path)?;
        let table: toml::Table = toml::from_str(text).map_err(Error::file(&path))?;
        let directory = directory.to_owned();
        match table.get("format").map(toml::Value::as_integer) {
            None => {
                let FirstStateFile { step, epoch, group, batch, state } =
                    table.try_into().map_err(Error::file(&path))?;
                let place = Place { epoch, part: group, batch };
                let position = Position { step, place };
                let (validation, hashes) = (Values::new(), BTreeMap::new());
                Ok(Self { directory, task: None, position, validation, hashes, numbers: state })
            }
            Some(format)
                if [FORMAT, WITHOUT_HASHES].map(|known| Some(i64::from(known))).contains(&format) =>
            {
                let StateFile { task, step, epoch, part, batch, files, validation, state, .. } =
                    table.try_into().map_err(Error::file(&path))?;
                let position = Position { step, place: Place { epoch, part, batch } };
                let task = Some(task);
                Ok(Self { directory, task, position, validation, hashes: files, numbers: state })
            }
            Some(_) => {
                let why = format!("its format is not one of the formats 1 to {FORMAT}");
                Err(Error::File { path, why })
            }
        }
    }

    /// Rejects the checkpoint of another task.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] for another task.
    pub fn check_task(&self, name: &str) -> Result<(), Error> {
        match &self.task {
            Some(task) if task != name => {
                let why = format!("it is a checkpoint of the task `{task}`, not of `{name}`");
                Err(Error::File { path: self.directory.join(STATE_FILE), why })
            }
            _ => Ok(()),
        }
    }

    /// Returns the part of the task's state that is not tensors.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] if it cannot be deserialized as `T`.
    pub fn numbers<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.numbers.clone().try_into().map_err(Error::file(&self.directory.join(STATE_FILE)))
    }

    /// Returns the path of the model parameters.
    #[must_use]
    pub fn model_file(&self) -> PathBuf {
        self.directory.join(MODEL_FILE)
    }

    /// Reads the model parameters.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the file cannot be read, and [`Error::Damaged`] if it is not the one that was written.
    pub fn model(&self) -> Result<Tensors, Error> {
        self.tensors(MODEL_FILE)
    }

    /// Reads the state, including its tensors.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if a file cannot be read, and [`Error::Damaged`] if it is not the one that was written.
    pub fn state(&self) -> Result<TaskState, Error> {
        Ok(TaskState {
            model: self.tensors(MODEL_FILE)?,
            training: self.tensors(OPTIMIZER_FILE)?,
            numbers: self.numbers.clone(),
            origin: self.directory.clone(),
        })
    }

    fn tensors(&self, name: &str) -> Result<Tensors, Error> {
        let path = self.directory.join(name);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        if self.hashes.get(name).is_some_and(|hash| *hash != hash_of(&bytes)) {
            return Err(Error::Damaged { path });
        }
        let tensors: HashMap<String, Tensor> =
            safetensors::load_buffer(&bytes, &Device::Cpu).map_err(Error::file(&path))?;
        Ok(tensors.into_iter().collect())
    }
}

fn hash_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Returns the contents of a `state.toml` without its checksum, which must be right; before version 3 there was none.
fn verified<'a>(text: &'a str, path: &Path) -> Result<&'a str, Error> {
    let damaged = || Error::Damaged { path: path.to_owned() };
    match text.strip_prefix(CHECKSUM) {
        Some(rest) => match rest.split_once("\"\n") {
            Some((checksum, body)) if checksum == hash_of(body.as_bytes()) => Ok(body),
            _ => Err(damaged()),
        },
        None if text.lines().any(|line| line == format!("format = {FORMAT}")) => Err(damaged()),
        None => Ok(text),
    }
}

/// Lists the checkpoints of a run with their steps, in order.
///
/// # Errors
///
/// Returns [`Error::Io`] if the directory cannot be listed.
pub fn checkpoints(run: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let path = run.join(CHECKPOINTS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&path).map_err(Error::io("list", &path))? {
        let place = entry.map_err(Error::io("list", &path))?.path();
        let name = place.file_name().and_then(|name| name.to_str());
        if let Some(step) = name.and_then(|name| name.strip_prefix("step-")?.parse().ok()) {
            found.push((step, place));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Writes `checkpoints/step-<step>` of a run under a temporary name and renames it, so that a directory `step-N` is
/// always complete.
pub(crate) fn write(
    run: &Path,
    task: &str,
    position: Position,
    validation: Values,
    state: TaskState,
) -> Result<PathBuf, Error> {
    let Position { step, place: Place { epoch, part, batch } } = position;
    let place = run.join(CHECKPOINTS).join(format!("step-{step}"));
    let beside = place.with_extension("partial");
    if beside.exists() {
        fs::remove_dir_all(&beside).map_err(Error::io("remove", &beside))?;
    }
    fs::create_dir_all(&beside).map_err(Error::io("create", &beside))?;
    let mut files = BTreeMap::new();
    for (name, tensors) in [(MODEL_FILE, state.model), (OPTIMIZER_FILE, state.training)] {
        let path = beside.join(name);
        write_tensors(&path, tensors)?;
        files.insert(name.to_owned(), hash_of(&fs::read(&path).map_err(Error::io("read", &path))?));
    }
    // TOML has no null.
    let validation = validation.measured();
    let (format, task, state) = (FORMAT, task.to_owned(), state.numbers);
    let file = StateFile { format, task, step, epoch, part, batch, files, validation, state };
    let path = beside.join(STATE_FILE);
    let text = toml::to_string(&file).map_err(Error::file(&path))?;
    let text = format!("{CHECKSUM}{}\"\n{text}", hash_of(text.as_bytes()));
    fs::write(&path, text).map_err(Error::io("write", &path))?;
    fs::File::open(&path).and_then(|file| file.sync_all()).map_err(Error::io("write", &path))?;
    if place.exists() {
        fs::remove_dir_all(&place).map_err(Error::io("remove", &place))?;
    }
    fs::rename(&beside, &place).map_err(Error::io("rename", &beside))?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Checkpoint, Error> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(STATE_FILE), text).unwrap();
        Checkpoint::read(directory.path())
    }

    #[test]
    fn reads_a_checkpoint_of_the_first_format() {
        let checkpoint = read("step = 7\nepoch = 2\nbatch = 1\nmemory_attached = true\n").unwrap();
        let place = Place { epoch: 2, part: 0, batch: 1 };
        assert_eq!((checkpoint.position, checkpoint.task.as_deref()), (Position { step: 7, place }, None));
        assert_eq!(toml::to_string(&checkpoint.numbers).unwrap(), "memory_attached = true\n");
        let text = "step = 9\nepoch = 1\ngroup = 3\nbatch = 4\nsentences = 60\ntoo_long = 0\n";
        let checkpoint = read(text).unwrap();
        assert_eq!(checkpoint.position.place, Place { epoch: 1, part: 3, batch: 4 });
        assert_eq!(checkpoint.numbers["sentences"].as_integer(), Some(60));
    }

    #[test]
    fn rejects_other_formats_other_tasks_and_malformed_files() {
        let says = |text: &str| read(text).unwrap_err().to_string();
        assert!(says("format = 4\n").contains("the formats 1 to 3"));
        assert!(says("format = \"2\"\n").contains("the formats 1 to 3"));
        let text = "format = 3\ntask = \"g2p\"\nstep = 1\nepoch = 0\npart = 0\nbatch = 1\n[state]\n";
        assert!(says(text).contains("damaged"));
        assert!(says("step = 1\n").contains("state.toml"));
        assert!(says("format = 2\nstep = 1\n").contains("task"));
        let text = "format = 2\ntask = \"g2p\"\nstep = 1\nepoch = 0\npart = 0\nbatch = 1\n[state]\n";
        let checkpoint = read(text).unwrap();
        checkpoint.check_task("g2p").unwrap();
        let refused = checkpoint.check_task("pretrain").unwrap_err().to_string();
        assert!(refused.contains("`g2p`") && refused.contains("`pretrain`"), "{refused}");
    }

    #[test]
    fn states_round_trip() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Numbers {
            attached: bool,
        }
        let directory = tempfile::tempdir().unwrap();
        let tensor = |values: &[f32]| Tensor::new(values, &Device::Cpu).unwrap();
        let moments = Tensors::from([("w".to_owned(), tensor(&[1.0, f32::MIN_POSITIVE]))]);
        let model = Tensors::from([("w".to_owned(), tensor(&[-0.0, 3.5]))]);
        let state = TaskState::new(model, &Numbers { attached: true }).unwrap();
        let state = state.with("model", moments.clone()).with("discriminator", moments);
        let position = Position { step: 5, place: Place { epoch: 1, part: 2, batch: 3 } };
        let validation = Values::new().with("loss", 0.25).with("other", None::<f64>).with("seen", 4_u64);
        write(directory.path(), "test", position, validation.clone(), state.clone()).unwrap();
        let there = checkpoints(directory.path()).unwrap();
        assert_eq!(there.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [5]);
        let read = Checkpoint::read(&there[0].1).unwrap();
        assert_eq!((read.position, read.task.as_deref()), (position, Some("test")));
        assert_eq!(read.validation.get("loss"), Some(0.25));
        let read = read.state().unwrap();
        assert_eq!(read.numbers::<Numbers>().unwrap(), Numbers { attached: true });
        let bits = |tensors: &Tensors| -> Vec<(String, Vec<u32>)> {
            let values = |tensor: &Tensor| tensor.to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits);
            tensors.iter().map(|(name, tensor)| (name.clone(), values(tensor).collect())).collect()
        };
        assert_eq!(bits(&read.model), bits(&state.model));
        assert_eq!(bits(&read.training), bits(&state.training));
        assert_eq!(bits(&read.section("discriminator")), bits(&state.section("model")));
        assert!(read.section("discrim").is_empty());
    }

    #[test]
    fn notices_every_flipped_bit() {
        let directory = tempfile::tempdir().unwrap();
        let values = Tensor::new(&[1.0_f32, 2.0], &Device::Cpu).unwrap();
        let model = Tensors::from([("w".to_owned(), values)]);
        let state = TaskState::new(model.clone(), &toml::Table::new()).unwrap().with("model", model);
        let place = write(directory.path(), "test", Position::default(), Values::new(), state).unwrap();
        let read = || Checkpoint::read(&place).and_then(|checkpoint| checkpoint.state());
        read().unwrap();
        for name in [MODEL_FILE, OPTIMIZER_FILE, STATE_FILE] {
            let path = place.join(name);
            let whole = fs::read(&path).unwrap();
            for index in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[index] ^= 4;
                fs::write(&path, &bytes).unwrap();
                assert!(read().is_err(), "byte {index} of {name}");
            }
            fs::write(&path, &whole[..whole.len() - 1]).unwrap();
            assert!(matches!(read(), Err(Error::Damaged { .. })), "{name}");
            fs::write(&path, &whole).unwrap();
        }
        read().unwrap();
    }
}
