//! The bundle that raters receive: clips with opaque names and the page that plays them.

pub(crate) mod blinding;
pub(crate) mod bundle;
pub(crate) mod html;
pub(crate) mod key;
pub(crate) mod stimuli;
