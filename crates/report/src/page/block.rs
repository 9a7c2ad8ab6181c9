//! Building blocks of a page.

use crate::table::Table;

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Page {
    /// Heading of the page.
    pub(crate) title: String,
    /// Introduction below the heading.
    pub(crate) lead: String,
    /// Warnings above everything else.
    pub(crate) banners: Vec<String>,
    /// Blocks before the first section: the answer, if the page gives one.
    pub(crate) answer: Vec<Block>,
    /// Sections in reading order.
    pub(crate) sections: Vec<Section>,
}

/// A section of a page with its heading and its entry in the table of contents.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    /// Name of the anchor: lowercase, words joined by hyphens.
    pub(crate) id: String,
    /// Heading.
    pub(crate) title: String,
    /// One line beside the heading of a section that is folded until it is asked for; `None` leaves it open.
    pub(crate) gist: Option<String>,
    /// Blocks in reading order.
    pub(crate) blocks: Vec<Block>,
}

impl Section {
    /// Creates a section whose blocks are visible.
    pub(crate) fn open(id: &str, title: impl Into<String>, blocks: Vec<Block>) -> Section {
        Section { id: id.to_owned(), title: title.into(), gist: None, blocks }
    }

    /// Creates a section of which only the heading and `gist` are visible until it is asked for.
    pub(crate) fn folded(
        id: &str,
        title: impl Into<String>,
        gist: impl Into<String>,
        blocks: Vec<Block>,
    ) -> Section {
        Section { id: id.to_owned(), title: title.into(), gist: Some(gist.into()), blocks }
    }
}

/// One piece of content.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    /// A paragraph.
    Text(String),
    /// Plain sentences, one per line.
    List(Vec<String>),
    /// A few names and values, in large type.
    Facts(Vec<(String, String)>),
    /// Many names and values, in small type.
    Settings(Vec<(String, String)>),
    /// A conclusion with its grounds.
    Finding {
        /// Subject.
        title: String,
        /// Conclusion in a few words; may be empty.
        word: String,
        /// Tone, which determines the color.
        tone: Tone,
        /// Conclusion in sentences.
        sentences: Vec<String>,
        /// Names and values that support it.
        grounds: Vec<(String, String)>,
    },
    /// Blocks beside each other where there is room.
    SideBySide(Vec<Block>),
    /// A table.
    Table(Table),
    /// A table available only as a CSV file, because it is too long for a page.
    File(Table),
    /// Figures, two side by side if they are narrow.
    Figures(Vec<Figure>),
    /// Clips to listen to, in one row.
    Clips {
        /// Spoken text.
        title: String,
        /// Players, one per clip.
        clips: Vec<Clip>,
    },
    /// Collapsed content that only some readers need.
    Folded {
        /// Summary, always visible.
        summary: String,
        /// Collapsed blocks.
        blocks: Vec<Block>,
    },
    /// Preformatted text.
    Code(String),
    /// An item to hear and to look at.
    Card(Card),
    /// Links to cards of the page, after a few words.
    Links {
        /// Words before the links.
        lead: String,
        /// Id of a card, and its name.
        links: Vec<(String, String)>,
    },
}

/// An item to hear and to look at, with the reasons.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card {
    /// Name of the anchor.
    pub(crate) id: String,
    /// Item and system.
    pub(crate) title: String,
    /// Gravest reason in a few words.
    pub(crate) word: String,
    /// Text that was to be read, if known.
    pub(crate) text: Option<String>,
    /// Reasons in sentences.
    pub(crate) sentences: Vec<String>,
    /// Names and values behind the reasons, folded.
    pub(crate) grounds: Vec<(String, String)>,
    /// Versions of the item beside each other.
    pub(crate) sounds: Vec<Sound>,
}

/// A sound with its picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sound {
    /// Speaker.
    pub(crate) label: String,
    /// Path relative to the page, or the reason why there is nothing to hear.
    pub(crate) path: Result<String, String>,
    /// Spectrogram as SVG.
    pub(crate) svg: Option<String>,
}

/// The tone of a finding, which determines its color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The desired outcome.
    Good,
    /// The undesired outcome.
    Bad,
    /// Neither.
    Open,
}

/// A figure with its caption.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// File name without extension.
    pub(crate) name: String,
    /// Drawing as SVG.
    pub(crate) svg: String,
    /// Description and reading instructions.
    pub(crate) caption: String,
}

/// A sound file next to the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clip {
    /// Speaker.
    pub(crate) label: String,
    /// Path relative to the page.
    pub(crate) path: String,
}

/// Returns the media type of a sound file.
pub(crate) fn media_type(path: &str) -> &'static str {
    let is_flac = path.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("flac"));
    if is_flac { "audio/flac" } else { "audio/wav" }
}
