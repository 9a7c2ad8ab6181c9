//! What a page is made of.

use crate::table::Table;

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Page {
    /// The heading of the whole.
    pub(crate) title: String,
    /// What it is about, below the heading.
    pub(crate) lead: String,
    /// What must not be missed, above everything else.
    pub(crate) banners: Vec<String>,
    /// In reading order.
    pub(crate) sections: Vec<Section>,
}

/// A part of a page with its own heading and its own place in the list of contents.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    /// The name of its anchor: lower case, words joined by hyphens.
    pub(crate) id: String,
    /// The heading.
    pub(crate) title: String,
    /// In reading order.
    pub(crate) blocks: Vec<Block>,
}

/// One piece of content.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    /// A paragraph.
    Text(String),
    /// Plain sentences, one below the other.
    List(Vec<String>),
    /// Names and values, a few large ones.
    Facts(Vec<(String, String)>),
    /// Names and values, many small ones.
    Settings(Vec<(String, String)>),
    /// A conclusion with its grounds.
    Finding {
        /// What it is about.
        title: String,
        /// The conclusion in one or two words.
        word: String,
        /// How it is coloured.
        tone: Tone,
        /// The conclusion in sentences.
        sentences: Vec<String>,
        /// Names and values that it rests on.
        grounds: Vec<(String, String)>,
    },
    /// A table.
    Table(Table),
    /// A table that is a CSV file only: too long to be read on a page.
    File(Table),
    /// Figures, two beside each other where they are narrow.
    Figures(Vec<Figure>),
    /// Clips to be listened to, in one row.
    Clips {
        /// What is said.
        title: String,
        /// One player each.
        clips: Vec<Clip>,
    },
    /// What only some readers want to see.
    Folded {
        /// The line that is always visible.
        summary: String,
        /// The rest.
        blocks: Vec<Block>,
    },
    /// Text whose line breaks mean something.
    Code(String),
}

/// How a finding is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// What was hoped for.
    Good,
    /// What was feared.
    Bad,
    /// Neither.
    Open,
}

/// A figure with its caption.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// The name of its file, without extension.
    pub(crate) name: String,
    /// The drawing.
    pub(crate) svg: String,
    /// What it shows and how to read it.
    pub(crate) caption: String,
}

/// A sound file beside the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clip {
    /// Who speaks.
    pub(crate) label: String,
    /// Path relative to the page.
    pub(crate) path: String,
}
