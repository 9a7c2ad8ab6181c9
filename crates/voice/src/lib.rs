//! The NaturalSpeech model (arXiv 2205.04421): modules, losses, training, checkpoints and synthesis.
