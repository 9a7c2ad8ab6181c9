//! Convolutions over time, plain and transposed, with their gradients.
//!
//! The same three operations serve both kinds. They are defined on the *long* side x `[B, C_long, T_long]`
//! (the input of a convolution, the output of a transposed one), the *short* side y `[B, C_short, T_short]`
//! and the weight w `[C_short, C_long / groups, K]`:
//!
//! ```text
//! forward           y[o, t]                 =  Σ_c,k  w[o, c, k] · x[c, s·t + d·k − p]
//! backward data     x[c, s·t + d·k − p]    +=  Σ_o    w[o, c, k] · y[o, t]
//! backward filter   w[o, c, k]              =  Σ_b,t  y[o, t]    · x[c, s·t + d·k − p]
//! ```
//!
//! A transposed convolution is *backward data*; its gradients are the other two operations.
//!
//! All three run on one register tile ([`kernel`]), which multiplies vectors of adjacent values by scalars.
//! Operand positions come from a table, so strides, dilations and taps cost nothing inside the loop. No
//! patches are materialized: each input value is copied once, into a padded block in the cache.

mod bias;
#[cfg(feature = "cuda")]
mod cuda;
mod filter;
mod geometry;
mod kernel;
mod operation;
mod panel;
mod taps;
mod weights;

pub use geometry::{Conv1dConfig, ConvTranspose1dConfig};
pub use operation::{conv_transpose1d, conv1d};
