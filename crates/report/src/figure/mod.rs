//! Figures: plain data in, one SVG out; the same data give the same bytes.
//!
//! Every figure has its own file, its own struct with plain fields, and `to_svg`. An SVG is self-contained: no font, no
//! script, no external reference. It is drawn on a white background, and on a dark one if the reader's system asks for
//! that.

mod axis;
mod bars;
mod forest;
mod histogram;
mod interval;
mod legend;
mod lines;
mod matrix;
mod mel;
mod panels;
mod pen;
mod ratings;
mod scatter;
mod spreads;
mod stacks;
mod waterfall;

pub use bars::{Bar, Bars};
pub use forest::{Forest, ForestRow};
pub use histogram::Histogram;
pub use lines::{Line, Lines};
pub use matrix::{Matrix, MatrixColumn, MatrixPoint};
pub use mel::{Mel, MelLabel};
pub use panels::{Panel, PanelPoint, Panels};
pub use ratings::{RatingCounts, Ratings};
pub use scatter::{Scatter, ScatterSeries};
pub use spreads::{SpreadRow, Spreads};
pub use stacks::{StackRow, Stacks};
pub use waterfall::{Waterfall, Waterfalls};

pub(crate) use axis::number;
pub(crate) use histogram::quantile;
pub(crate) use pen::{dark_style, escape, inline, is_wide};
