//! `mynah-train g2p`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use mynah_corpus::write_whole;
use mynah_text::{Dictionary, G2p, G2pAccuracy, Phone};
use mynah_training::tasks::g2p::{G2pConfig, G2pTrainer, Lesson};
use rayon::prelude::*;

use super::interruption::{self, INTERRUPTED};
use crate::program::{put, say};

/// Epochs between two looks at the words kept aside.
const WATCH_EVERY: u64 = 5;

/// What to do.
pub(crate) struct Settings {
    /// Sizes and schedule.
    pub(crate) config: G2pConfig,
    /// The file of weights.
    pub(crate) out: PathBuf,
    /// Go on from the checkpoint beside it.
    pub(crate) resume: bool,
}

/// Trains on CMUdict without its held-out tenth, writes the weights, and says how well they do on that tenth.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { config, out, resume } = settings;
    let begin = Instant::now();
    let checkpoint = checkpoint_of(out);
    let begun = checkpoint.exists();
    if begun && !resume {
        bail!(
            "`{}` is of a training that was interrupted: add --resume to go on with it, or remove it",
            checkpoint.display()
        );
    }
    let interrupted = interruption::watch()?;
    let lesson = Lesson::new(Dictionary::cmudict());
    let mut trainer = G2pTrainer::new(config, &lesson).context("failed to make the network")?;
    say(&format!(
        "{} words to learn from, {} to watch, {} held out; {} chunks; {:.2} M parameters",
        lesson.words(),
        lesson.watched().len(),
        lesson.held_out().len(),
        lesson.chunks().len(),
        trainer.parameter_count() as f64 / 1e6
    ));
    if begun {
        trainer.resume(&checkpoint).context("failed to go on")?;
        say(&format!("going on from step {}", trainer.progress().0));
    } else {
        // Nobody wants to hear after an hour that nothing can be written there.
        trainer.save(&checkpoint).context("failed to write a checkpoint")?;
    }

    let (mut sum, mut count) = (0.0, 0);
    loop {
        let (step, epoch, steps) = trainer.progress();
        if step >= steps {
            break;
        }
        if interrupted.load(Ordering::Relaxed) {
            trainer.save(&checkpoint).context("failed to write a checkpoint")?;
            say(&format!("interrupted at step {step} of {steps}: go on with --resume"));
            return Ok(ExitCode::from(INTERRUPTED));
        }
        let report = trainer.step().context("failed to learn")?;
        (sum, count) = (sum + report.loss, count + 1);
        if !report.step.is_multiple_of(epoch) {
            continue;
        }
        let passed = report.step / epoch;
        say(&format!(
            "epoch {passed} of {}  step {}  loss {:.4}  {:.0} s",
            config.epochs,
            report.step,
            sum / f64::from(count),
            begin.elapsed().as_secs_f64()
        ));
        (sum, count) = (0.0, 0);
        if passed.is_multiple_of(WATCH_EVERY) || passed == 1 {
            let (without, with) = accuracy(&network(&trainer)?.1, lesson.watched()).word_error_rates();
            say(&format!("  words kept aside: {without:.2} % wrong without stress, {with:.2} % with"));
        }
        trainer.save(&checkpoint).context("failed to write a checkpoint")?;
    }
    let (bytes, g2p) = network(&trainer)?;
    write_whole(out, &bytes).context("failed to write the weights")?;
    let held_out = accuracy(&g2p, lesson.held_out());
    let (words, phones) = (held_out.word_error_rates(), held_out.phone_error_rates());
    put(&format!(
        "held-out words: {}\nword error rate: {:.2} % without stress, {:.2} % with\nphone error rate: {:.2} % without \
         stress, {:.2} % with\n",
        held_out.words, words.0, words.1, phones.0, phones.1
    ))?;
    std::fs::remove_file(&checkpoint)
        .with_context(|| format!("failed to remove `{}`", checkpoint.display()))?;
    say(&format!(
        "wrote {} bytes to {} in {:.0} s",
        bytes.len(),
        out.display(),
        begin.elapsed().as_secs_f64()
    ));
    Ok(ExitCode::SUCCESS)
}

/// The file that says where a training stands.
fn checkpoint_of(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".checkpoint");
    name.into()
}

/// The network as it will say words, and its file.
fn network(trainer: &G2pTrainer<'_>) -> Result<(Vec<u8>, G2p)> {
    let tensors = trainer.tensors().context("failed to read the weights")?;
    let bytes = tensors.pack().context("failed to pack the weights")?;
    let g2p = G2p::open(&bytes).context("failed to read the packed weights")?;
    Ok((bytes, g2p))
}

fn accuracy(g2p: &G2p, words: &[(String, Vec<Vec<Phone>>)]) -> G2pAccuracy {
    let one = |(word, variants): &(String, Vec<Vec<Phone>>)| G2pAccuracy::of(g2p, word, variants);
    words.par_iter().map(one).reduce(G2pAccuracy::default, |mut sum, other| {
        sum += other;
        sum
    })
}
