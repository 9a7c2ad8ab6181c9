//! Pages as Markdown: headings, sentences and tables; figures are links to their files.

use super::block::{Block, Page};
use crate::table::escape_markdown;

impl Page {
    /// Renders the page as Markdown, with figures expected in `figures/` next to it.
    pub(crate) fn to_markdown(&self) -> String {
        let mut parts = vec![format!("# {}", escape_markdown(&self.title)), escape_markdown(&self.lead)];
        parts.extend(self.banners.iter().map(|banner| format!("> **{}**", escape_markdown(banner))));
        parts.extend(self.answer.iter().map(Block::to_markdown));
        for section in &self.sections {
            parts.push(format!("## {}", escape_markdown(&section.title)));
            parts.extend(section.blocks.iter().map(Block::to_markdown));
        }
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n") + "\n"
    }
}

impl Block {
    fn to_markdown(&self) -> String {
        let pairs = |pairs: &[(String, String)]| {
            let line = |(name, value): &(String, String)| {
                format!("- {}: {}", escape_markdown(name), escape_markdown(value))
            };
            pairs.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        match self {
            Block::Text(text) => escape_markdown(text),
            Block::List(sentences) => {
                let line = |sentence: &String| format!("- {}", escape_markdown(sentence));
                sentences.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            Block::Facts(facts) | Block::Settings(facts) => pairs(facts),
            Block::Finding { title, word, sentences, grounds, .. } => {
                let heading = match word.as_str() {
                    "" => format!("### {}", escape_markdown(title)),
                    word => format!("### {}: {}", escape_markdown(title), escape_markdown(word)),
                };
                let sentences = sentences.iter().map(|sentence| escape_markdown(sentence));
                std::iter::once(heading)
                    .chain(sentences)
                    .chain((!grounds.is_empty()).then(|| pairs(grounds)))
                    .collect::<Vec<_>>()
                    .join("\n\n")
            }
            Block::SideBySide(blocks) => {
                blocks.iter().map(Block::to_markdown).collect::<Vec<_>>().join("\n\n")
            }
            Block::Table(table) => table.to_markdown().trim_end().to_owned(),
            Block::File(table) => {
                let path = table.csv_path();
                format!("{} [{}](<{path}>)", escape_markdown(&table.caption), escape_markdown(&path))
            }
            Block::Figures(figures) => figures
                .iter()
                .map(|figure| format!("![{}](figures/{}.svg)", escape_markdown(&figure.caption), figure.name))
                .collect::<Vec<_>>()
                .join("\n\n"),
            Block::Clips { title, clips } => {
                let link = |clip: &super::Clip| {
                    format!("[{}](<{}>)", escape_markdown(&clip.label), clip.path.replace('>', "%3E"))
                };
                let links: Vec<String> = clips.iter().map(link).collect();
                format!("{}: {}", escape_markdown(title), links.join(", "))
            }
            Block::Folded { summary, blocks } => {
                let mut parts = vec![escape_markdown(summary)];
                parts.extend(blocks.iter().map(Block::to_markdown));
                parts.join("\n\n")
            }
            Block::Card(card) => {
                let mut parts =
                    vec![format!("#### {}: {}", escape_markdown(&card.title), escape_markdown(&card.word))];
                parts.extend(card.text.iter().chain(&card.sentences).map(|text| escape_markdown(text)));
                if !card.grounds.is_empty() {
                    parts.push(pairs(&card.grounds));
                }
                parts.extend(card.sounds.iter().map(|sound| {
                    let label = escape_markdown(&sound.label);
                    match &sound.path {
                        Ok(path) => format!("[{label}](<{}>)", path.replace('>', "%3E")),
                        Err(why) => format!("{label}: {}", escape_markdown(why)),
                    }
                }));
                parts.join("\n\n")
            }
            Block::Links { lead, links } => {
                let names: Vec<String> = links.iter().map(|(_, name)| escape_markdown(name)).collect();
                format!("{} {}", escape_markdown(lead), names.join(", "))
            }
            Block::Code(text) => format!("```text\n{}\n```", text.trim_end().replace("```", "'''")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Card, Section, Sound, Tone};

    #[test]
    fn renders_the_same_content_in_markdown() {
        let page = Page {
            title: "A *page*".into(),
            lead: "About nothing.".into(),
            banners: vec!["Simulated.".into()],
            answer: vec![Block::Text("Yes.".into())],
            sections: vec![Section::open(
                "s",
                "Section",
                vec![
                    Block::Finding {
                        title: "vits".into(),
                        word: "worse".into(),
                        tone: Tone::Bad,
                        sentences: vec!["It is worse.".into()],
                        grounds: vec![("mean".into(), "−0.2".into())],
                    },
                    Block::List(vec!["one".into(), "two".into()]),
                    Block::Card(Card {
                        id: "item-1".into(),
                        title: "a by vits".into(),
                        word: "hum".into(),
                        text: Some("Hello.".into()),
                        sentences: vec!["It hums.".into()],
                        grounds: vec![("hum".into(), "−12 dB".into())],
                        sounds: vec![
                            Sound { label: "vits".into(), path: Ok("audio/a.wav".into()), svg: None },
                            Sound { label: "recording".into(), path: Err("there is none".into()), svg: None },
                        ],
                    }),
                    Block::Links {
                        lead: "Above:".into(),
                        links: vec![("item-1".into(), "a by vits".into())],
                    },
                ],
            )],
        };
        assert_eq!(
            page.to_markdown(),
            "# A \\*page\\*\n\nAbout nothing.\n\n> **Simulated.**\n\nYes.\n\n## Section\n\n### vits: worse\n\n\
             It is worse.\n\n- mean: −0.2\n\n- one\n- two\n\n#### a by vits: hum\n\nHello.\n\nIt hums.\n\n- hum: −12 dB\n\n\
             [vits](<audio/a.wav>)\n\nrecording: there is none\n\nAbove: a by vits\n"
        );
    }
}
