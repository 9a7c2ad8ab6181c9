//! Pages as HTML: one file with embedded style and figures; no script, no network.

use askama::Template;

use super::block::{Block, Card, Clip, Figure, Page, Section, Sound, Tone, media_type};
use super::code::text_to_html;
use crate::error::Error;
use crate::figure::{dark_style, inline, is_wide, number};
use crate::table::{Cell, Table};

/// Style sheet of all pages.
const STYLE: &str = include_str!("../../templates/style.css");

/// Number of table rows visible before the others are unfolded.
const SHOWN_ROWS: usize = 24;

/// Context of `templates/page.html`.
#[derive(Template)]
#[template(path = "page.html")]
struct PageTemplate<'a> {
    page: &'a Page,
    style: String,
    answer: Vec<String>,
    sections: Vec<(&'a Section, Vec<String>)>,
    /// `true` for a table of contents; folded sections are one themselves.
    has_contents: bool,
}

/// Context of `templates/block.html`.
#[derive(Template)]
#[template(path = "block.html")]
struct BlockTemplate<'a> {
    block: View<'a>,
}

/// A block with its contents already rendered.
enum View<'a> {
    Text(&'a str),
    List(&'a [String]),
    Facts(&'a [(String, String)]),
    Settings(&'a [(String, String)]),
    Finding {
        title: &'a str,
        word: &'a str,
        tone: &'static str,
        sentences: &'a [String],
        grounds: &'a [(String, String)],
    },
    SideBySide(Vec<String>),
    Written(String),
    File {
        caption: &'a str,
        path: String,
    },
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
    Card {
        card: &'a Card,
        sounds: Vec<SoundView<'a>>,
    },
    Links {
        lead: &'a str,
        links: &'a [(String, String)],
    },
}

/// A sound without the parts that its page provides.
struct SoundView<'a> {
    label: &'a str,
    path: Result<&'a str, &'a str>,
    svg: Option<String>,
}

/// A figure without the parts that its page provides.
struct FigureView<'a> {
    svg: String,
    caption: &'a str,
    /// `true` if it is too wide to be scaled down to a phone.
    is_wide: bool,
}

impl Page {
    /// Renders the page as one HTML file.
    pub(crate) fn to_html(&self) -> Result<String, Error> {
        let render =
            |blocks: &[Block]| blocks.iter().map(Block::to_html).collect::<Result<Vec<String>, Error>>();
        let mut sections = Vec::new();
        for section in &self.sections {
            sections.push((section, render(&section.blocks)?));
        }
        let style = format!("{STYLE}{}\n", dark_style());
        let has_contents = self.sections.iter().any(|section| section.gist.is_none());
        let template =
            PageTemplate { page: self, style, answer: render(&self.answer)?, sections, has_contents };
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
            Block::Finding { title, word, tone, sentences, grounds } => {
                let tone = match tone {
                    Tone::Good => "good",
                    Tone::Bad => "bad",
                    Tone::Open => "open",
                };
                View::Finding { title, word, tone, sentences, grounds }
            }
            Block::SideBySide(blocks) => {
                let blocks: Result<Vec<String>, Error> = blocks.iter().map(Block::to_html).collect();
                View::SideBySide(blocks?)
            }
            Block::Table(table) => View::Written(table_to_html(table)?),
            Block::File(table) => View::File { caption: &table.caption, path: table.csv_path() },
            Block::Figures(figures) => View::Figures(figures.iter().map(figure_view).collect()),
            Block::Clips { title, clips } => View::Clips { title, clips },
            Block::Folded { summary, blocks } => {
                let blocks: Result<Vec<String>, Error> = blocks.iter().map(Block::to_html).collect();
                View::Folded { summary, blocks: blocks? }
            }
            Block::Code(text) => View::Code(text),
            Block::Card(card) => View::Card { card, sounds: card.sounds.iter().map(sound_view).collect() },
            Block::Links { lead, links } => View::Links { lead, links },
        };
        BlockTemplate { block }.render().map_err(|source| Error::Template { what: "a page", source })
    }
}

/// Renders the table, with its later rows folded if there are many.
fn table_to_html(table: &Table) -> Result<String, Error> {
    if table.rows.len() <= SHOWN_ROWS + SHOWN_ROWS / 4 {
        return table.to_html();
    }
    let part = |caption: &str, rows: &[Vec<Cell>]| Table {
        caption: caption.to_owned(),
        rows: rows.to_vec(),
        ..table.clone()
    };
    let first = part(&table.caption, &table.rows[..SHOWN_ROWS]).to_html()?;
    let rest = part("", &table.rows[SHOWN_ROWS..]).to_html()?;
    let summary = format!("{} more rows", number((table.rows.len() - SHOWN_ROWS) as f64, 0));
    let folded = BlockTemplate { block: View::Folded { summary: &summary, blocks: vec![rest] } }
        .render()
        .map_err(|source| Error::Template { what: "a page", source })?;
    Ok(first + &folded)
}

fn figure_view(figure: &Figure) -> FigureView<'_> {
    FigureView { svg: inline(&figure.svg), caption: &figure.caption, is_wide: is_wide(&figure.svg) }
}

fn sound_view(sound: &Sound) -> SoundView<'_> {
    SoundView {
        label: &sound.label,
        path: sound.path.as_deref().map_err(String::as_str),
        svg: sound.svg.as_deref().map(inline),
    }
}
