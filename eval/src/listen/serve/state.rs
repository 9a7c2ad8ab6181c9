//! The state that all requests share.

use std::collections::HashMap;
use std::path::PathBuf;

use mynah_listening::{Pages, Plan};
use mynah_study::Places;

use super::limit::Limits;
use super::writer::Writer;
use crate::listen::served_args::{EndingArgs, EntryArg};

/// A study that is being served.
pub(super) struct Study {
    pub(super) plan: &'static Plan,
    pub(super) pages: Pages<'static>,
    /// The page, without any session.
    pub(super) page: String,
    /// The files of the clips by name: nothing else is ever read.
    pub(super) clips: HashMap<String, PathBuf>,
    pub(super) places: Places,
    pub(super) entry: EntryArg,
    pub(super) ending: EndingArgs,
    pub(super) store: PathBuf,
    pub(super) writer: Writer,
    pub(super) limits: Limits,
    pub(super) behind_proxy: bool,
    /// The experimenter's token.
    pub(super) experimenter: String,
    pub(super) bonus: Option<f64>,
}
