//! Measures of copy-synthesis, vocoders and codecs: the samples of both signals are at the same times.

pub(crate) mod pesq;
pub(crate) mod si_sdr;
pub(crate) mod signals;
pub(crate) mod spectra;
pub(crate) mod stoi;
