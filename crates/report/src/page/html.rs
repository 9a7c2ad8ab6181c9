//! Pages as HTML: one file with its style and its figures inside; no script, no network.

use askama::Template;

use super::block::{Block, Clip, Figure, Page, Section, Tone};
use super::code::text_to_html;
use crate::error::Error;
use crate::figure::{dark_style, inline};

/// The style of all pages.
const STYLE: &str = include_str!("../../templates/style.css");

/// What `templates/page.html` needs.
#[derive(Template)]
#[template(path = "page.html")]
struct PageTemplate<'a> {
    page: &'a Page,
    style: String,
    sections: Vec<(&'a Section, Vec<String>)>,
}

/// What `templates/block.html` needs.
#[derive(Template)]
#[template(path = "block.html")]
struct BlockTemplate<'a> {
    block: View<'a>,
}

/// A block with everything inside it already written.
enum View<'a> {
    Text(&'a str),
    List(&'a [String]),
    Facts(&'a [(String, String)]),
    Settings(&'a [(String, String)]),
    Finding {
        title: &'a str,
        word: &'a str,
        tone: &'static str,
        sentence: &'a str,
        grounds: &'a [(String, String)],
    },
    Written(String),
    Figures(Vec<FigureView<'a>>),
    Clips {
        title: &'a str,
        clips: &'a [Clip],
    },
    Folded {
        summary: &'a str,
        blocks: Vec<String>,
    },
    Code(&'a str),
}

/// A figure without what it has from the page.
struct FigureView<'a> {
    svg: String,
    caption: &'a str,
}

impl Page {
    /// The whole page as one HTML file.
    pub(crate) fn to_html(&self) -> Result<String, Error> {
        let mut sections = Vec::new();
        for section in &self.sections {
            let blocks: Result<Vec<String>, Error> = section.blocks.iter().map(Block::to_html).collect();
            sections.push((section, blocks?));
        }
        let style = format!("{STYLE}{}\n", dark_style());
        let template = PageTemplate { page: self, style, sections };
        template.render().map_err(|source| Error::Template { what: "a page", source })
    }
}

impl Block {
    fn to_html(&self) -> Result<String, Error> {
        let block = match self {
            Block::Text(text) => View::Text(text),
            Block::List(sentences) => View::List(sentences),
            Block::Facts(facts) => View::Facts(facts),
            Block::Settings(settings) => View::Settings(settings),
            Block::Finding { title, word, tone, sentence, grounds } => {
                let tone = match tone {
                    Tone::Good => "good",
                    Tone::Bad => "bad",
                    Tone::Open => "open",
                };
                View::Finding { title, word, tone, sentence, grounds }
            }
            Block::Table(table) => View::Written(table.to_html()?),
            Block::Figures(figures) => View::Figures(figures.iter().map(figure_view).collect()),
            Block::Clips { title, clips } => View::Clips { title, clips },
            Block::Folded { summary, blocks } => {
                let blocks: Result<Vec<String>, Error> = blocks.iter().map(Block::to_html).collect();
                View::Folded { summary, blocks: blocks? }
            }
            Block::Code(text) => View::Code(text),
        };
        BlockTemplate { block }.render().map_err(|source| Error::Template { what: "a page", source })
    }
}

fn figure_view(figure: &Figure) -> FigureView<'_> {
    FigureView { svg: inline(&figure.svg), caption: &figure.caption }
}
