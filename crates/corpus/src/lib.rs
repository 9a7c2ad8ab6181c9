//! Corpora and datasets: LJSpeech in, manifest, splits, alignments, features and tables out.
