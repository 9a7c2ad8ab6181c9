//! The gradient of a convolution's weight: sums over batch and time for every pair of channels and every tap.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::Geometry;
use super::kernel::{Operands, ROWS, Step, multiply};
use super::taps::{Operand, copy_strided};
use crate::element::Element;
use crate::shared_output::SharedOutput;

/// Times that are summed in registers before they are added to the result: the panel of them stays in the first
/// cache, and sums of sums round less than one long sum.
const TIMES: usize = 128;
/// Bytes of the results of one task.
const RESULT_BYTES: usize = 192 * 1024;
/// Short channels of a panel: the columns of the largest tile, counted in f32 of the widest vectors.
const PANEL: usize = 48;
/// A panel is a multiple of this, which is a multiple of the lanes of every vector.
const LANES: usize = 16;
/// Times that are transposed in one go: the lines written to stay in the first cache.
const TRANSPOSED_TIMES: usize = 64;
/// Short channels of a group that fill enough lanes of a vector.
const PANEL_CHANNELS: usize = 8;

/// w `[C_short, C_long / groups, K]` from y `[B, C_short, T_short]` and x `[B, C_long, T_long]`.
pub(super) fn backward_filter<T: Element>(g: &Geometry, y: &Operand<T>, x: &Operand<T>) -> Vec<T> {
    let x = Padded::new(g, x);
    let mut weight = vec![T::ZERO; g.groups * g.short_channels * g.long_channels * g.taps];
    if g.short_channels >= PANEL_CHANNELS {
        by_panels(g, y, &x, &mut weight);
    } else {
        by_products(g, y, &x, &mut weight);
    }
    weight
}

/// x with its padding, rows contiguous: row (b, c) starts at `(b·C_long + c)·length`.
struct Padded<T> {
    data: Vec<T>,
    length: usize,
}

impl<T: Element> Padded<T> {
    fn new(g: &Geometry, x: &Operand<T>) -> Self {
        let used = (g.short_length - 1) * g.stride + (g.taps - 1) * g.dilation + 1;
        // An odd number of cache lines: rows read together do not fall into the same sets.
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

/// Short channels in the lanes: each time step multiplies a panel of them by numbers of x.
fn by_panels<T: Element>(g: &Geometry, y: &Operand<T>, x: &Padded<T>, weight: &mut [T]) {
    // Panels of about equal width.
    let count = g.short_channels.div_ceil(PANEL);
    let width = g.short_channels.div_ceil(count).next_multiple_of(LANES);
    let panels: Vec<Panel> = (0..g.groups)
        .flat_map(|group| (0..g.short_channels).step_by(width).map(move |first| (group, first)))
        .map(|(group, first)| Panel { group, first, channels: width.min(g.short_channels - first) })
        .collect();

    // y with the channels of a panel side by side: [panel, batch item, time, channel].
    let panel_length = g.batch * g.short_length * width;
    let mut packed = vec![T::ZERO; panels.len() * panel_length];
    packed.par_chunks_mut(g.short_length * width).enumerate().for_each(|(index, packed)| {
        transpose(y, g, &panels[index / g.batch], index % g.batch, width, packed);
    });

    // Long channels that one task takes: what fits the cache, fewer where that would leave threads idle.
    let fitting = RESULT_BYTES / (g.taps * width * size_of::<T>());
    let wanted = (2 * rayon::current_num_threads()).div_ceil(panels.len());
    let channels = fitting.min(g.long_channels.div_ceil(wanted)).next_multiple_of(ROWS).min(g.long_channels);
    let tasks: Vec<(usize, usize)> = (0..panels.len())
        .flat_map(|panel| (0..g.long_channels).step_by(channels).map(move |first| (panel, first)))
        .collect();
    let steps: Vec<Step> =
        (0..TIMES.min(g.short_length)).map(|t| Step::new(t * width, t * g.stride)).collect();
    let output = SharedOutput::new(weight);
    tasks.par_iter().for_each_init(
        || vec![T::ZERO; channels * g.taps * width],
        |sums, &(index, first)| {
            let panel = &panels[index];
            let channels = channels.min(g.long_channels - first);
            let sums = &mut sums[..channels * g.taps * width];
            sums.fill(T::ZERO);
            let packed = &packed[index * panel_length..][..panel_length];
            let first_row = panel.group * g.long_channels + first;
            Arch::new().dispatch(PanelJob { g, x, packed, steps: &steps, first_row, channels, width, sums });
            for o in 0..panel.channels {
                let row = (panel.group * g.short_channels + panel.first + o) * g.long_channels + first;
                // SAFETY: tasks differ in the short or in the long channels.
                #[expect(unsafe_code, reason = "tasks write to disjoint elements of one buffer")]
                let row = unsafe { output.part(row * g.taps, channels * g.taps) };
                for (weight, sums) in row.iter_mut().zip(sums.chunks_exact(width)) {
                    *weight = sums[o];
                }
            }
        },
    );
}

/// Short channels of one group that are computed together.
struct Panel {
    group: usize,
    first: usize,
    channels: usize,
}

/// packed[t, o] = y[o, t] for the channels of a panel; the lanes beyond them stay zero.
fn transpose<T: Element>(
    y: &Operand<T>,
    g: &Geometry,
    panel: &Panel,
    item: usize,
    width: usize,
    packed: &mut [T],
) {
    let [batch_stride, channel_stride, time_stride] = y.strides;
    let first_channel = panel.group * g.short_channels + panel.first;
    for (part, packed) in packed.chunks_mut(TRANSPOSED_TIMES * width).enumerate() {
        for o in 0..panel.channels {
            let start = item * batch_stride + (first_channel + o) * channel_stride;
            let row = &y.data[start + part * TRANSPOSED_TIMES * time_stride..];
            for (t, place) in packed.iter_mut().skip(o).step_by(width).enumerate() {
                *place = row[t * time_stride];
            }
        }
    }
}

/// The sums of one panel with some long channels.
struct PanelJob<'a, T> {
    g: &'a Geometry,
    x: &'a Padded<T>,
    packed: &'a [T],
    steps: &'a [Step],
    /// The first long channel, counted over all groups.
    first_row: usize,
    channels: usize,
    width: usize,
    /// [long channel, tap, short channel of the panel]
    sums: &'a mut [T],
}

impl<T: Element> WithSimd for PanelJob<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { g, x, packed, steps, first_row, channels, width, sums } = self;
        let columns = width / T::lanes::<S>();
        assert_eq!(sums.len(), channels * g.taps * width);
        // The rows of the tile are long channels or taps, of whichever there are more.
        let by_channels = channels >= g.taps || channels >= ROWS;
        let (outer, inner) = if by_channels { (g.taps, channels) } else { (channels, g.taps) };
        for item in 0..g.batch {
            for first_time in (0..g.short_length).step_by(TIMES) {
                let times = TIMES.min(g.short_length - first_time);
                let vectors = &packed[(item * g.short_length + first_time) * width..][..times * width];
                let start =
                    (item * g.groups * g.long_channels + first_row) * x.length + first_time * g.stride;
                for first in (0..inner).step_by(ROWS) {
                    let rows = ROWS.min(inner - first);
                    for second in 0..outer {
                        let (channel, tap) = if by_channels { (first, second) } else { (second, first) };
                        let scalars = &x.data[start + channel * x.length + tap * g.dilation..];
                        let (scalar_stride, output_stride) =
                            if by_channels { (x.length, g.taps * width) } else { (g.dilation, width) };
                        let furthest = (rows - 1) * scalar_stride + (times - 1) * g.stride;
                        assert!(furthest < scalars.len());
                        let operands = Operands {
                            vectors: vectors.as_ptr(),
                            scalars: scalars.as_ptr(),
                            scalar_stride,
                            output: sums[(channel * g.taps + tap) * width..].as_mut_ptr(),
                            output_stride,
                        };
                        // SAFETY: `vectors` holds `width` numbers for each of `times` steps; the furthest scalar of
                        // the last row and step was checked; the rows of the output are channels below `channels`
                        // or taps below `g.taps`, so the last one ends with `sums`.
                        #[expect(unsafe_code, reason = "calls the kernel")]
                        unsafe {
                            multiply(simd, &steps[..times], operands, rows, columns, true);
                        }
                    }
                }
            }
        }
    }
}

/// Few channels on the short side: each number of the weight is a scalar product over time.
fn by_products<T: Element>(g: &Geometry, y: &Operand<T>, x: &Padded<T>, weight: &mut [T]) {
    let [batch_stride, channel_stride, time_stride] = y.strides;
    let row_work = g.long_channels * g.taps * g.batch * g.short_length;
    weight
        .par_chunks_mut(g.long_channels * g.taps)
        .with_min_len(((1 << 16) / row_work).max(1))
        .enumerate()
        .for_each_init(
            || vec![T::ZERO; g.short_length],
            |row, (o, weight)| {
                let first_row = o / g.short_channels * g.long_channels;
                for item in 0..g.batch {
                    let source = &y.data[item * batch_stride + o * channel_stride..];
                    copy_strided(source, time_stride, g.short_length, 0, 1, row);
                    for (index, weight) in weight.iter_mut().enumerate() {
                        let (channel, tap) = (first_row + index / g.taps, index % g.taps);
                        let start =
                            (item * g.groups * g.long_channels + channel) * x.length + tap * g.dilation;
                        *weight += scalar_product(row, &x.data[start..], g.stride);
                    }
                }
            },
        );
}

/// Σ a[i]·b[i·stride]
fn scalar_product<T: Element>(a: &[T], b: &[T], stride: usize) -> T {
    let mut sum = T::ZERO;
    for (&a, &b) in a.iter().zip(b.iter().step_by(stride)) {
        sum += a * b;
    }
    sum
}
