//! The gradient of a convolution's weight: sums over batch and time for each pair of channels and each tap.
//!
//! The contents of the vector lanes depend on the shape. With enough short channels, the lanes hold those
//! ([`panel`](super::panel)). With few short channels and stride 1, the long and short sides are swapped,
//! since the sum of products is the same whichever is shifted. With few channels on both sides and many taps,
//! the lanes hold taps, whose inputs are adjacent. Otherwise each weight is a dot product over time.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::Geometry;
use super::kernel::{Operands, Step, multiply};
use super::panel::by_panels;
use super::taps::{Operand, copy_strided};
use crate::element::{Element, vectorized};

/// Lanes of the widest vectors, in f32.
pub(super) const LANES: usize = 16;
/// Time steps summed in registers before they are added to the result: their values stay in the first-level
/// cache, and a sum of partial sums rounds less than one long sum.
pub(super) const TIMES: usize = 128;
/// Cost of a dot product relative to a tile of full vectors: it loads two vectors per multiplication.
const PRODUCT_COST: f64 = 4.0;

/// Computes w [`C_short`, `C_long` / groups, K] from y `[B, C_short, T_short]` and x `[B, C_long, T_long]`.
pub(super) fn backward_filter<T: Element>(g: &Geometry, y: &Operand<T>, x: &Operand<T>) -> Vec<T> {
    // Total lanes over used lanes.
    let cost = |used: usize| used.next_multiple_of(LANES) as f64 / used as f64;
    let panels = cost(g.short_channels);
    let swapped = g.swapped().map_or(f64::INFINITY, |_| cost(g.long_channels));
    // With fewer than three sums, the processor would stall on each of them.
    let sums = g.short_channels * g.taps.div_ceil(LANES);
    let taps = if g.dilation == 1 && sums >= 3 { cost(g.taps) } else { f64::INFINITY };
    let least = panels.min(swapped).min(taps).min(PRODUCT_COST);
    if panels <= least {
        by_panels(g, y, &Padded::new(g, x, 0))
    } else if let Some(swap) = g.swapped().filter(|_| swapped <= least) {
        unswap(g, &by_panels(&swap, x, &Padded::new(&swap, y, 0)))
    } else if taps <= least {
        by_taps(g, y, &Padded::new(g, x, g.taps.next_multiple_of(LANES) - g.taps))
    } else {
        by_products(g, y, &Padded::new(g, x, 0))
    }
}

/// x with its padding, in contiguous rows: row (b, c) starts at `(b·C_long + c)·length`.
pub(super) struct Padded<T> {
    pub(super) data: Vec<T>,
    pub(super) length: usize,
}

impl<T: Element> Padded<T> {
    /// Copies x, appending `more` zeros to each row.
    fn new(g: &Geometry, x: &Operand<T>, more: usize) -> Self {
        let used = (g.short_length - 1) * g.stride + (g.taps - 1) * g.dilation + 1 + more;
        // An odd number of cache lines, so that rows read together map to different cache sets.
        let line = 64 / size_of::<T>();
        let length = (used.div_ceil(line) | 1) * line;
        let channels = g.groups * g.long_channels;
        let [batch_stride, channel_stride, time_stride] = x.strides;
        let mut data = vec![T::ZERO; g.batch * channels * length];
        data.par_chunks_mut(length).with_min_len(16).enumerate().for_each(|(row, place)| {
            let source = &x.data[row / channels * batch_stride + row % channels * channel_stride..];
            copy_strided(source, time_stride, g.long_length, -(g.padding as isize), 1, place);
        });
        Self { data, length }
    }
}

impl Geometry {
    /// Returns the same sums with the long and short sides swapped, for stride 1; tap k becomes
    /// tap K − 1 − k.
    ///
    /// ```text
    /// Σ_t y[o, t] · x[c, t + d·k − p]  =  Σ_u x[c, u] · y[o, u + d·k' − p'],   k' = K − 1 − k,  p' = d·(K − 1) − p
    /// ```
    fn swapped(&self) -> Option<Self> {
        let padding = (self.dilation * (self.taps - 1)).checked_sub(self.padding)?;
        (self.stride == 1).then_some(Self {
            padding,
            long_channels: self.short_channels,
            long_length: self.short_length,
            short_channels: self.long_channels,
            short_length: self.long_length,
            ..*self
        })
    }
}

/// Reorders [group, long channel, short channel, reversed tap] to [group, short channel, long channel, tap].
fn unswap<T: Element>(g: &Geometry, swapped: &[T]) -> Vec<T> {
    let mut weight = Vec::with_capacity(swapped.len());
    for group in 0..g.groups {
        for o in 0..g.short_channels {
            for c in 0..g.long_channels {
                let start = ((group * g.long_channels + c) * g.short_channels + o) * g.taps;
                weight.extend(swapped[start..start + g.taps].iter().rev());
            }
        }
    }
    weight
}

/// Computes with taps in the lanes: each time step multiplies adjacent values of a long channel by those of
/// the short channels.
fn by_taps<T: Element>(g: &Geometry, y: &Operand<T>, x: &Padded<T>) -> Vec<T> {
    let mut weight = vec![T::ZERO; g.groups * g.short_channels * g.long_channels * g.taps];
    let width = g.taps.next_multiple_of(LANES);
    let group_weights = g.short_channels * g.long_channels * g.taps;
    weight.par_chunks_mut(group_weights).with_min_len(g.groups.div_ceil(64)).enumerate().for_each_init(
        || vec![T::ZERO; g.short_channels * width],
        |sums, (group, weight)| {
            for c in 0..g.long_channels {
                sums.fill(T::ZERO);
                Arch::new().dispatch(TapsJob { g, y, x, group, channel: c, width, sums });
                for (o, sums) in sums.chunks_exact(width).enumerate() {
                    let start = (o * g.long_channels + c) * g.taps;
                    weight[start..start + g.taps].copy_from_slice(&sums[..g.taps]);
                }
            }
        },
    );
    weight
}

/// The sums of all taps of one long channel with the short channels of its group.
struct TapsJob<'a, T> {
    g: &'a Geometry,
    y: &'a Operand<'a, T>,
    x: &'a Padded<T>,
    group: usize,
    channel: usize,
    width: usize,
    /// Sums, [short channel, tap].
    sums: &'a mut [T],
}

impl<T: Element> WithSimd for TapsJob<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { g, y, x, group, channel, width, sums } = self;
        let [batch_stride, channel_stride, time_stride] = y.strides;
        let columns = width / T::lanes::<S>();
        assert_eq!(sums.len(), g.short_channels * width);
        let mut steps = [Step::new(0, 0); TIMES];
        for (t, step) in steps.iter_mut().enumerate() {
            *step = Step::new(t * g.stride, t * time_stride);
        }
        for item in 0..g.batch {
            for first in (0..g.short_length).step_by(TIMES) {
                let times = TIMES.min(g.short_length - first);
                let row = (item * g.groups + group) * g.long_channels + channel;
                let vectors = &x.data[row * x.length..][..x.length][first * g.stride..];
                assert!((times - 1) * g.stride + width <= vectors.len());
                let start =
                    item * batch_stride + group * g.short_channels * channel_stride + first * time_stride;
                let operands = Operands {
                    vectors: vectors.as_ptr(),
                    scalars: y.data[start..].as_ptr(),
                    scalar_stride: channel_stride,
                    output: sums.as_mut_ptr(),
                    output_stride: width,
                };
                // SAFETY: the last vector was checked to be inside the row; the scalars are elements of y,
                // whose last one `Operand::new` checked; `sums` has a row of `width` for each short channel.
                #[expect(unsafe_code, reason = "calls the kernel")]
                unsafe {
                    multiply(simd, &steps[..times], operands, g.short_channels, columns, true);
                }
            }
        }
    }
}

/// Computes each weight as a dot product over time.
fn by_products<T: Element>(g: &Geometry, y: &Operand<T>, x: &Padded<T>) -> Vec<T> {
    let [batch_stride, channel_stride, time_stride] = y.strides;
    let mut weight = vec![T::ZERO; g.groups * g.short_channels * g.long_channels * g.taps];
    let row_work = g.long_channels * g.taps * g.batch * g.short_length;
    weight
        .par_chunks_mut(g.long_channels * g.taps)
        .with_min_len((1 << 16) / row_work + 1)
        .enumerate()
        .for_each_init(
            || vec![T::ZERO; g.short_length],
            |row, (o, weight)| {
                let first_row = o / g.short_channels * g.long_channels;
                for item in 0..g.batch {
                    let source = &y.data[item * batch_stride + o * channel_stride..];
                    copy_strided(source, time_stride, g.short_length, 0, 1, row);
                    let start = (item * g.groups * g.long_channels + first_row) * x.length;
                    add_products(weight, row, &x.data[start..], x.length, g);
                }
            },
        );
    weight
}

vectorized! {
    /// Computes `weight[c, k] += Σ y[t] · x[c, s·t + d·k]`.
    fn add_products<'a, T>(weight: &'a mut [T], y: &'a [T], x: &'a [T], length: usize, g: &'a Geometry) {
        for (index, weight) in weight.iter_mut().enumerate() {
            let row = &x[index / g.taps * length + index % g.taps * g.dilation..];
            if g.stride == 1 {
                let row = &row[..y.len()];
                let mut sums = [T::ZERO; LANES];
                let (y_chunks, row_chunks) = (y.chunks_exact(LANES), row.chunks_exact(LANES));
                for (&y, &x) in y_chunks.remainder().iter().zip(row_chunks.remainder()) {
                    sums[0] += y * x;
                }
                for (y, x) in y_chunks.zip(row_chunks) {
                    for ((sum, &y), &x) in sums.iter_mut().zip(y).zip(x) {
                        *sum += y * x;
                    }
                }
                *weight += sums.into_iter().fold(T::ZERO, |total, sum| total + sum);
            } else {
                for (t, &y) in y.iter().enumerate() {
                    *weight += y * row[t * g.stride];
                }
            }
        }
    }
}
