//! End-to-end tests of the programs: real binaries on real clips.

mod answers;
mod blinding;
#[path = "../../examples/study_load/client.rs"]
mod client;
mod controls;
mod embeddings;
mod follow;
mod found;
mod gate;
mod interchange;
mod listen;
mod mushra;
mod onnx;
mod outside;
mod page;
mod paradigms;
mod preferences;
mod programs;
mod score;
mod serve;
mod summarize;
mod support;
mod tools;
mod votes;
