//! The weights of a convolution, as read by the register tiles.

use rayon::prelude::*;

use super::kernel::ROWS;
use super::taps::Operand;
use crate::element::{Element, vectorized};

/// Blocks of output channels whose weights are packed together, so that a row of the weight is read in one
/// go.
const PACKED_TOGETHER: usize = 16;

/// A tap of the weight and the position of its input in a packed row.
pub(super) struct Tap {
    pub(super) index: usize,
    pub(super) phase: usize,
    pub(super) shift: usize,
}

/// Strides of the weight along each axis.
pub(super) struct WeightStrides {
    pub(super) group: usize,
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) tap: usize,
}

/// Iterates over the input channels and taps of one output phase, in summation order.
pub(super) fn pairs(inputs: usize, taps: &[Tap]) -> impl Iterator<Item = (usize, &Tap)> {
    (0..inputs).flat_map(move |c| taps.iter().map(move |tap| (c, tap)))
}

pub(super) enum Weights<'a, T> {
    /// Weights in place: the steps of an output channel are already adjacent.
    Direct { data: &'a [T], strides: &'a WeightStrides },
    /// Weights copied to [group, block of output channels, phase, step, channel]. In their original order,
    /// each step would read from a different page.
    Packed(Packed<T>),
}

pub(super) struct Packed<T> {
    data: Vec<T>,
    /// Start of each phase in a block.
    phase_starts: Vec<usize>,
    /// Number of weights per block.
    block: usize,
    /// Number of blocks per group.
    blocks: usize,
    /// Output channels per block.
    width: usize,
}

impl<'a, T: Element> Weights<'a, T> {
    pub(super) fn new(
        weight: &Operand<'a, T>,
        strides: &'a WeightStrides,
        groups: usize,
        inputs: usize,
        outputs: usize,
        phases: &[Vec<Tap>],
    ) -> Self {
        let taps: usize = phases.iter().map(Vec::len).sum();
        if phases.len() == 1 && strides.tap == 1 && (strides.input == taps || inputs == 1) {
            return Weights::Direct { data: weight.data, strides };
        }
        let width = ROWS.min(outputs);
        let blocks = outputs.div_ceil(width);
        // Position of each step's weight for the first output channel.
        let place = |(c, tap): (usize, &Tap)| c * strides.input + tap.index * strides.tap;
        let sources: Vec<usize> = phases.iter().flat_map(|taps| pairs(inputs, taps).map(place)).collect();
        let mut phase_starts = Vec::with_capacity(phases.len());
        let mut start = 0;
        for taps in phases {
            phase_starts.push(start);
            start += inputs * taps.len() * width;
        }
        let block = sources.len() * width;
        let mut data = vec![T::ZERO; groups * blocks * block];
        let together = PACKED_TOGETHER.min(blocks);
        data.par_chunks_mut(blocks * block).with_min_len(groups.div_ceil(64)).enumerate().for_each(
            |(group, data)| {
                data.par_chunks_mut(together * block).enumerate().for_each(|(part, data)| {
                    let first = part * together * width;
                    let channels = (outputs - first).min(together * width);
                    let weight = &weight.data[group * strides.group + first * strides.output..];
                    pack(data, weight, &sources, width, channels, strides.output);
                });
            },
        );
        Weights::Packed(Packed { data, phase_starts, block, blocks, width })
    }

    /// Returns the offset of the i-th step of a phase in the slice returned by [`Weights::of`].
    pub(super) fn offset(&self, i: usize, channel: usize, tap: &Tap) -> usize {
        match self {
            Weights::Direct { strides, .. } => channel * strides.input + tap.index * strides.tap,
            Weights::Packed(Packed { width, .. }) => i * width,
        }
    }

    /// Returns the weights of the output channels from `first` on, which starts a block, and the stride
    /// between channels.
    #[inline(always)]
    pub(super) fn of(&self, group: usize, first: usize, phase: usize) -> (&[T], usize) {
        match self {
            Weights::Direct { data, strides } => {
                (&data[group * strides.group + first * strides.output..], strides.output)
            }
            Weights::Packed(Packed { data, phase_starts, block, blocks, width }) => {
                (&data[(group * blocks + first / width) * block + phase_starts[phase]..], 1)
            }
        }
    }
}

vectorized! {
    /// Computes `packed[block, step, channel] = weight[source of the step + channel · stride]`.
    fn pack<'a, T>(
        packed: &'a mut [T],
        weight: &'a [T],
        sources: &'a [usize],
        width: usize,
        channels: usize,
        stride: usize,
    ) {
        let block = sources.len() * width;
        for (i, &source) in sources.iter().enumerate() {
            for (first, packed) in (0..channels).step_by(width).zip(packed.chunks_exact_mut(block)) {
                let count = width.min(channels - first);
                let weights = weight[source + first * stride..].iter().step_by(stride);
                for (place, &weight) in packed[i * width..][..count].iter_mut().zip(weights) {
                    *place = weight;
                }
            }
        }
    }
}
