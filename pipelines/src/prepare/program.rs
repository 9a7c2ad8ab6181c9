//! The name of the program in the artifacts that it writes.

/// The program and its version.
pub(super) const PROGRAM: &str = concat!("mynah-prepare ", env!("CARGO_PKG_VERSION"));
