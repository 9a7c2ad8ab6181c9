//! The programs that make.
