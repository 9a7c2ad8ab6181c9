//! Remarks on the processing of signals before they are compared.

use std::collections::BTreeMap;

use mynah_metrics::{Clip, Pair};

/// Minimum difference in mean silence at the ends, between system and recordings, to be reported.
const NOTABLE_SECONDS: f64 = 0.05;

/// The processing of one pair.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Remark {
    /// Sample rates of the reference and the system, if they differ.
    rates: Option<(u32, u32)>,
    /// Seconds of silence at both ends of the reference, and of the system.
    silence: (f64, f64),
}

impl Remark {
    /// Describes the processing of a pair; `None` if either clip has no speech.
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

/// Summarizes the remarks on the pairs of a system.
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
            "`{system}`: {wavs} at {of_system} Hz against {reference} Hz; metrics on frames resample the {which} once, \
             from {from} to {} Hz",
            reference.min(of_system)
        ));
    }
    let mean = |part: fn(&Remark) -> f64| remarks.iter().map(part).sum::<f64>() / remarks.len().max(1) as f64;
    let (reference, of_system) = (mean(|remark| remark.silence.0), mean(|remark| remark.silence.1));
    if (of_system - reference).abs() > NOTABLE_SECONDS {
        words.push(format!(
            "`{system}`: metrics on frames ignore the silence at the ends, {of_system:.2} s per wav and {reference:.2} s \
             per recording"
        ));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summarizes_each_system_once() {
        let remark = |rates, of_system| Remark { rates, silence: (0.1, of_system) };
        let remarks =
            [remark(Some((22_050, 24_000)), 0.5), remark(Some((22_050, 24_000)), 0.7), remark(None, 0.6)];
        assert_eq!(
            in_words("vits", &remarks),
            [
                "`vits`: 2 wavs at 24000 Hz against 22050 Hz; metrics on frames resample the system once, from 24000 to \
                 22050 Hz",
                "`vits`: metrics on frames ignore the silence at the ends, 0.60 s per wav and 0.10 s per recording",
            ]
        );
        assert!(in_words("vits", &[remark(None, 0.12)]).is_empty());
        assert!(in_words("vits", &[]).is_empty());
    }
}
