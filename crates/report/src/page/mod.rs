//! Pages: sections made of a few kinds of blocks, rendered as HTML and as Markdown from the same content.

mod block;
mod code;
mod html;
mod markdown;

pub(crate) use block::{Block, Card, Clip, Figure, Page, Section, Sound, Tone};
pub(crate) use code::{code_spans, text_to_html};
