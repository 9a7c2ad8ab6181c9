//! What a step of pre-training says of itself: a row of `metrics.jsonl`.

use serde::{Deserialize, Serialize};

/// The losses of one step, or of the held-out sentences after it (`docs/formats.md`).
///
/// In a step some of what is to be guessed stands there (`mask.masked`); of held-out sentences everything chosen is `<mask>`,
/// so that only what stands around it tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PretrainReport {
    /// Optimiser steps done.
    pub step: u64,
    /// Passes over the text.
    pub epoch: u64,
    /// `train` or `validation`.
    pub split: String,
    /// What is minimised: the sum of both losses.
    pub loss_total: f64,
    /// Cross-entropy of the hidden symbols.
    pub loss_symbols: f64,
    /// Cross-entropy of the hidden sup-phones.
    pub loss_sup_phones: f64,
    /// The part of the hidden symbols whose best score is right.
    pub accuracy_symbols: f64,
    /// The same of sup-phones.
    pub accuracy_sup_phones: f64,
    /// The cross-entropy of a fixed guess by the frequencies of these very symbols.
    pub baseline_loss_symbols: f64,
    /// The same of sup-phones.
    pub baseline_loss_sup_phones: f64,
    /// The accuracy of always guessing the most frequent of these symbols.
    pub baseline_accuracy_symbols: f64,
    /// The same of sup-phones.
    pub baseline_accuracy_sup_phones: f64,
    /// Hidden symbols.
    pub hidden_symbols: u64,
    /// Hidden sup-phones.
    pub hidden_sup_phones: u64,
    /// Symbols read, hidden or not.
    pub symbols: u64,
    /// Sentences trained on since the run began.
    pub sentences: u64,
    /// Sentences left out since the run began, because they are longer than `max_symbols`.
    pub too_long: u64,
    /// Norm of the gradient before clipping.
    pub gradient_norm: Option<f64>,
    /// The learning rate.
    pub learning_rate: Option<f64>,
    /// Wall time since the run began or was resumed, in seconds.
    pub seconds: f64,
}
