//! A prepared text as what the encoder is pre-trained on, shard by shard.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use mynah_table::{ByteColumn, read_byte_columns};
use mynah_text::{SupPhones, Vocabulary};
use mynah_training::Error;
use mynah_training::tasks::pretrain::{Inventory, Sentence, Shards};

use super::run::{SUP_PHONES, VOCABULARY};
use crate::prepare::{TEXT_FORMAT, TextSummary};
use crate::program::read_toml;

/// What `mynah-prepare text` made.
pub(super) struct Text {
    directory: PathBuf,
    /// Its `text.toml`.
    pub(super) summary: TextSummary,
    pub(super) vocabulary: Vocabulary,
    pub(super) sup_phones: SupPhones,
}

impl Text {
    /// Opens a text, all shards of which have to be there.
    pub(super) fn open(directory: &Path) -> Result<Self> {
        let path = directory.join("text.toml");
        if !path.is_file() {
            bail!(
                "there is no `{}`: run `mynah-prepare text … --out {}`",
                path.display(),
                directory.display()
            );
        }
        let summary: TextSummary = read_toml(&path)?;
        if summary.format != TEXT_FORMAT {
            bail!(
                "`{}` has format {}, and this program reads format {TEXT_FORMAT}: run `mynah-prepare text` again",
                path.display(),
                summary.format
            );
        }
        let read = |name: &str| {
            let path = directory.join(name);
            fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))
        };
        let failed = |name: &str| format!("failed to read `{}`", directory.join(name).display());
        let vocabulary = Vocabulary::from_json(&read(VOCABULARY)?).with_context(|| failed(VOCABULARY))?;
        let sup_phones = SupPhones::from_json(&read(SUP_PHONES)?).with_context(|| failed(SUP_PHONES))?;
        let text = Self { directory: directory.to_owned(), summary, vocabulary, sup_phones };
        for index in 0..text.summary.counts.shards {
            let path = text.shard(index);
            if !path.is_file() {
                bail!("there is no `{}`: run `mynah-prepare text` again", path.display());
            }
        }
        Ok(text)
    }

    fn shard(&self, index: usize) -> PathBuf {
        self.directory.join(format!("shards/{index:05}.parquet"))
    }
}

/// The shards of a text.
pub(super) struct TextShards<'a> {
    pub(super) text: &'a Text,
    pub(super) inventory: &'a Inventory,
}

impl Shards for TextShards<'_> {
    fn len(&self) -> usize {
        self.text.summary.counts.shards
    }

    fn load(&self, index: usize) -> Result<Vec<Sentence>, Error> {
        let path = self.text.shard(index);
        let refuse = |why: String| Error::File { path: path.clone(), why };
        let columns = read_byte_columns(&path, &["symbol_ids", "sup_phone_ids"])
            .map_err(|error| refuse(error.to_string()))?;
        let [symbols, sup_phones]: [ByteColumn; 2] =
            columns.try_into().map_err(|_| refuse("it has not both columns of identifiers".to_owned()))?;
        let rows = symbols.rows().zip(sup_phones.rows()).enumerate();
        rows.map(|(row, (symbols, sup_phones))| {
            let symbols = symbols.iter().copied().map(u32::from).collect();
            let sup_phones: Vec<u32> = sup_phones
                .chunks(2)
                .map(|id| u32::from(id[0]) | id.get(1).map_or(0, |high| u32::from(*high) << 8))
                .collect();
            let id = format!("{}, row {}", path.display(), row + 1);
            Sentence::new(&id, symbols, &sup_phones, self.inventory)
        })
        .collect()
    }
}
