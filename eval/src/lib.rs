//! The programs that judge.
