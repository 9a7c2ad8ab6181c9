//! The reports of both trainings as lines and scalars.

use mynah_voice::pretrain::PretrainReport;
use mynah_voice::train::{Phase, StepReport};

use super::observer::Report;

impl Report for StepReport {
    fn step(&self) -> u64 {
        self.step
    }

    fn seconds(&self) -> f64 {
        self.seconds
    }

    fn line(&self, rate: f64) -> String {
        let phase = match self.phase {
            Phase::WarmUp => "warm-up",
            Phase::Main => "main",
            Phase::Tuning => "tuning",
        };
        format!(
            "{phase}  mel {:.3}  KL {:.2}  duration {:.3}  {rate:.2} steps/s",
            self.loss_mel.unwrap_or_default(),
            self.loss_backward_kl.unwrap_or_default(),
            self.loss_duration.unwrap_or_default(),
        )
    }

    fn short(&self) -> String {
        format!("mel {:.3}", self.loss_mel.unwrap_or_default())
    }

    fn scalars(&self) -> Vec<(String, f64)> {
        let split = &self.split;
        let named = [
            ("total", Some(self.loss_total)),
            ("mel", self.loss_mel),
            ("stft", self.loss_stft),
            ("adversarial", self.loss_adversarial),
            ("feature", self.loss_feature),
            ("backward_kl", self.loss_backward_kl),
            ("forward_kl", self.loss_forward_kl),
            ("end_to_end", self.loss_end_to_end),
            ("duration", self.loss_duration),
            ("discriminator", self.loss_discriminator),
        ];
        let other = [("gradient_norm", self.gradient_norm), ("learning_rate", self.learning_rate)];
        let losses =
            named.into_iter().filter_map(|(name, value)| Some((format!("loss_{name}/{split}"), value?)));
        losses.chain(other.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)))).collect()
    }
}

impl Report for PretrainReport {
    fn step(&self) -> u64 {
        self.step
    }

    fn seconds(&self) -> f64 {
        self.seconds
    }

    fn line(&self, rate: f64) -> String {
        format!("{}  {rate:.2} steps/s  {:.0} symbols/s", self.short(), rate * self.symbols as f64)
    }

    fn short(&self) -> String {
        let percent = |part: f64| part * 100.0;
        format!(
            "loss {:.3}  symbols {:.1} % right (fixed guess {:.1} %)  sup-phones {:.1} % ({:.1} %)",
            self.loss_total,
            percent(self.accuracy_symbols),
            percent(self.baseline_accuracy_symbols),
            percent(self.accuracy_sup_phones),
            percent(self.baseline_accuracy_sup_phones),
        )
    }

    fn scalars(&self) -> Vec<(String, f64)> {
        let of_split = [
            ("loss_total", self.loss_total),
            ("loss_symbols", self.loss_symbols),
            ("loss_sup_phones", self.loss_sup_phones),
            ("accuracy_symbols", self.accuracy_symbols),
            ("accuracy_sup_phones", self.accuracy_sup_phones),
            ("baseline_loss_symbols", self.baseline_loss_symbols),
            ("baseline_loss_sup_phones", self.baseline_loss_sup_phones),
            ("baseline_accuracy_symbols", self.baseline_accuracy_symbols),
            ("baseline_accuracy_sup_phones", self.baseline_accuracy_sup_phones),
        ];
        let other = [("gradient_norm", self.gradient_norm), ("learning_rate", self.learning_rate)];
        let named = of_split.into_iter().map(|(name, value)| (format!("{name}/{}", self.split), value));
        named.chain(other.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)))).collect()
    }
}
