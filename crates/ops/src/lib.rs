//! Differentiable tensor operations that candle 0.11 lacks, gets wrong or does slowly.
//!
//! It knows nothing of speech.
