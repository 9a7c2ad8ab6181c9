//! Distances of log-mel spectrograms.

use mynah_signal::{MelExtractor, MelProfile};

use crate::metric::{Definition, Formula};
use crate::{Declaration, Needs};

/// Mean difference of log-mel bands along the cepstral path.
pub(crate) const ALONG_PATH: Definition = Definition {
    name: "mel_l1_dtw",
    profile: "mel_l1_dtw/vits-1",
    unit: "nepers",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(|pair| {
        let path = &pair.alignment()?.path;
        let (reference, system) = pair.at_one_rate()?;
        let reference = reference.log_mel().map_err(|why| format!("the reference {why}"))?;
        let system = system.log_mel().map_err(|why| format!("the system {why}"))?;
        let mut sum = 0.0;
        for band in 0..reference.n_bins() {
            let (x, y) = (reference.row(band), system.row(band));
            sum += path.iter().map(|&(i, j)| f64::from((x[i] - y[j]).abs())).sum::<f64>();
        }
        Ok((sum / (path.len() * reference.n_bins()) as f64, Some(path.len() as u64)))
    }),
    explanation: "mel_l1_dtw/vits-1: the distance of log-mel spectrograms, whatever rhythm and level

Formula
  mean over path cells (i, j) and bands of |M(i) - M'(j)|
  The path is that of mcd/sp2mc-2.

Unit
  nepers, of 8.69 dB; 0 is identical, larger is worse. Symmetric up to the choice among equally good paths. Invariant
  to gain, offset, polarity, and digital silence at the ends.

Parameters
  The signals of mcd/sp2mc-2, at the lower rate, each scaled to a root mean square of -26 dBFS. The front-end of VITS
  at the frames of mcd/sp2mc-2: magnitude sqrt(power + 1e-6), 80 triangles of equal area on Slaney's mel scale from 0
  Hz to half the rate, natural logarithm of at least 1e-5; 1024 samples every 256 at 22.05 kHz, in proportion at other
  rates.

Oracle
  numpy and librosa 0.11.0's filters, to 1e-5, on bundled clips and altered copies of them.

Known faults
  Pauses and bands above 8 kHz count like speech, so background noise decides. With another front-end the number is
  another one.",
};

/// Mean difference of log-mel bands, frame by frame.
pub(crate) const ALIGNED: Definition = Definition {
    name: "mel_l1",
    profile: "mel_l1/vits-1",
    unit: "nepers",
    declaration: Declaration::DISTANCE.needs(Needs::AlignedRecording),
    formula: Formula::Pair(|pair| {
        let signals = pair.aligned()?;
        let mel = MelExtractor::new(&MelProfile::Vits.config(signals.sample_rate)).map_err(|why| why.to_string())?;
        let (reference, system) = (mel.log_mel(&signals.reference), mel.log_mel(&signals.system));
        if reference.n_frames() == 0 {
            return Err("the signals are shorter than a hop".to_owned());
        }
        let differences = reference.data().iter().zip(system.data()).map(|(x, y)| f64::from((x - y).abs()));
        Ok((differences.sum::<f64>() / reference.data().len() as f64, Some(reference.n_frames() as u64)))
    }),
    explanation: "mel_l1/vits-1: the distance of the log-mel spectrograms of a copy, the loss of vocoders

Formula
  mean over frames and bands of |M - M'|

Unit
  nepers, of 8.69 dB; 0 is identical, larger is worse. Symmetric. Invariant to polarity.

Parameters
  Both signals from their first sample, at the lower rate, cut to the shorter; neither level nor offset is removed.
  The front-end of VITS: 1024 samples every 256 whatever the rate, magnitude sqrt(power + 1e-6), 80 triangles of equal
  area on Slaney's mel scale from 0 Hz to half the rate, natural logarithm of at least 1e-5. Only for copies whose
  samples are at the same times, as in stoi/pystoi-0.4.1.

Oracle
  numpy and librosa 0.11.0's filters, to 1e-5, on a bundled clip and altered copies of it.

Known faults
  HiFi-GAN's loss ends at 8 kHz or has other settings: its numbers differ. A gain of 0.5 gives 0.69, less in pauses.",
};
