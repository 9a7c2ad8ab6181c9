//! The bundle that raters receive: clips and the page that plays them.

pub(crate) mod blinding;
pub(crate) mod bundle;
pub(crate) mod html;
pub(crate) mod stimuli;
