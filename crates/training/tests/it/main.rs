//! Trainings from their first step to their last.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod naturalspeech;
mod patience;
mod resumption;
mod start;
mod support;
