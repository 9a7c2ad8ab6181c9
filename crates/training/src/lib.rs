//! Training, with one run for all tasks.
//!
//! ```text
//!              ┌─ draw(place) ◄── data              Run: steps, rows of metrics, checkpoints, resumption, end
//!   Run ──► Task ─ step(batch, position) ──► Row ──► Observer
//!    │         ├─ validate(position) ──────► Row ──► Observer
//!    └─────────┴─ state / restore ◄─────────────────► checkpoints/step-N
//! ```
//!
//! A [`Task`] is a model with its data, losses and optimizers: [`tasks::naturalspeech`], [`tasks::pretrain`] and
//! [`tasks::g2p`]. The [`Run`] owns the rest and is independent of models: a step or a validation reports named [`Values`], and a
//! checkpoint consists of named tensors and a small table.
//!
//! # Examples
//!
//! A task that learns one number, and an interrupted run of it:
//!
//! ```
//! use std::path::Path;
//!
//! use candle_core::{Device, Tensor};
//! use mynah_training::{
//!     Drawn, Error, Keep, Observer, Place, Position, Report, Row, Run, RunConfig, Task, TaskState, Tensors, Values,
//! };
//!
//! #[derive(Default)]
//! struct Mean(f32);
//!
//! impl Task for Mean {
//!     type Batch = f32;
//!
//!     fn name(&self) -> &'static str {
//!         "mean"
//!     }
//!
//!     fn draw(&mut self, place: Place) -> Result<Drawn<f32>, Error> {
//!         Ok(Drawn { batch: [1.0, 3.0][place.batch as usize], next: place.next(2) })
//!     }
//!
//!     fn step(&mut self, batch: f32, _: Position) -> Result<Report, Error> {
//!         let error = batch - self.0;
//!         self.0 += 0.1 * error;
//!         Ok(Report { phase: None, values: Values::new().with("loss_total", f64::from(error * error)) })
//!     }
//!
//!     fn validate(&mut self, _: Position) -> Result<Option<Report>, Error> {
//!         Ok(None)
//!     }
//!
//!     fn state(&self) -> Result<TaskState, Error> {
//!         let tensor = Tensor::new(&[self.0], &Device::Cpu)?;
//!         TaskState::new(Tensors::from([("mean".to_owned(), tensor)]), &toml::Table::new())
//!     }
//!
//!     fn restore(&mut self, state: &TaskState) -> Result<(), Error> {
//!         self.0 = state.model["mean"].to_vec1::<f32>()?[0];
//!         Ok(())
//!     }
//! }
//!
//! /// Stops after a step.
//! struct StopAt(u64, bool);
//!
//! impl Observer for StopAt {
//!     fn step(&mut self, row: &Row, _logged: bool) -> Result<(), Error> {
//!         self.1 = row.step == self.0;
//!         Ok(())
//!     }
//!
//!     fn stop(&self) -> bool {
//!         self.1
//!     }
//! }
//!
//! let directory = tempfile::tempdir().unwrap();
//! let config = RunConfig { steps: 200, log_every: 50, checkpoint_every: 100, keep: Keep::last(1), patience: 0 };
//! for stop in [130, 200] {
//!     let mut run = Run::new(Mean::default(), config.clone(), directory.path());
//!     run.resume()?;
//!     run.train(&mut StopAt(stop, false))?;
//!     assert_eq!(run.position().step, stop);
//!     assert!((run.task().0 - 2.0).abs() < 0.2);
//! }
//! # Ok::<(), Error>(())
//! ```
//!
//! # Invariants
//!
//! - An interrupted run ends like an uninterrupted one bit for bit, however it was interrupted. The same test checks every task.
//! - No row contains a number that is not finite: the run ends before.
//! - A directory `step-N` is complete, and a file in it that was changed later is noticed by its hash: the run resumes from the
//!   checkpoint before.
//!
//! The crate prints nothing, reads no manifest and depends on no program.

pub mod loss;
pub mod tasks;

mod averages;
mod checkpoint;
mod discriminator;
mod error;
#[cfg(test)]
mod golden;
mod precision;
mod run;
mod sampler;
mod task;
mod values;

pub use checkpoint::{Checkpoint, checkpoints};
pub use discriminator::{DiscriminatorConfig, DiscriminatorOutput, Discriminators};
pub use error::Error;
pub use run::{Keep, Observer, Resumed, Row, Run, RunConfig, Split, best_checkpoint};
pub use task::{Drawn, Place, Position, Report, Task, TaskState, Tensors};
pub use values::{Value, Values};
