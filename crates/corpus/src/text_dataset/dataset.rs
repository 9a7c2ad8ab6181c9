//! Reading a text that was encoded.

use std::fs;
use std::path::{Path, PathBuf};

use mynah_table::{ByteColumn, read_byte_columns};
use mynah_text::{SupPhones, Vocabulary};

use super::info::{INFO, SUP_PHONES, TEXT_FORMAT, TextInfo, VOCABULARY, shard_path};
use crate::Error;

/// A complete text, read shard by shard.
#[derive(Debug, Clone)]
pub struct TextDataset {
    root: PathBuf,
    info: TextInfo,
    vocabulary: Vocabulary,
    sup_phones: SupPhones,
}

/// The identifiers of one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSentence {
    /// Identifiers of the symbols.
    pub symbol_ids: Vec<u32>,
    /// The sup-phoneme of each symbol.
    pub sup_phone_ids: Vec<u32>,
}

impl TextDataset {
    /// Opens the text at `root`.
    ///
    /// # Errors
    ///
    /// [`Error::TextMissing`] when `text.toml` or a shard is missing, [`Error::TextFormat`] for another version of the
    /// layout, [`Error::Dataset`] for a file that does not have its form.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let missing = |path: &Path| Error::TextMissing { path: path.to_owned(), text: root.to_owned() };
        let path = root.join(INFO);
        if !path.is_file() {
            return Err(missing(&path));
        }
        let read = |name: &str| {
            let path = root.join(name);
            fs::read_to_string(&path).map_err(Error::io("read", &path))
        };
        let info: TextInfo = toml::from_str(&read(INFO)?).map_err(|why| Error::dataset(&path, &why))?;
        if info.format != TEXT_FORMAT {
            return Err(Error::TextFormat { path, found: info.format });
        }
        let vocabulary = Vocabulary::from_json(&read(VOCABULARY)?)
            .map_err(|why| Error::dataset(&root.join(VOCABULARY), &why))?;
        let sup_phones = SupPhones::from_json(&read(SUP_PHONES)?)
            .map_err(|why| Error::dataset(&root.join(SUP_PHONES), &why))?;
        let text = Self { root: root.to_owned(), info, vocabulary, sup_phones };
        match (0..text.n_shards()).map(|index| text.shard_path(index)).find(|path| !path.is_file()) {
            Some(path) => Err(missing(&path)),
            None => Ok(text),
        }
    }

    /// Returns the contents of `text.toml`.
    #[must_use]
    pub fn info(&self) -> &TextInfo {
        &self.info
    }

    /// Returns the vocabulary of the symbols.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Returns the sup-phonemes.
    #[must_use]
    pub fn sup_phones(&self) -> &SupPhones {
        &self.sup_phones
    }

    /// Returns the number of shards.
    #[must_use]
    pub fn n_shards(&self) -> usize {
        self.info.counts.shards
    }

    /// Returns the path of a shard's table.
    #[must_use]
    pub fn shard_path(&self, index: usize) -> PathBuf {
        shard_path(&self.root, index)
    }

    /// Reads the sentences of a shard, in the order of the input.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] when the file is not such a table.
    pub fn read_shard(&self, index: usize) -> Result<Vec<TextSentence>, Error> {
        let path = self.shard_path(index);
        let columns = read_byte_columns(&path, &["symbol_ids", "sup_phone_ids"])?;
        let [symbols, sup_phones]: [ByteColumn; 2] =
            columns.try_into().map_err(|_| Error::dataset(&path, &"a column of identifiers is missing"))?;
        let sentence = |(symbols, sup_phones): (&[u8], &[u8])| TextSentence {
            symbol_ids: symbols.iter().copied().map(u32::from).collect(),
            sup_phone_ids: sup_phones
                .chunks(2)
                .map(|id| u32::from(id[0]) | id.get(1).map_or(0, |high| u32::from(*high) << 8))
                .collect(),
        };
        Ok(symbols.rows().zip(sup_phones.rows()).map(sentence).collect())
    }
}
