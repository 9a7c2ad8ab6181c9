//! Runs that end before their last step because their validation does not get better.

use candle_core::{Device, Tensor};
use mynah_training::{
    Drawn, Error, Keep, Place, Position, Report, Run, RunConfig, Task, TaskState, Tensors, Values,
};

use crate::support::Notebook;

/// Learns nothing; the losses of its validations are given.
struct Scripted(Vec<f64>);

impl Task for Scripted {
    type Batch = ();

    fn name(&self) -> &'static str {
        "scripted"
    }

    fn draw(&mut self, place: Place) -> Result<Drawn<()>, Error> {
        Ok(Drawn { batch: (), next: place.next(5) })
    }

    fn step(&mut self, (): (), _: Position) -> Result<Report, Error> {
        Ok(Report::default())
    }

    fn validate(&mut self, position: Position) -> Result<Option<Report>, Error> {
        let loss = self.0[position.step as usize / 10 - 1];
        Ok(Some(Report { phase: None, values: Values::new().with("loss", loss) }))
    }

    fn state(&self) -> Result<TaskState, Error> {
        let tensor = Tensor::new(&[1.0_f32], &Device::Cpu)?;
        TaskState::new(Tensors::from([("a".to_owned(), tensor)]), &toml::Table::new())
    }

    fn restore(&mut self, _: &TaskState) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn a_run_ends_when_its_patience_is_over() {
    let losses = vec![5.0, 3.0, 4.0, 2.0, 2.5, 2.0, 3.0, 1.0, 1.0, 1.0];
    for (patience, last, best) in
        [(0, 100, None), (1, 30, Some(20)), (2, 60, Some(40)), (3, 70, Some(40)), (4, 100, None)]
    {
        let directory = tempfile::tempdir().unwrap();
        let keep = Keep { last: 1, best: "loss".to_owned() };
        let config = RunConfig { steps: 100, log_every: 1, checkpoint_every: 10, keep, patience };
        let new = || Run::new(Scripted(losses.clone()), config.clone(), directory.path());
        let mut run = new();
        run.train(&mut Notebook { stop_after: Some(25), ..Notebook::default() }).unwrap();
        let mut run = new();
        run.resume().unwrap().unwrap();
        run.train(&mut Notebook::default()).unwrap();
        assert_eq!((run.position().step, run.stalled().unwrap()), (last, best), "{patience}");
        // It does not go on when it is resumed once more.
        let mut again = new();
        again.resume().unwrap().unwrap();
        again.train(&mut Notebook::default()).unwrap();
        assert_eq!(again.position().step, last, "{patience}");
    }
}
