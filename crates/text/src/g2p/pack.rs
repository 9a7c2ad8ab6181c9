//! File format of the network.
//!
//! ```text
//! "mynah-g2p 1\n"
//! u16  hidden, features, history, number of chunks
//! each chunk:   u8 number of phones, then their indices
//! each letter:  u16 number of chunks, then their positions (u16)
//! each tensor of `G2pShape::parts`:
//!   plain:  f32 …
//!   else:   for each matrix a scale (f32) for each output, then the outputs' weights (i8), output after output
//! ```
//!
//! All numbers are little-endian.

use std::collections::BTreeMap;

use super::network::{Matrix, Network};
use super::tensors::{G2pShape, G2pTensors, Kind, Part};
use super::{G2p, LETTERS};
use crate::error::Error;
use crate::phone::Phone;

const MAGIC: &[u8] = b"mynah-g2p 1\n";
/// Largest weight.
const FULL_SCALE: f32 = 127.0;
/// Largest size allowed; it keeps sums of products within 32 bits.
const LARGEST: usize = 1000;

/// Stored form of a tensor.
#[derive(Debug, Clone)]
pub(super) enum Stored {
    Plain(Vec<f32>),
    Matrices(Vec<Matrix>),
}

pub(super) fn pack(tensors: &G2pTensors) -> Result<Vec<u8>, Error> {
    let G2pTensors { shape, chunks, allowed, values } = tensors;
    let mut bytes = MAGIC.to_vec();
    for size in [shape.hidden, shape.features, shape.history, chunks.len()] {
        if !(1..=LARGEST).contains(&size) {
            return Err(refuse(format!("size {size} is not between 1 and {LARGEST}")));
        }
        bytes.extend((size as u16).to_le_bytes());
    }
    for chunk in chunks {
        bytes.push(chunk.len() as u8);
        bytes.extend(chunk.iter().map(|phone| phone.index() as u8));
    }
    for chunks in allowed {
        bytes.extend((chunks.len() as u16).to_le_bytes());
        bytes.extend(chunks.iter().flat_map(|chunk| chunk.to_le_bytes()));
    }
    for part in shape.parts(chunks.len()) {
        let Part { name, kind, copies, rows, columns } = part;
        let values = values.get(name).ok_or_else(|| refuse(format!("tensor `{name}` is missing")))?;
        if values.len() != copies * rows * columns || !values.iter().all(|value| value.is_finite()) {
            return Err(refuse(format!(
                "tensor `{name}` does not have {copies}×{rows}×{columns} finite values"
            )));
        }
        if kind == Kind::Plain {
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            continue;
        }
        for values in values.chunks_exact(rows * columns) {
            let outputs: Vec<Vec<f32>> = match kind {
                Kind::Product => {
                    (0..columns).map(|c| values.iter().skip(c).step_by(columns).copied().collect()).collect()
                }
                _ => values.chunks_exact(columns).map(<[f32]>::to_vec).collect(),
            };
            let scale = |row: &Vec<f32>| row.iter().fold(0.0_f32, |most, v| most.max(v.abs())) / FULL_SCALE;
            let scales: Vec<f32> = outputs.iter().map(scale).collect();
            bytes.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
            for (row, scale) in outputs.iter().zip(scales) {
                let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
                bytes.extend(row.iter().map(|v| ((v * inverse).round_ties_even() as i8).cast_unsigned()));
            }
        }
    }
    // Only files that can be read back are written.
    open(&bytes)?;
    Ok(bytes)
}

pub(super) fn open(bytes: &[u8]) -> Result<G2p, Error> {
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| refuse("they do not start with the file signature".to_owned()))?;
    let mut reader = Reader { rest };
    let mut size = || {
        let size = usize::from(reader.u16()?);
        if (1..=LARGEST).contains(&size) {
            Ok(size)
        } else {
            Err(refuse(format!("size {size} is not between 1 and {LARGEST}")))
        }
    };
    let shape = G2pShape { hidden: size()?, features: size()?, history: size()? };
    let count = size()?;
    let mut chunks = Vec::with_capacity(count);
    for _ in 0..count {
        let length = usize::from(reader.take(1)?[0]);
        let phones = reader.take(length)?.iter().map(|index| Phone::from_index(usize::from(*index)));
        chunks.push(
            phones.collect::<Option<Vec<_>>>().ok_or_else(|| refuse("a phone is out of range".to_owned()))?,
        );
    }
    let mut allowed = Vec::with_capacity(LETTERS);
    for _ in 0..LETTERS {
        let length = reader.u16()?;
        let chunks = (0..length).map(|_| reader.u16()).collect::<Result<Vec<_>, _>>()?;
        if chunks.is_empty() || chunks.iter().any(|chunk| usize::from(*chunk) >= count) {
            return Err(refuse("a letter has no chunk, or one that is out of range".to_owned()));
        }
        allowed.push(chunks);
    }
    let mut stored = BTreeMap::new();
    for part in shape.parts(count) {
        let Part { name, kind, copies, rows, columns } = part;
        let value = if kind == Kind::Plain {
            Stored::Plain(reader.floats(copies * rows * columns)?)
        } else {
            let (outputs, inputs) = if kind == Kind::Product { (columns, rows) } else { (rows, columns) };
            let matrix = |_| {
                let scales = reader.floats(outputs)?;
                let weights = reader.take(outputs * inputs)?.iter().map(|byte| i16::from(byte.cast_signed()));
                Ok(Matrix { inputs, scales, weights: weights.collect() })
            };
            Stored::Matrices((0..copies).map(matrix).collect::<Result<_, Error>>()?)
        };
        stored.insert(name, value);
    }
    if !reader.rest.is_empty() {
        return Err(refuse(format!("{} excess bytes", reader.rest.len())));
    }
    let network = Network::new(shape, stored).ok_or_else(|| refuse("a tensor is missing".to_owned()))?;
    Ok(G2p { chunks, allowed, network })
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| refuse("they are truncated".to_owned()))?;
        self.rest = rest;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, Error> {
        let bytes = self.take(2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, Error> {
        let (values, _) = self.take(4 * count)?.as_chunks::<4>();
        let values: Vec<f32> = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if values.iter().all(|value| value.is_finite()) {
            Ok(values)
        } else {
            Err(refuse("a value is not finite".to_owned()))
        }
    }
}

fn refuse(why: String) -> Error {
    Error::G2p { why }
}
