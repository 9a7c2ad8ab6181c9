//! Sentences to be listened to and looked at.

use std::collections::BTreeSet;

use super::documents::Sample;
use super::file_name::free_name;
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
