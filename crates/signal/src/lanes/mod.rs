//! Transforms of many frames at once: each lane of a vector register holds another frame.
//!
//! ```text
//! signal ──Blocks──► [sample, lane] ──LaneFft──► [bin, lane] ──► powers of as many frames as there are lanes
//! ```
//!
//! Side by side, the frames need no shuffles within a register: every step of the transform, and whatever is computed
//! of the powers after it, is the same arithmetic in every lane. A lane computes what a lane of any other machine does,
//! with products and sums rounded one by one, so the results are the same to the bit on every instruction set.
//!
//! Whatever touches registers has to be inlined into the function that is compiled for the machine: closures are marked,
//! and given to functions of the standard library only where those are sure to be inlined too.

mod butterflies;
mod fft;
mod frames;

pub(crate) use frames::{Batch, Edge, LaneFrames, PowerVisitor, visit_one_by_one};
