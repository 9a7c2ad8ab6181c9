//! The page that raters see, and its clips.

pub(crate) mod audit;
pub(crate) mod blinding;
pub(crate) mod bundle;
pub(crate) mod dither;
pub(crate) mod edges;
pub(crate) mod html;
pub(crate) mod key;
pub(crate) mod links;
pub(crate) mod pages;
pub(crate) mod stimuli;
pub(crate) mod strings;
pub(crate) mod survey;
