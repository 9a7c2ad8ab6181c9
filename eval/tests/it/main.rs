//! The programs as people use them: real binaries, real clips, files on a disk.

mod found;
mod listen;
mod score;
mod summarize;
mod support;
