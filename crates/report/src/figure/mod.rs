//! Figures: plain data in, one SVG out, the same bytes for the same data.
//!
//! Every figure has its own file, its own struct with plain fields, and `to_svg`. An SVG is whole by itself: no font,
//! no script, no reference to anything outside. It is drawn on a white ground, and on a dark one where the reader's
//! system asks for that.

mod axis;
mod bars;
mod forest;
mod histogram;
mod interval;
mod legend;
mod lines;
mod mel;
mod panels;
mod pen;
mod ratings;
mod scatter;
mod stacks;
mod waterfall;

pub use bars::{Bar, Bars};
pub use forest::{Forest, ForestRow};
pub use histogram::Histogram;
pub use lines::{Line, Lines};
pub use mel::{Mel, MelLabel};
pub use panels::{Panel, PanelPoint, Panels};
pub use ratings::{RatingCounts, Ratings};
pub use scatter::{Scatter, ScatterSeries};
pub use stacks::{StackRow, Stacks};
pub use waterfall::{Waterfall, Waterfalls};

pub(crate) use axis::number;
pub(crate) use pen::{dark_style, escape, inline};
