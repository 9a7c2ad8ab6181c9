//! The Wilcoxon signed-rank test of differences that should be symmetric about zero.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the test does with differences of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ZeroMethod {
    /// They are left out before ranking (Wilcoxon 1945).
    Wilcox,
    /// They are ranked and then left out (Pratt 1959): a comparison with many zeros is not made to look decided.
    #[default]
    Pratt,
    /// They are ranked, and half of their ranks goes to each side.
    Zsplit,
}

impl ZeroMethod {
    /// The name by which protocols and tables know it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wilcox => "wilcox",
            Self::Pratt => "pratt",
            Self::Zsplit => "zsplit",
        }
    }
}

impl fmt::Display for ZeroMethod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
