//! Croissant metadata (`MLCommons`, version 1.0) of an exported dataset.

use std::fs;

use anyhow::{Context as _, Result};
use mynah_corpus::Split;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Export;

/// Description of a dataset for those who find it.
pub(super) struct Card<'a> {
    pub(super) name: &'a str,
    pub(super) license: Option<&'a str>,
    pub(super) description: String,
    /// Columns of `metadata.csv` with their meaning.
    pub(super) columns: &'a [(&'a str, &'a str)],
    pub(super) splits: &'a [Split],
}

impl Card<'_> {
    /// Returns the JSON-LD of the files that an export has written.
    pub(super) fn json(&self, export: &Export<'_>) -> Result<String> {
        let (mut distribution, mut record_sets) = (Vec::new(), Vec::new());
        for split in self.splits {
            let split = split.word();
            let name = format!("{split}/metadata.csv");
            let path = export.out.join(&name);
            let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
            let digits = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
            distribution.push(json!({
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "description": format!("Texts of the {split} split."),
                "contentUrl": name,
                "encodingFormat": "text/csv",
                "sha256": digits.concat(),
            }));
            distribution.push(json!({
                "@type": "cr:FileSet",
                "@id": format!("{split}-audio"),
                "name": format!("{split}-audio"),
                "description": format!("Recordings of the {split} split."),
                "encodingFormat": "audio/wav",
                "includes": format!("{split}/*.wav"),
            }));
            let field = |(column, meaning): &(&str, &str)| {
                json!({
                    "@type": "cr:Field",
                    "@id": format!("{split}/{column}"),
                    "name": format!("{split}/{column}"),
                    "description": meaning,
                    "dataType": "sc:Text",
                    "source": {"fileObject": {"@id": name}, "extract": {"column": column}},
                })
            };
            record_sets.push(json!({
                "@type": "cr:RecordSet",
                "@id": split,
                "name": split,
                "description": format!("Utterances of the {split} split."),
                "field": self.columns.iter().map(field).collect::<Vec<Value>>(),
            }));
        }
        let mut card = json!({
            "@context": context(),
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            "name": self.name,
            "description": self.description,
            "inLanguage": "en",
            "version": "1.0.0",
            "distribution": distribution,
            "recordSet": record_sets,
        });
        if let (Some(license), Some(card)) = (self.license, card.as_object_mut()) {
            card.insert("license".to_owned(), json!(license));
        }
        Ok(serde_json::to_string_pretty(&card)? + "\n")
    }
}

/// Returns the context that the specification prescribes.
fn context() -> Value {
    json!({
        "@language": "en",
        "@vocab": "https://schema.org/",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "dct": "http://purl.org/dc/terms/",
        "equivalentProperty": "cr:equivalentProperty",
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "extract": "cr:extract",
        "field": "cr:field",
        "fileProperty": "cr:fileProperty",
        "fileObject": "cr:fileObject",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "parentField": "cr:parentField",
        "path": "cr:path",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "samplingRate": "cr:samplingRate",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform",
    })
}
