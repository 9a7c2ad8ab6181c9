//! Reader of the files of `torch.save`: zip archives with a pickle and the raw bytes of its tensors.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use candle_core::{Device, Tensor};
use zip::{CompressionMethod, ZipArchive};

use super::pickle::{Element, Entry, Pickle, TensorPlan};
use crate::Error;

/// Upper limit of the size of a pickle. Those of VITS, including the optimizer state, have less than a million bytes.
const PICKLE_BYTES: u64 = 1 << 26;

/// Upper limits of the elements of all tensors (VITS has 40 million) and of the bytes of their storages.
const MOST_ELEMENTS: usize = 1 << 29;
const MOST_BYTES: u64 = 1 << 33;

/// Names under which training scripts store the parameters of a model next to other contents.
const WRAPPERS: [&str; 3] = ["model", "state_dict", "generator"];

/// Prefix that `DistributedDataParallel` adds to every name.
const PARALLEL: &str = "module.";

/// Names in PyTorch 2 of the former `weight_g` and `weight_v`.
const PARAMETRIZED: [(&str, &str); 2] = [
    (".parametrizations.weight.original0", ".weight_g"),
    (".parametrizations.weight.original1", ".weight_v"),
];

/// Tensors of a checkpoint, and the names of its other contents.
#[derive(Debug)]
pub(super) struct Checkpoint {
    /// Parameters in f32 under the names of PyTorch 1: without `module.`, weight normalization as `weight_g` and
    /// `weight_v`.
    pub(super) tensors: BTreeMap<String, Tensor>,
    /// Names of contents other than parameters: the state of an optimizer, the number of an epoch.
    pub(super) beside: Vec<String>,
    /// Value of the integer `iteration`, if there is one.
    pub(super) iteration: Option<u64>,
}

/// Reads a checkpoint without running any of its code.
///
/// # Errors
///
/// Returns [`Error::File`] if the file is not such an archive, is truncated, exceeds the limits, or calls a function.
pub(super) fn read_checkpoint(path: &Path) -> Result<Checkpoint, Error> {
    let refuse = |why: String| Error::File { path: path.to_owned(), why };
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| {
        refuse(format!(
            "it is not a complete zip archive ({error}): either it is truncated, or it was written before PyTorch 1.6 and has to \
             be saved again with a newer version"
        ))
    })?;
    let names: Vec<String> = archive.file_names().filter_map(|name| name.ok().map(Cow::into_owned)).collect();
    let mut pickles = names.iter().filter_map(|name| name.strip_suffix("data.pkl"));
    let prefix = match (pickles.next(), pickles.next()) {
        (Some(prefix), None) if prefix.is_empty() || prefix.ends_with('/') => prefix.to_owned(),
        _ => {
            return Err(refuse(
                "it is a zip archive without exactly one `data.pkl`, not a PyTorch checkpoint".to_owned(),
            ));
        }
    };
    let mut reader = Reader { archive: &mut archive, prefix, elements: 0, bytes: 0 };
    reader.read().map_err(refuse)
}

/// Open archive, with the amount read so far.
struct Reader<'a> {
    archive: &'a mut ZipArchive<BufReader<File>>,
    /// Directory of all entries, including the slash.
    prefix: String,
    elements: usize,
    bytes: u64,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<Checkpoint, String> {
        if let Ok(order) = self.entry("byteorder", 16)
            && order != b"little"
        {
            return Err(
                "it was written on a big-endian machine and has to be saved again on a little-endian one"
                    .to_owned(),
            );
        }
        let pickle = Pickle::read(&self.entry("data.pkl", PICKLE_BYTES)?)?;
        let root = pickle.root().ok_or_else(|| {
            "it is not a dictionary of tensors: the state dictionary of the model has to be saved, not the model"
                .to_owned()
        })?;
        let outer = pickle.entries(root)?;
        let inner = outer.iter().find_map(|(name, entry)| match entry {
            Entry::Dictionary(place) if WRAPPERS.contains(&name.as_str()) => Some((name.clone(), *place)),
            _ => None,
        });
        let mut beside = Vec::new();
        let parameters = match &inner {
            Some((wrapper, place)) => {
                beside.extend(outer.iter().map(|(name, _)| name.clone()).filter(|name| name != wrapper));
                pickle.entries(*place)?
            }
            None => outer.clone(),
        };
        let iteration = outer.iter().find_map(|(name, entry)| match entry {
            Entry::Integer(integer) if name == "iteration" => u64::try_from(*integer).ok(),
            _ => None,
        });
        let parallel = parameters.iter().all(|(name, _)| name.starts_with(PARALLEL));
        let mut tensors = BTreeMap::new();
        for (name, entry) in parameters {
            let Entry::Tensor(plan) = entry else {
                beside.push(name);
                continue;
            };
            let known = canonical(if parallel { &name[PARALLEL.len()..] } else { &name });
            let tensor = self.tensor(&plan).map_err(|why| format!("its entry `{name}`: {why}"))?;
            if tensors.insert(known, tensor).is_some() {
                return Err(format!(
                    "it has the entry `{name}` twice, under the names of two versions of PyTorch"
                ));
            }
        }
        if tensors.is_empty() {
            return Err("it contains no tensors".to_owned());
        }
        Ok(Checkpoint { tensors, beside, iteration })
    }

    /// Reads a tensor as f32, gathered by its strides.
    fn tensor(&mut self, plan: &TensorPlan) -> Result<Tensor, String> {
        let count = plan.shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        let count = count.filter(|count| *count <= MOST_ELEMENTS - self.elements);
        let count =
            count.ok_or_else(|| format!("its shape {:?} exceeds the limit for a voice", plan.shape))?;
        self.elements += count;
        let last = plan.shape.iter().zip(&plan.stride).try_fold(plan.offset, |last, (size, stride)| {
            last.checked_add(size.saturating_sub(1).checked_mul(*stride)?)
        });
        if count > 0 && last.is_none_or(|last| last >= plan.count) {
            return Err(format!("its shape {:?} does not fit into {} elements", plan.shape, plan.count));
        }
        let size = plan.element.size();
        let length = plan.count.checked_mul(size).map(|length| length as u64);
        let length = length.filter(|length| *length <= MOST_BYTES - self.bytes);
        let length = length.ok_or_else(|| "its storage exceeds the limit for a voice".to_owned())?;
        self.bytes += length;
        let bytes = self.entry(&format!("data/{}", plan.storage), length)?;
        if bytes.len() as u64 != length {
            return Err(format!("its storage has {} bytes, expected {length}", bytes.len()));
        }
        let mut values = Vec::with_capacity(count);
        let mut index = vec![0; plan.shape.len()];
        for _ in 0..count {
            let at: usize = index.iter().zip(&plan.stride).map(|(i, stride)| i * stride).sum();
            values.push(value(plan.element, &bytes[(plan.offset + at) * size..][..size]));
            for (i, size) in index.iter_mut().zip(&plan.shape).rev() {
                *i += 1;
                if *i < *size {
                    break;
                }
                *i = 0;
            }
        }
        Tensor::from_vec(values, plan.shape.as_slice(), &Device::Cpu).map_err(|error| error.to_string())
    }

    /// Reads the bytes of an entry, which must be uncompressed and at most `limit` long.
    fn entry(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, String> {
        let full = format!("{}{name}", self.prefix);
        let entry =
            self.archive.by_name(&full).map_err(|error| format!("`{full}` cannot be read: {error}"))?;
        if entry.compression() != CompressionMethod::Stored {
            return Err(format!("`{full}` is compressed, unlike in PyTorch checkpoints"));
        }
        if entry.size() > limit {
            return Err(format!("`{full}` has {} bytes, expected at most {limit}", entry.size()));
        }
        let mut bytes = Vec::new();
        entry
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| format!("`{full}` cannot be read: {error}"))?;
        Ok(bytes)
    }
}

/// Returns the name in PyTorch 1.
fn canonical(name: &str) -> String {
    for (new, old) in PARAMETRIZED {
        if let Some(stem) = name.strip_suffix(new) {
            return format!("{stem}{old}");
        }
    }
    name.to_owned()
}

/// Converts a number of a storage to f32.
fn value(element: Element, bytes: &[u8]) -> f32 {
    let four = || [bytes[0], bytes[1], bytes[2], bytes[3]];
    let eight = || {
        let mut eight = [0; 8];
        eight.copy_from_slice(bytes);
        eight
    };
    let two = || [bytes[0], bytes[1]];
    match element {
        Element::F32 => f32::from_le_bytes(four()),
        Element::F64 => f64::from_le_bytes(eight()) as f32,
        Element::F16 => half(u16::from_le_bytes(two())),
        Element::Bf16 => f32::from_bits(u32::from(u16::from_le_bytes(two())) << 16),
        Element::I64 => i64::from_le_bytes(eight()) as f32,
        Element::I32 => i32::from_le_bytes(four()) as f32,
        Element::U8 => f32::from(bytes[0]),
    }
}

/// Converts IEEE half precision: 1 sign, 5 exponent and 10 fraction bits.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff) / 1024.0);
    sign * match exponent {
        0 => fraction * 2_f32.powi(-14),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => (1.0 + fraction) * 2_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::{CompressionMethod, canonical, half, read_checkpoint};

    /// Builds the pickle of a checkpoint with one tensor `w` of two halves, 1 and -2, with these arguments.
    fn pickle(shape_and_stride: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(".to_vec();
        bytes.extend(
            b"(X\x07\x00\x00\x00storagectorch\nHalfStorage\nX\x01\x00\x00\x007X\x03\x00\x00\x00cpuK\x02tQ",
        );
        bytes.extend(shape_and_stride);
        bytes.extend(b"tRs.");
        bytes
    }

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<f32>)>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("voice.pth");
        fs::write(&path, bytes).unwrap();
        let read = read_checkpoint(&path).map_err(|error| error.to_string())?;
        let values = |tensor: &candle_core::Tensor| tensor.flatten_all().unwrap().to_vec1().unwrap();
        Ok(read.tensors.iter().map(|(name, tensor)| (name.clone(), values(tensor))).collect())
    }

    const WEIGHTS: &[u8] = &[0x00, 0x3c, 0x00, 0xc0];

    #[test]
    fn reads_strides_and_halves_like_pytorch() {
        let whole = |arguments: &[u8]| {
            read(&archive(&[
                ("x/data.pkl", &pickle(arguments)),
                ("x/data/7", WEIGHTS),
                ("x/byteorder", b"little"),
            ]))
        };
        assert_eq!(whole(b"K\x00K\x02\x85K\x01\x85").unwrap(), [("w".to_owned(), vec![1.0, -2.0])]);
        // Expanded and transposed tensors.
        assert_eq!(whole(b"K\x00K\x02K\x02\x86K\x01K\x00\x86").unwrap()[0].1, [1.0, 1.0, -2.0, -2.0]);
        assert_eq!(whole(b"K\x01K\x01\x85K\x01\x85").unwrap()[0].1, [-2.0]);
        for (bits, value) in
            [(0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8), (0x7bff, 65504.0), (0xfc00, f32::NEG_INFINITY)]
        {
            assert_eq!(half(bits).to_bits(), f32::to_bits(value));
        }
        assert!(half(0x7e00).is_nan());
        assert_eq!(canonical("a.parametrizations.weight.original0"), "a.weight_g");
        assert_eq!(canonical("a.parametrizations.weight.original1"), "a.weight_v");
    }

    #[test]
    fn rejects_incomplete_checkpoints_by_file_and_entry() {
        let fine = pickle(b"K\x00K\x02\x85K\x01\x85");
        let good = archive(&[("x/data.pkl", &fine), ("x/data/7", WEIGHTS)]);
        read(&good).unwrap();
        let check = |bytes: &[u8], says: &str| {
            let error = read(bytes).unwrap_err();
            assert!(error.contains("voice.pth") && error.contains(says), "{error}, not {says}");
        };
        for length in [0, 1, good.len() / 2, good.len() - 1] {
            check(&good[..length], "not a complete zip archive");
        }
        check(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "not a complete zip archive");
        check(&archive(&[("x/other", b"")]), "data.pkl");
        check(&archive(&[("x/data.pkl", &fine), ("y/data.pkl", &fine)]), "data.pkl");
        check(&archive(&[("x/data.pkl", &fine)]), "`x/data/7`");
        check(
            &archive(&[("x/data.pkl", &fine), ("x/data/7", &WEIGHTS[..3])]),
            "`w`: its storage has 3 bytes, expected 4",
        );
        check(&archive(&[("x/data.pkl", &fine), ("x/data/7", &[0; 5])]), "`x/data/7` has 5 bytes");
        check(
            &archive(&[("x/data.pkl", &fine), ("x/data/7", WEIGHTS), ("x/byteorder", b"big")]),
            "big-endian",
        );
        check(&archive(&[("x/data.pkl", &fine[..fine.len() - 1])]), "its pickle is truncated");
        check(&archive(&[("x/data.pkl", b"\x80\x02}.")]), "contains no tensors");
        check(&archive(&[("x/data.pkl", b"\x80\x02N.")]), "not a dictionary of tensors");
        check(&archive(&[("x/data.pkl", b"\x80\x02cposix\nsystem\n.")]), "`posix.system`");
        // More elements than the storage has, and more than the limit.
        let with = |arguments: &[u8]| archive(&[("x/data.pkl", &pickle(arguments)), ("x/data/7", WEIGHTS)]);
        check(&with(b"K\x01K\x02\x85K\x01\x85"), "does not fit into 2 elements");
        check(&with(b"K\x00J\xff\xff\xff\x7f\x85K\x00\x85"), "exceeds the limit for a voice");
        check(
            &with(b"K\x00(J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7ft(K\x00K\x00K\x00t"),
            "exceeds the limit for a voice",
        );
    }
}
