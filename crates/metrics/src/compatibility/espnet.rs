//! MCD and log-F0 RMSE as ESPnet's scripts compute them.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use mynah_signal::mcep::{Mcep, McepConfig};
use mynah_signal::mel_cepstrum::Sp2mc;
use mynah_signal::world::{CheapTrick, harvest};

use super::fastdtw::fastdtw;
use super::{
    MOST_SECONDS, MOST_WORLD_SECONDS, Vectors, as_integers, check_length, check_rates, distortion, of_both,
};
use crate::metric::{Definition, Formula, Measured};
use crate::{Clip, Declaration, Pair};

const N_FFT: usize = 1024;
const HOP: usize = 256;
/// Power added to every bin, of samples that are 16-bit integers.
const FLOOR: f64 = 1e-6;
/// Search range of F0.
const F0_RANGE_HZ: (f64, f64) = (40.0, 800.0);
const OTHER_RATE: &str = "ESPnet's scripts stop there with current numpy";

/// Returns the order and alpha that the scripts choose for a sample rate.
fn shape(sample_rate: u32) -> Result<(usize, f64), String> {
    match sample_rate {
        16_000 => Ok((23, 0.42)),
        22_050 => Ok((34, 0.45)),
        24_000 => Ok((34, 0.46)),
        44_100 => Ok((39, 0.53)),
        48_000 => Ok((39, 0.55)),
        rate => {
            Err(format!("has {rate} Hz, for which ESPnet has no setting (16, 22.05, 24, 44.1 and 48 kHz)"))
        }
    }
}

/// MCD by SPTK's mel-cepstra, with c0, along fastdtw's path.
pub(crate) const ESPNET: Definition = Definition {
    name: "mcd_espnet",
    profile: "mcd/espnet-1",
    unit: "dB",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(mcd),
    explanation: "mcd/espnet-1: the MCD of ESPnet's evaluate_mcd.py, to compare with its tables

Formula
  10 / ln 10 * mean over path cells (i, j) of sqrt(2 * sum over d = 0..D of (c_d(i) - c'_d(j))^2)
  c0, the level, is part of the sum and of the path.

Unit
  dB; 0 is identical, larger is worse. One value per item; ESPnet reports the mean over items.

Parameters
  Samples as 16-bit integers. Frames of 1024 samples every 256 at every rate, none beyond the end; Hamming window of
  unit power.
  Mel-cepstra by SPTK's mcep (periodogram + 1e-6, Newton steps until the residual power changes by less than 0.1 %),
  order D and alpha by the sample rate: 23 and 0.42 at 16 kHz, 34 and 0.45 at 22.05 kHz, 34 and 0.46 at 24 kHz, 39 and
  0.53 at 44.1 kHz, 39 and 0.55 at 48 kHz.
  Path by fastdtw 0.3.4 with radius 1 in pure Python, from the system to the reference.
  Undefined at other rates, if the rates differ (the script stops there with current numpy), for signals shorter than
  a frame or longer than 15 minutes.

Oracle
  egs2/TEMPLATE/asr1/pyscripts/utils/evaluate_mcd.py of ESPnet with pysptk 1.0.1 and fastdtw 0.3.4: on 40 clips of
  LJSpeech at 22.05 kHz and 4 each at 16 and 24 kHz, against copies at 0.8 to 1.25 of the speed, the largest
  difference was 1e-14 dB; the tests allow 1e-6 dB.

Known faults
  A copy 6 dB quieter is 4.2 dB away, since c0 counts. Silence at the ends and in pauses counts like speech: 0.3 s of
  it before and within a perfect copy make 10.9 dB. Frames have the same number of samples at 16 and at 48 kHz, so
  values at different rates do not compare. The path is not the best one, and depends on which signal comes first.
  fastdtw gives another path where pip could compile its extension (with Cython at hand, or an old Python); none of
  the 40 values changed by that. Files of more than 16 bits are rounded here and cut there.",
};

/// RMSE of ln F0 by Harvest along fastdtw's path on envelopes of WORLD.
pub(crate) const ESPNET_LOG_F0: Definition = Definition {
    name: "log_f0_rmse_espnet",
    profile: "log_f0_rmse/espnet-1",
    unit: "ln Hz",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(log_f0_rmse),
    explanation: "log_f0_rmse/espnet-1: the log-F0 RMSE of ESPnet's evaluate_f0.py, to compare with its tables

Formula
  sqrt(mean over path cells (i, j) with both frames voiced of (ln f(i) - ln f'(j))^2)

Unit
  ln Hz: 0.1 is 173 cents; 0 is identical, larger is worse. One value per item; ESPnet reports the mean over items.

Parameters
  Samples as 16-bit integers. F0 by WORLD's Harvest from 40 to 800 Hz every 256 samples, envelopes by CheapTrick with
  1024 points, mel-cepstra by sp2mc with the order and alpha of mcd_espnet, c0 included.
  Path on these by fastdtw 0.3.4 with radius 1 in pure Python, from the system to the reference.
  Undefined at other rates than those of mcd_espnet, if the rates differ (the script stops there with current numpy),
  without a cell that is voiced in both, or for signals longer than a minute.

Oracle
  egs2/TEMPLATE/asr1/pyscripts/utils/evaluate_f0.py of ESPnet with pyworld 0.3.5, pysptk 1.0.1 and fastdtw 0.3.4: on
  8 clips of LJSpeech at 22.05 kHz and 4 each at 16 and 24 kHz, against copies at 0.8 to 1.25 of the speed, the
  largest difference was 1e-15; the tests allow 1e-6.

Known faults
  A system that whispers everything hard scores well, since only cells that are voiced in both count: read it with
  voicing_error. The level moves the path: a copy 6 dB quieter has 0.19. CheapTrick with 1024 points treats F0 up to
  65 Hz at 22.05 kHz, or 141 Hz at 48 kHz, as unvoiced. WORLD 0.3.5 overwrites two bins of each band, so its F0
  depends on the level too. For the path of fastdtw, see mcd_espnet.",
};

fn mcd(pair: &Pair<'_>) -> Measured {
    check_rates(pair.reference(), pair.system(), OTHER_RATE)?;
    let (reference, system) = of_both(pair.reference(), pair.system(), cepstra)?;
    let path = fastdtw(&system.values, &reference.values, reference.dimension).path;
    Ok(distortion(system, reference, &path))
}

fn log_f0_rmse(pair: &Pair<'_>) -> Measured {
    check_rates(pair.reference(), pair.system(), OTHER_RATE)?;
    let (reference, system) = of_both(pair.reference(), pair.system(), envelopes_and_f0)?;
    let path = fastdtw(&system.0.values, &reference.0.values, reference.0.dimension).path;
    let voiced = path.iter().map(|&(i, j)| (system.1[i], reference.1[j]));
    let squares: Vec<f64> = voiced
        .filter(|&(ours, theirs)| ours > 0.0 && theirs > 0.0)
        .map(|(ours, theirs)| (ours.ln() - theirs.ln()).powi(2))
        .collect();
    if squares.is_empty() {
        return Err("no path cell is voiced in both".to_owned());
    }
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    Ok((mean.sqrt(), Some(squares.len() as u64)))
}

fn cepstra<'c>(clip: &'c Clip<'_>) -> Result<&'c Vectors, &'c str> {
    clip.compatibility().espnet.get_or_init(|| compute_cepstra(clip)).as_ref().map_err(String::as_str)
}

fn envelopes_and_f0<'c>(clip: &'c Clip<'_>) -> Result<&'c (Vectors, Vec<f64>), &'c str> {
    let compute = || compute_envelopes_and_f0(clip);
    clip.compatibility().espnet_f0.get_or_init(compute).as_ref().map_err(String::as_str)
}

/// Computes SPTK's mel-cepstra.
fn compute_cepstra(clip: &Clip<'_>) -> Result<Vectors, String> {
    static WINDOW: LazyLock<Vec<f64>> = LazyLock::new(hamming);
    let waveform = clip.waveform();
    let plan = plan(waveform.sample_rate())?;
    check_length(waveform, MOST_SECONDS)?;
    let samples = as_integers(waveform);
    let mut values = Vec::new();
    let mut frame = vec![0.0; N_FFT];
    for inside in samples.windows(N_FFT).step_by(HOP) {
        frame
            .iter_mut()
            .zip(inside)
            .zip(&*WINDOW)
            .for_each(|((value, sample), weight)| *value = sample * weight);
        values.extend(plan.of_windowed(&frame).ok_or("has a frame for which mel-cepstral analysis fails")?);
    }
    if values.is_empty() {
        return Err(format!("is shorter than a frame of {N_FFT} samples"));
    }
    Ok(Vectors { values, dimension: plan.n_coefficients() })
}

fn plan(sample_rate: u32) -> Result<Arc<Mcep>, String> {
    static PLANS: Mutex<BTreeMap<u32, Arc<Mcep>>> = Mutex::new(BTreeMap::new());
    let (order, alpha) = shape(sample_rate)?;
    // A thread that panicked while holding the lock left only complete plans.
    let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(plan) = plans.get(&sample_rate) {
        return Ok(Arc::clone(plan));
    }
    let plan = Mcep::new(&McepConfig { n_fft: N_FFT, order, alpha, floor: FLOOR });
    let plan = Arc::new(plan.map_err(|error| format!("cannot be analyzed: {error}"))?);
    plans.insert(sample_rate, Arc::clone(&plan));
    Ok(plan)
}

/// Returns the symmetric Hamming window of unit power.
fn hamming() -> Vec<f64> {
    let weight = |index: usize| 0.54 - 0.46 * (TAU * index as f64 / (N_FFT - 1) as f64).cos();
    let norm = (0..N_FFT).map(|index| weight(index).powi(2)).sum::<f64>().sqrt();
    (0..N_FFT).map(|index| weight(index) / norm).collect()
}

/// Computes mel-cepstra of WORLD's envelopes and F0.
fn compute_envelopes_and_f0(clip: &Clip<'_>) -> Result<(Vectors, Vec<f64>), String> {
    let waveform = clip.waveform();
    let rate = waveform.sample_rate();
    let (order, alpha) = shape(rate)?;
    check_length(waveform, MOST_WORLD_SECONDS)?;
    let samples = as_integers(waveform);
    let period_ms = HOP as f64 / f64::from(rate) * 1000.0;
    let f0 = harvest(&samples, rate, F0_RANGE_HZ.0, F0_RANGE_HZ.1, period_ms);
    let cannot = |error| format!("cannot be analyzed: {error}");
    let envelope = CheapTrick::new(N_FFT, rate).map_err(cannot)?;
    let cepstra = Sp2mc::new(N_FFT, order, alpha).map_err(cannot)?;
    let mut values = Vec::with_capacity(f0.len() * (order + 1));
    envelope.for_each(&samples, period_ms, &f0, |power| values.extend(cepstra.of(power)));
    Ok((Vectors { values, dimension: order + 1 }, f0))
}
