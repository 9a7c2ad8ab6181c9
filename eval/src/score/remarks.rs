//! What was done to the signals before they were compared, in words.

use std::collections::BTreeMap;

use mynah_metrics::{Clip, Pair};

/// Silence at the ends that is longer on average than that of the recordings is said from here on.
const NOTABLE_SECONDS: f64 = 0.05;

/// What was done to one pair.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Remark {
    /// The rates of the reference and the system, where they differ.
    rates: Option<(u32, u32)>,
    /// Seconds of silence at both ends: of the reference, of the system.
    silence: (f64, f64),
}

impl Remark {
    /// What is done to a pair of clips with speech.
    pub(crate) fn of(pair: &Pair<'_>) -> Option<Self> {
        let rates = (pair.reference().waveform().sample_rate(), pair.system().waveform().sample_rate());
        let silence = |clip: &Clip<'_>| {
            clip.speech().ok().map(|speech| speech.leading_seconds() + speech.trailing_seconds())
        };
        Some(Self {
            rates: (rates.0 != rates.1).then_some(rates),
            silence: (silence(pair.reference())?, silence(pair.system())?),
        })
    }
}

/// The remarks on the pairs of a system, put together.
pub(crate) fn in_words(system: &str, remarks: &[Remark]) -> Vec<String> {
    let mut words = Vec::new();
    let mut rates: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    for of_pair in remarks.iter().filter_map(|remark| remark.rates) {
        *rates.entry(of_pair).or_default() += 1;
    }
    for ((reference, of_system), n) in rates {
        let (which, from) =
            if reference > of_system { ("reference", reference) } else { ("system", of_system) };
        let wavs = if n == 1 { "1 wav".to_owned() } else { format!("{n} wavs") };
        words.push(format!(
            "`{system}`: {wavs} of {of_system} Hz against {reference} Hz; for frames the {which} is resampled once, \
             from {from} to {} Hz",
            reference.min(of_system)
        ));
    }
    let mean = |part: fn(&Remark) -> f64| remarks.iter().map(part).sum::<f64>() / remarks.len().max(1) as f64;
    let (reference, of_system) = (mean(|remark| remark.silence.0), mean(|remark| remark.silence.1));
    if (of_system - reference).abs() > NOTABLE_SECONDS {
        words.push(format!(
            "`{system}`: silence at the ends, {of_system:.2} s a wav and {reference:.2} s a recording, is left out of \
             what compares frames"
        ));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said_once_a_system() {
        let remark = |rates, of_system| Remark { rates, silence: (0.1, of_system) };
        let remarks =
            [remark(Some((22_050, 24_000)), 0.5), remark(Some((22_050, 24_000)), 0.7), remark(None, 0.6)];
        assert_eq!(
            in_words("vits", &remarks),
            [
                "`vits`: 2 wavs of 24000 Hz against 22050 Hz; for frames the system is resampled once, from 24000 to \
                 22050 Hz",
                "`vits`: silence at the ends, 0.60 s a wav and 0.10 s a recording, is left out of what compares frames",
            ]
        );
        assert!(in_words("vits", &[remark(None, 0.12)]).is_empty());
        assert!(in_words("vits", &[]).is_empty());
    }
}
