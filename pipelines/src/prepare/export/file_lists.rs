//! File lists of VITS and HiFi-GAN.

use anyhow::Result;
use mynah_cli::say;
use mynah_corpus::{Split, Utterance};
use mynah_signal::{MelProfile, npy};
use mynah_text::vits_text;

use super::{Export, one_line};

/// Writes `wavs`, and in `filelists` the lists of each split: `wavs/ID.wav|text`, with several speakers
/// `wavs/ID.wav|speaker|text`, and the same with phonemes (`.cleaned`).
pub(super) fn vits(export: &Export<'_>) -> Result<()> {
    export.each(|utterance| export.wav(utterance, &format!("wavs/{}.wav", utterance.id)))?;
    for (split, name) in [(Split::Train, "train"), (Split::Validation, "val"), (Split::Test, "test")] {
        let (mut texts, mut phonemes) = (String::new(), String::new());
        for utterance in export.split(split) {
            let speaker = export.speaker_index(utterance).map_or(String::new(), |index| format!("|{index}"));
            let start = format!("wavs/{}.wav{speaker}|", utterance.id);
            texts.extend([&start, one_line(&utterance.text).as_str(), "\n"]);
            phonemes.extend([&start, one_line(&vits_text(&utterance.parse_symbols()?)).as_str(), "\n"]);
        }
        export.file(&format!("filelists/{name}.txt"), texts.as_bytes())?;
        export.file(&format!("filelists/{name}.txt.cleaned"), phonemes.as_bytes())?;
    }
    if !export.speakers.is_empty() {
        let names = export.speakers.iter().enumerate().map(|(id, name)| format!("{id}|{}\n", one_line(name)));
        export.file("filelists/speakers.txt", names.collect::<Vec<_>>().concat().as_bytes())?;
    }
    Ok(())
}

/// Writes `wavs`, `mels` for fine-tuning, and `training.txt` and `validation.txt` with `ID|text`.
pub(super) fn hifigan(export: &Export<'_>) -> Result<()> {
    export.each(|utterance| {
        export.wav(utterance, &format!("wavs/{}.wav", utterance.id))?;
        let mel = export.dataset.features(utterance)?.mel;
        let bytes = npy::write_f32(&[mel.n_bins(), mel.n_frames()], mel.data());
        export.file(&format!("mels/{}.npy", utterance.id), &bytes)
    })?;
    let list = |utterances: Vec<&Utterance>| -> String {
        let lines = utterances.iter().map(|u| format!("{}|{}\n", u.id, one_line(&u.normalized)));
        lines.collect::<Vec<_>>().concat()
    };
    export.file("training.txt", list(export.split(Split::Train)).as_bytes())?;
    export.file("validation.txt", list(export.split(Split::Validation)).as_bytes())?;
    export.file("test.txt", list(export.split(Split::Test)).as_bytes())?;
    if export.dataset.info().recipe.audio.mel != MelProfile::Hifigan {
        say(
            "note: the mels are those of VITS; for HiFi-GAN's, prepare the corpus with `mel = \"hifigan\"` under `[audio]`",
        );
    }
    Ok(())
}
