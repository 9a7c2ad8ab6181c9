//! Sentences to listen to and look at.

use std::collections::BTreeSet;

use super::documents::Sample;
use super::file_name::free_name;
use crate::error::Error;
use crate::figure::Mel;
use crate::page::{Block, Clip, Figure};

/// Returns players and folded spectrograms, sentence by sentence; `names` are the figure names already taken.
pub(crate) fn blocks(samples: &[Sample], names: &mut BTreeSet<String>) -> Result<Vec<Block>, Error> {
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
        let title = match &sample.note {
            Some(note) => format!("{}, {note}", sample.item),
            None => sample.item.clone(),
        };
        if !clips.is_empty() {
            blocks.push(Block::Clips { title, clips });
        } else if sample.note.is_some() {
            blocks.push(Block::Text(title));
        }
        // All share one time axis, so that pauses and speaking rates can be compared.
        let longest = sample.versions.iter().map(|version| version.mel.seconds()).fold(0.0, f64::max);
        let mut figures = Vec::new();
        for version in &sample.versions {
            let title = format!("Mel spectrogram of {} by {}", sample.item, version.system);
            figures.push(Figure {
                name: free_name(&format!("mel-{}-{}", sample.item, version.system), names),
                svg: Mel { title, ..version.mel.clone() }.to_narrow_svg_lasting(longest)?,
                caption: format!("{}: {}", sample.item, version.system),
            });
        }
        if !figures.is_empty() {
            let summary = format!("Spectrograms of {}", sample.item);
            blocks.push(Block::Folded { summary, blocks: vec![Block::Figures(figures)] });
        }
    }
    Ok(blocks)
}
