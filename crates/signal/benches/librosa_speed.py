# /// script
# requires-python = ">=3.11"
# dependencies = ["librosa==0.11.0", "numpy==2.4.6", "scipy==1.17.1", "soundfile==0.14.0"]
# ///
"""Seconds of audio that librosa turns into log-mel spectrograms per second of processor time, on the bundled clips.

Counterpart of `cargo bench -p mynah-signal --bench ratios`: the same clips and framing, filters built once, and librosa's
default of single precision. The figure is that of the fastest of several rounds."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import time
from pathlib import Path

import librosa
import numpy as np
import soundfile

CLIPS = Path(__file__).resolve().parents[3] / "fixtures/ljspeech-mini/wavs"
N_FFT, HOP, N_MELS, ROUNDS = 1024, 256, 80, 8


def log_mel(samples, filters):
    padded = np.pad(samples, (N_FFT - HOP) // 2, mode="reflect")
    magnitude = np.abs(librosa.stft(padded, n_fft=N_FFT, hop_length=HOP, center=False))
    return np.log(np.maximum(filters @ magnitude, 1e-5))


def main():
    clips = [soundfile.read(path, dtype="float32") for path in sorted(CLIPS.glob("*.wav"))]
    seconds = sum(len(samples) / rate for samples, rate in clips)
    filters = librosa.filters.mel(sr=22050, n_fft=N_FFT, n_mels=N_MELS, fmin=0.0, fmax=None)
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        for samples, _ in clips:
            log_mel(samples, filters)
        best = min(best, time.process_time() - begin)
    print(f"librosa {librosa.__version__}: {seconds / best:.0f} audio-s / CPU-s")


if __name__ == "__main__":
    main()
