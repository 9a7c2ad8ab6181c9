//! End-to-end tests of the programs: real binaries on real clips.

mod follow;
mod found;
mod gate;
mod listen;
mod programs;
mod score;
mod summarize;
mod support;
mod votes;
