//! Transforms of many frames at once, one frame per vector lane.
//!
//! ```text
//! signal ──Blocks──► [sample, lane] ──LaneFft──► [bin, lane] ──► powers of one frame per lane
//! ```
//!
//! Side by side, the frames need no shuffles within a register: every step of the transform, and of any
//! computation on the powers, is the same arithmetic in every lane. A lane computes the same on every
//! machine, with products and sums rounded individually, so the results are identical to the bit on every
//! instruction set.
//!
//! Code that touches registers must be inlined into the function compiled for the machine. Closures are
//! therefore marked, and passed to standard library functions only if those are sure to be inlined too.

mod butterflies;
mod fft;
mod frames;

pub(crate) use frames::{Batch, Edge, LaneFrames, PowerVisitor, visit_one_by_one};
