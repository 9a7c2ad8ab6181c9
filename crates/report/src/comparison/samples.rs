//! Sentences to be listened to and looked at.

use std::collections::BTreeSet;

use super::documents::Sample;
use crate::error::Error;
use crate::figure::Mel;
use crate::page::{Block, Clip, Figure};

/// Players and spectrograms, sentence by sentence.
pub(crate) fn blocks(samples: &[Sample]) -> Result<Vec<Block>, Error> {
    let mut names = BTreeSet::new();
    let mut blocks = Vec::new();
    for sample in samples {
        let clips: Vec<Clip> = sample
            .versions
            .iter()
            .filter_map(|version| {
                let path = version.audio.clone()?;
                Some(Clip { label: version.system.clone(), path })
            })
            .collect();
        if !clips.is_empty() {
            blocks.push(Block::Clips { title: sample.item.clone(), clips });
        }
        let mut figures = Vec::new();
        for version in &sample.versions {
            let title = format!("Mel spectrogram of {} by {}", sample.item, version.system);
            figures.push(Figure {
                name: free_name(&format!("mel-{}-{}", sample.item, version.system), &mut names),
                svg: Mel { title, ..version.mel.clone() }.to_svg()?,
                caption: format!("{}: {}", sample.item, version.system),
            });
        }
        if !figures.is_empty() {
            blocks.push(Block::Figures(figures));
        }
    }
    Ok(blocks)
}

/// `wanted` as the name of a file, with a number when two names become the same.
fn free_name(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String =
        wanted.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let numbered = (2..).map(|number| format!("{plain}-{number}"));
    let free = std::iter::once(plain.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
    free.unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_plain_and_never_the_same() {
        let mut taken = BTreeSet::new();
        let names = ["mel-a/b", "mel-a b", "mel-a_b"].map(|name| free_name(name, &mut taken));
        assert_eq!(names, ["mel-a_b", "mel-a_b-2", "mel-a_b-3"]);
    }
}
