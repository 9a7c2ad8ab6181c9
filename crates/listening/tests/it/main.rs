//! A listening test from its protocol to its verdict, through the public functions.

mod ab;
mod ab_rehearsal;
mod abx;
mod abx_rehearsal;
mod answers;
mod assay;
mod audit;
mod bundle;
mod controls;
mod dmos;
mod found;
mod heard;
mod interchange;
mod mushra;
mod mushra_rehearsal;
mod plan;
mod protocol;
mod rehearsal;
mod screening;
mod similarity;
mod stimuli;
mod support;
mod verdict;
mod workload;
