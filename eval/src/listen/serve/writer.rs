//! The thread that writes.

use std::thread;

use mynah_study::{Error, Store};
use tokio::sync::{mpsc, oneshot};

/// The most requests that wait to be written.
const QUEUE: usize = 4096;
/// The most requests that are committed together.
const BATCH: usize = 512;

/// An operation on the store; returns the function that tells the caller, once the commit has succeeded or failed.
type Job = Box<dyn FnOnce(&mut Store) -> Told + Send>;

struct Told {
    /// The store failed, so nothing of the batch counts.
    failed: bool,
    tell: Box<dyn FnOnce(bool) + Send>,
}

/// A handle to the thread.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

/// A request that was not met.
pub(super) enum Failure {
    /// The study's own refusal.
    Refused(Error),
    /// Nothing was stored: the disk is full, or the queue.
    Unavailable(String),
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(mut store: Store) -> Self {
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        thread::spawn(move || {
            let mut batch = Vec::with_capacity(BATCH);
            while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
                commit(&mut store, &mut batch);
            }
        });
        Self { jobs }
    }

    /// Runs an operation on the store and returns its result once it is on the disk.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Store) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |store| {
            let result = operation(store);
            let failed = matches!(result, Err(Error::Storage { .. }));
            let tell = move |is_committed: bool| {
                let result = match result {
                    Err(Error::Storage { source, .. }) => Err(Failure::Unavailable(source.to_string())),
                    Err(refused) => Err(Failure::Refused(refused)),
                    Ok(_) if !is_committed => Err(Failure::Unavailable("nothing was stored".to_owned())),
                    Ok(value) => Ok(value),
                };
                // Whoever asked may have gone.
                drop(answer.send(result));
            };
            Told { failed, tell: Box::new(tell) }
        });
        let gone = |what: &str| Failure::Unavailable(what.to_owned());
        self.jobs.try_send(job).map_err(|_| gone("too many requests are waiting"))?;
        answered.await.unwrap_or_else(|_| Err(gone("the store is closed")))
    }
}

/// Runs all operations of a batch as one, and tells their callers.
fn commit(store: &mut Store, batch: &mut Vec<Job>) {
    let mut told = Vec::with_capacity(batch.len());
    let result = store.transaction(|store| {
        for job in batch.drain(..) {
            let one = job(store);
            let failed = one.failed;
            told.push(one);
            if failed {
                break;
            }
        }
        if told.last().is_some_and(|one| one.failed) {
            // The reason reaches its caller.
            return Err(Error::Abandoned);
        }
        Ok(())
    });
    for one in told {
        (one.tell)(result.is_ok());
    }
    // Those behind a failure were dropped without being run, so their callers see the channel close.
}
