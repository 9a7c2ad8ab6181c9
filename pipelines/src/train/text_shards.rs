//! A text as training data of the encoder.

use mynah_corpus::text_dataset::{TextDataset, TextSentence};
use mynah_training::Error;
use mynah_training::tasks::pretrain::{Inventory, Sentence, Shards};

/// The shards of a text, loaded one at a time.
pub(super) struct TextShards<'a> {
    pub(super) text: &'a TextDataset,
    pub(super) inventory: &'a Inventory,
}

impl Shards for TextShards<'_> {
    fn len(&self) -> usize {
        self.text.n_shards()
    }

    fn load(&self, index: usize) -> Result<Vec<Sentence>, Error> {
        let path = self.text.shard_path(index);
        let sentences = self
            .text
            .read_shard(index)
            .map_err(|error| Error::File { path: path.clone(), why: error.to_string() })?;
        let sentence = |(row, sentence): (usize, TextSentence)| {
            let id = format!("{}, row {}", path.display(), row + 1);
            Sentence::new(&id, sentence.symbol_ids, &sentence.sup_phone_ids, self.inventory)
        };
        sentences.into_iter().enumerate().map(sentence).collect()
    }
}
