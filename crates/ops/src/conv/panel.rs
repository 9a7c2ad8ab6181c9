//! The gradient of a weight with short channels in the lanes.
//!
//! y is transposed once, to make the channels of a panel adjacent. Each time of each batch item is then a
//! step that multiplies a panel by single values of x, whose rows are long channels or taps, whichever are
//! more numerous.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::filter::{LANES, Padded, TIMES};
use super::geometry::Geometry;
use super::kernel::{Operands, ROWS, Step, multiply};
use super::taps::Operand;
use crate::element::{Element, vectorized};
use crate::shared_output::SharedOutput;

/// Channels of the widest panel: the columns of the largest tile.
const PANEL: usize = 48;
/// Size in bytes of one task's sums.
const SUMS_BYTES: usize = 192 * 1024;
/// Time steps transposed at once, so that the lines written stay in the first-level cache.
const TRANSPOSED_TIMES: usize = 64;

/// Computes w [`C_short`, `C_long` / groups, K] from y `[B, C_short, T_short]` and the padded x.
pub(super) fn by_panels<T: Element>(g: &Geometry, y: &Operand<T>, x: &Padded<T>) -> Vec<T> {
    // Panels of roughly equal width.
    let count = g.short_channels.div_ceil(PANEL);
    let width = g.short_channels.div_ceil(count).next_multiple_of(LANES);
    let panels: Vec<Panel> = (0..g.groups)
        .flat_map(|group| (0..g.short_channels).step_by(width).map(move |first| (group, first)))
        .map(|(group, first)| Panel { group, first, channels: width.min(g.short_channels - first) })
        .collect();

    // [panel, batch item, time, channel]
    let panel_length = g.batch * g.short_length * width;
    let mut packed = vec![T::ZERO; panels.len() * panel_length];
    packed.par_chunks_mut(g.short_length * width).enumerate().for_each(|(index, packed)| {
        let panel = &panels[index / g.batch];
        let first_channel = panel.group * g.short_channels + panel.first;
        let start = index % g.batch * y.strides[0] + first_channel * y.strides[1];
        transpose(packed, &y.data[start..], y.strides[1], y.strides[2], panel.channels, width);
    });

    // Long channels per task: as many as fit the cache, or fewer if that would leave threads idle.
    let fitting = SUMS_BYTES / (g.taps * width * size_of::<T>());
    let wanted = (2 * rayon::current_num_threads()).div_ceil(panels.len());
    let channels = fitting.min(g.long_channels.div_ceil(wanted)).next_multiple_of(ROWS).min(g.long_channels);
    let tasks: Vec<(usize, usize)> = (0..panels.len())
        .flat_map(|panel| (0..g.long_channels).step_by(channels).map(move |first| (panel, first)))
        .collect();
    let mut weight = vec![T::ZERO; g.groups * g.short_channels * g.long_channels * g.taps];
    let output = SharedOutput::new(&mut weight);
    tasks.par_iter().for_each_init(
        || vec![T::ZERO; channels * g.taps * width],
        |sums, &(index, first)| {
            let panel = &panels[index];
            let channels = channels.min(g.long_channels - first);
            let sums = &mut sums[..channels * g.taps * width];
            sums.fill(T::ZERO);
            let packed = &packed[index * panel_length..][..panel_length];
            let first_row = panel.group * g.long_channels + first;
            Arch::new().dispatch(PanelJob { g, x, packed, first_row, channels, width, sums });
            for o in 0..panel.channels {
                let row = (panel.group * g.short_channels + panel.first + o) * g.long_channels + first;
                // SAFETY: tasks differ in their short or their long channels.
                #[expect(unsafe_code, reason = "tasks write to disjoint elements of one buffer")]
                let row = unsafe { output.part(row * g.taps, channels * g.taps) };
                for (weight, sums) in row.iter_mut().zip(sums.chunks_exact(width)) {
                    *weight = sums[o];
                }
            }
        },
    );
    weight
}

/// Short channels of one group that are computed together.
struct Panel {
    group: usize,
    first: usize,
    channels: usize,
}

vectorized! {
    /// Computes `packed[t, o] = y[o, t]` for the channels of a panel; unused lanes stay zero.
    fn transpose<'a, T>(
        packed: &'a mut [T],
        y: &'a [T],
        channel_stride: usize,
        time_stride: usize,
        channels: usize,
        width: usize,
    ) {
        for (part, packed) in packed.chunks_mut(TRANSPOSED_TIMES * width).enumerate() {
            for o in 0..channels {
                let row = &y[o * channel_stride + part * TRANSPOSED_TIMES * time_stride..];
                for (t, place) in packed.iter_mut().skip(o).step_by(width).enumerate() {
                    *place = row[t * time_stride];
                }
            }
        }
    }
}

/// The sums of one panel with a range of long channels.
struct PanelJob<'a, T> {
    g: &'a Geometry,
    x: &'a Padded<T>,
    packed: &'a [T],
    /// Index of the first long channel, across all groups.
    first_row: usize,
    channels: usize,
    width: usize,
    /// Sums, [long channel, tap, short channel of the panel].
    sums: &'a mut [T],
}

impl<T: Element> WithSimd for PanelJob<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { g, x, packed, first_row, channels, width, sums } = self;
        let columns = width / T::lanes::<S>();
        assert_eq!(sums.len(), channels * g.taps * width);
        let by_channels = channels >= g.taps || channels >= ROWS;
        let (scalar_stride, output_stride) =
            if by_channels { (x.length, g.taps * width) } else { (g.dilation, width) };
        let (outer, inner) = if by_channels { (g.taps, channels) } else { (channels, g.taps) };

        // Times of all items in sequence: a chunk may span two items.
        let item_stride = g.groups * g.long_channels * x.length;
        let all_times = g.batch * g.short_length;
        let mut steps = [Step::new(0, 0); TIMES];
        for first_time in (0..all_times).step_by(TIMES) {
            let times = TIMES.min(all_times - first_time);
            let vectors = &packed[first_time * width..][..times * width];
            let first_item = first_time / g.short_length;
            for (i, step) in steps[..times].iter_mut().enumerate() {
                let (item, t) = ((first_time + i) / g.short_length, (first_time + i) % g.short_length);
                *step = Step::new(i * width, (item - first_item) * item_stride + t * g.stride);
            }
            let furthest = steps[..times].iter().map(|step| step.scalar as usize).max().unwrap_or(0);
            let start = first_item * item_stride + first_row * x.length;
            for first in (0..inner).step_by(ROWS) {
                let rows = ROWS.min(inner - first);
                for second in 0..outer {
                    let (channel, tap) = if by_channels { (first, second) } else { (second, first) };
                    let scalars = &x.data[start + channel * x.length + tap * g.dilation..];
                    assert!(furthest + (rows - 1) * scalar_stride < scalars.len());
                    let operands = Operands {
                        vectors: vectors.as_ptr(),
                        scalars: scalars.as_ptr(),
                        scalar_stride,
                        output: sums[(channel * g.taps + tap) * width..].as_mut_ptr(),
                        output_stride,
                    };
                    // SAFETY: `vectors` holds `width` numbers per step; the furthest scalar of the last row
                    // was checked; output rows are channels below `channels` or taps below `g.taps`, so the
                    // last row ends with `sums`.
                    #[expect(unsafe_code, reason = "calls the kernel")]
                    unsafe {
                        multiply(simd, &steps[..times], operands, rows, columns, true);
                    }
                }
            }
        }
    }
}
