//! A split of a dataset as training examples.

use mynah_corpus::{Dataset, Split, Utterance};
use mynah_training::Error;
use mynah_training::tasks::naturalspeech::{Example, Examples};

/// The full scale of the stored wave.
const FULL_SCALE: f32 = 32_768.0;

/// The utterances of one split, loaded one at a time.
pub(super) struct DatasetExamples<'a> {
    dataset: &'a Dataset,
    utterances: Vec<&'a Utterance>,
}

impl<'a> DatasetExamples<'a> {
    pub(super) fn new(dataset: &'a Dataset, split: Split) -> Self {
        Self { dataset, utterances: dataset.split(split).collect() }
    }
}

impl Examples for DatasetExamples<'_> {
    fn len(&self) -> usize {
        self.utterances.len()
    }

    fn frames(&self, index: usize) -> usize {
        self.utterances[index].frames as usize
    }

    fn load(&self, index: usize) -> Result<Example, Error> {
        let utterance = self.utterances[index];
        let features = self
            .dataset
            .features(utterance)
            .map_err(|error| Error::Example { id: utterance.id.clone(), why: error.to_string() })?;
        Ok(Example {
            id: utterance.id.clone(),
            symbols: utterance.symbol_ids.clone(),
            sup_phones: utterance.sup_phone_ids.clone(),
            durations: utterance.durations.clone(),
            wave: features.wave.into_iter().map(|x| f32::from(x) / FULL_SCALE).collect(),
        })
    }
}
