//! The forward and backward-data convolutions: sums over channels and taps for each time step.
//!
//! Both are the same computation once the time axes are split into phases. *Forward* with stride s reads the
//! input in s phases (samples 0, s, 2s, …; 1, s+1, …), so that adjacent vector lanes are adjacent in memory.
//! *Backward data* writes its output in s phases, each with the taps that reach it. A task copies a block of
//! time of one channel group, split into phases and zero-padded, and runs the register tile over it.

use candle_core::{CpuStorage, Layout, Result};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::Geometry;
use super::kernel::{Operands, ROWS, Step, multiply};
use super::weights::{Tap, WeightStrides, Weights, pairs};
use crate::element::Element;
use crate::shared_output::SharedOutput;

/// Size in bytes of a packed block. The weights of a few output channels are reused for all its columns, so
/// with many channels a block may exceed the second-level cache: its values are read rarely, the weights
/// often.
const BLOCK_BYTES: usize = 256 * 1024;
/// Granularity of column counts: the lanes of the widest vectors, in f32.
const LANES: usize = 16;
/// Shortest and longest block, in columns.
const BLOCK_COLUMNS: (usize, usize) = (192, 1536);
/// Columns that fill the largest tile.
const TILE_COLUMNS: usize = 48;
/// Multiply-adds that justify a parallel task.
const TASK_WORK: usize = 1 << 18;

/// A tensor of rank 3 with any strides.
pub(super) struct Operand<'a, T> {
    pub(super) data: &'a [T],
    pub(super) strides: [usize; 3],
}

impl<'a, T: Element> Operand<'a, T> {
    /// Wraps a storage with its layout.
    ///
    /// # Errors
    ///
    /// Fails if the storage has another type, the rank is not 3, or the layout exceeds the storage.
    pub(super) fn new((storage, layout): (&'a CpuStorage, &Layout)) -> Result<Self> {
        let data = &T::cpu_storage_as_slice(storage)?[layout.start_offset()..];
        let &[a, b, c] = layout.stride() else {
            candle_core::bail!("convolution: expected three dimensions, got {:?}", layout.shape())
        };
        let (x, y, z) = layout.shape().dims3()?;
        // The kernels rely on this for strided reads.
        let last = (x - 1) * a + (y - 1) * b + (z - 1) * c;
        if last >= data.len() {
            candle_core::bail!("convolution: the layout {layout:?} exceeds its storage of {}", data.len());
        }
        Ok(Self { data, strides: [a, b, c] })
    }
}

/// Computes y `[B, C_short, T_short]` from x `[B, C_long, T_long]`.
pub(super) fn forward<T: Element>(
    g: &Geometry,
    x: &Operand<T>,
    weight: &Operand<T>,
    bias: Option<&[T]>,
) -> Vec<T> {
    let taps = (0..g.taps)
        .map(|k| Tap { index: k, phase: k * g.dilation % g.stride, shift: k * g.dilation / g.stride })
        .collect();
    let [short, long, tap] = weight.strides;
    Plan {
        batch: g.batch,
        groups: g.groups,
        inputs: g.long_channels,
        input_length: g.long_length,
        input_stride: g.stride,
        input_shift: g.padding as isize,
        halo: (g.taps - 1) * g.dilation / g.stride,
        outputs: g.short_channels,
        output_length: g.short_length,
        output_start: 0,
        columns: g.short_length,
        phases: vec![taps],
        weight_strides: WeightStrides { group: g.short_channels * short, input: long, output: short, tap },
    }
    .run(x, weight, bias)
}

/// Computes x `[B, C_long, T_long]` from y `[B, C_short, T_short]`.
pub(super) fn backward_data<T: Element>(
    g: &Geometry,
    y: &Operand<T>,
    weight: &Operand<T>,
    bias: Option<&[T]>,
) -> Vec<T> {
    // For output u, u + p = s·q + r; tap k with d·k = s·a + r takes input t = q − a to it.
    let (s, p) = (g.stride, g.padding);
    let furthest = (g.taps - 1) * g.dilation / s;
    let first = p / s;
    let phases = (0..s)
        .map(|r| {
            let reaching = (0..g.taps).filter(|k| k * g.dilation % s == r);
            reaching.map(|k| Tap { index: k, phase: 0, shift: furthest - k * g.dilation / s }).collect()
        })
        .collect();
    let [short, long, tap] = weight.strides;
    Plan {
        batch: g.batch,
        groups: g.groups,
        inputs: g.short_channels,
        input_length: g.short_length,
        input_stride: 1,
        input_shift: furthest as isize - first as isize,
        halo: furthest,
        outputs: g.long_channels,
        output_length: g.long_length,
        output_start: (s * first) as isize - p as isize,
        columns: (g.long_length - 1 + p) / s + 1 - first,
        phases,
        weight_strides: WeightStrides { group: g.short_channels * short, input: short, output: long, tap },
    }
    .run(y, weight, bias)
}

/// The computation shared by both directions.
///
/// ```text
/// packed[c, r, q]                               = input[c, input_stride·q + r − input_shift], zero outside
/// output[o, output_stride·q + output_start + r] = Σ_c,taps of phase r  w · packed[c, tap.phase, q + tap.shift]
/// ```
struct Plan {
    batch: usize,
    groups: usize,
    /// Input channels per group.
    inputs: usize,
    input_length: usize,
    input_stride: usize,
    input_shift: isize,
    /// Largest shift of a tap.
    halo: usize,
    /// Output channels per group.
    outputs: usize,
    output_length: usize,
    output_start: isize,
    /// Columns q per batch item.
    columns: usize,
    /// Taps of each output phase; the number of phases is the output stride.
    phases: Vec<Vec<Tap>>,
    weight_strides: WeightStrides,
}

/// Division of the columns into blocks: either a part of one batch item, or several whole items side by side.
struct Blocks {
    items: usize,
    columns: usize,
    /// Distance between items in a packed row.
    pitch: usize,
    /// Columns per block, padding included, rounded up to whole vectors.
    width: usize,
    /// Length of one phase in a packed row.
    phase_length: usize,
    /// Length of a packed row.
    row_length: usize,
}

/// One block of columns of a range of output channels of one group.
struct Task {
    group: usize,
    first_item: usize,
    items: usize,
    first_column: usize,
    columns: usize,
    first_output: usize,
    outputs: usize,
}

impl Plan {
    fn run<T: Element>(&self, input: &Operand<T>, weight: &Operand<T>, bias: Option<&[T]>) -> Vec<T> {
        let blocks = self.blocks::<T>();
        let tasks = self.tasks(&blocks);
        let weights =
            Weights::new(weight, &self.weight_strides, self.groups, self.inputs, self.outputs, &self.phases);
        let steps: Vec<Vec<Step>> =
            (0..self.phases.len()).map(|phase| self.steps(phase, &blocks, &weights)).collect();
        let mut output = vec![T::ZERO; self.batch * self.groups * self.outputs * self.output_length];
        let shared = SharedOutput::new(&mut output);
        let work = self.inputs * self.phases.iter().map(Vec::len).sum::<usize>().max(1);
        let task_work = work * self.outputs.min(tasks[0].outputs) * blocks.width;
        tasks.par_iter().with_min_len((TASK_WORK / task_work).max(1)).for_each_init(
            || Scratch {
                packed: vec![T::ZERO; self.inputs * blocks.row_length],
                result: vec![T::ZERO; ROWS * blocks.width],
            },
            |scratch, task| {
                Arch::new().dispatch(Job {
                    plan: self,
                    blocks: &blocks,
                    steps: &steps,
                    task,
                    input,
                    weights: &weights,
                    bias,
                    scratch,
                    output: &shared,
                });
            },
        );
        output
    }

    fn blocks<T>(&self) -> Blocks {
        let row_bytes = self.inputs * self.input_stride * size_of::<T>();
        let fitting = (BLOCK_BYTES / row_bytes).clamp(BLOCK_COLUMNS.0, BLOCK_COLUMNS.1);
        let (items, columns) = if self.columns + self.halo <= fitting && self.side_by_side_pays() {
            ((fitting / (self.columns + self.halo)).min(self.batch), self.columns)
        } else {
            // Blocks of equal length, in whole vectors.
            let count = self.columns.div_ceil(fitting);
            (1, self.columns.div_ceil(count).next_multiple_of(LANES).min(self.columns))
        };
        let pitch = self.columns + self.halo;
        let used = (items - 1) * pitch + columns;
        let width = used.next_multiple_of(LANES);
        let phase_length = width + self.halo;
        // An odd number of cache lines per row, since powers of two would map to the same few cache sets.
        let line = 64 / size_of::<T>();
        let row_length = ((self.input_stride * phase_length).div_ceil(line) | 1) * line;
        Blocks { items, columns, pitch, width, phase_length, row_length }
    }

    /// Compares the cost of items side by side, one halo each, with that of single items, rounded up to whole
    /// vectors or leaving the tile half empty.
    fn side_by_side_pays(&self) -> bool {
        let alone = if self.columns < TILE_COLUMNS {
            self.columns.next_multiple_of(LANES) + LANES
        } else {
            self.columns.next_multiple_of(LANES)
        };
        self.batch > 1 && self.columns + self.halo < alone
    }

    fn tasks(&self, blocks: &Blocks) -> Vec<Task> {
        let mut parts = Vec::new();
        for first_item in (0..self.batch).step_by(blocks.items) {
            for first_column in (0..self.columns).step_by(blocks.columns) {
                parts.push((first_item, first_column));
            }
        }
        // With few blocks, the output channels are divided too, which does not affect any sum.
        let wanted = 2 * rayon::current_num_threads();
        let pieces = wanted.div_ceil(parts.len() * self.groups).min(self.outputs.div_ceil(ROWS)).max(1);
        let outputs = self.outputs.div_ceil(pieces).next_multiple_of(ROWS).min(self.outputs);
        let mut tasks = Vec::new();
        for &(first_item, first_column) in &parts {
            for group in 0..self.groups {
                for first_output in (0..self.outputs).step_by(outputs) {
                    tasks.push(Task {
                        group,
                        first_item,
                        items: blocks.items.min(self.batch - first_item),
                        first_column,
                        columns: blocks.columns.min(self.columns - first_column),
                        first_output,
                        outputs: outputs.min(self.outputs - first_output),
                    });
                }
            }
        }
        tasks
    }

    fn steps<T: Element>(&self, phase: usize, blocks: &Blocks, weights: &Weights<T>) -> Vec<Step> {
        pairs(self.inputs, &self.phases[phase])
            .enumerate()
            .map(|(i, (c, tap))| {
                let vector = c * blocks.row_length + tap.phase * blocks.phase_length + tap.shift;
                Step::new(vector, weights.offset(i, c, tap))
            })
            .collect()
    }

    /// Copies a task's input into phases, with zeros outside the input.
    #[inline(always)]
    fn pack<T: Element>(&self, blocks: &Blocks, task: &Task, input: &Operand<T>, packed: &mut [T]) {
        let [batch_stride, channel_stride, time_stride] = input.strides;
        let length = task.columns + self.halo;
        for c in 0..self.inputs {
            let row = &mut packed[c * blocks.row_length..][..blocks.row_length];
            let channel = (task.group * self.inputs + c) * channel_stride;
            for (phase, row) in row.chunks_exact_mut(blocks.phase_length).take(self.input_stride).enumerate()
            {
                for item in 0..task.items {
                    let place = &mut row[item * blocks.pitch..][..length];
                    let data = &input.data[(task.first_item + item) * batch_stride + channel..];
                    let first = (self.input_stride * task.first_column + phase) as isize - self.input_shift;
                    copy_strided(data, time_stride, self.input_length, first, self.input_stride, place);
                }
                let end = (task.items - 1) * blocks.pitch + length;
                row[end..].fill(T::ZERO);
            }
        }
    }

    /// Moves finished columns of one output channel to their final positions.
    #[inline(always)]
    fn deliver<T: Element>(
        &self,
        blocks: &Blocks,
        task: &Task,
        phase: usize,
        result: &[T],
        bias: T,
        output: &SharedOutput<T>,
        channel: usize,
    ) {
        let stride = self.phases.len();
        // Position of the task's first column; the columns of all its phases are between this and `end`.
        let start = (stride * task.first_column) as isize + self.output_start;
        let end = start + (stride * task.columns) as isize;
        let (from, to) = (start.max(0) as usize, (end as usize).min(self.output_length));
        for item in 0..task.items {
            let row = ((task.first_item + item) * self.groups * self.outputs + channel) * self.output_length;
            // SAFETY: tasks differ in channels, items or columns, and columns have distinct positions.
            #[expect(unsafe_code, reason = "tasks write to disjoint elements of one buffer")]
            let places = unsafe { output.part(row + from, to - from) };
            let result = &result[item * blocks.pitch..][..task.columns];
            // First column of this phase that has a position in the output.
            let skipped = (-(start + phase as isize)).max(0) as usize;
            let skipped = skipped.div_ceil(stride);
            let offset = (start + phase as isize + (stride * skipped) as isize) as usize - from;
            let Some(result) = result.get(skipped..) else { continue };
            if stride == 1 {
                for (place, &value) in places[offset..].iter_mut().zip(result) {
                    *place = value + bias;
                }
            } else {
                for (place, &value) in places.iter_mut().skip(offset).step_by(stride).zip(result) {
                    *place = value + bias;
                }
            }
        }
    }
}

/// Sets `place[i]` to element `first` + i·`step` of a row of `length` elements spaced by `stride`, or to zero
/// outside the row.
#[inline(always)]
pub(super) fn copy_strided<T: Element>(
    data: &[T],
    stride: usize,
    length: usize,
    first: isize,
    step: usize,
    place: &mut [T],
) {
    let before = (-first).max(0) as usize;
    let before = before.div_ceil(step).min(place.len());
    let from = first + (before * step) as isize;
    let inside = (length as isize - from).max(0) as usize;
    let count = inside.div_ceil(step).min(place.len() - before);
    place[..before].fill(T::ZERO);
    place[before + count..].fill(T::ZERO);
    let place = &mut place[before..before + count];
    if count == 0 {
        return;
    }
    let data = &data[from as usize * stride..];
    match step * stride {
        0 => place.fill(data[0]),
        1 => place.copy_from_slice(&data[..count]),
        2 => gather::<T, 2>(data, place),
        3 => gather::<T, 3>(data, place),
        4 => gather::<T, 4>(data, place),
        apart => {
            for (place, &value) in place.iter_mut().zip(data.iter().step_by(apart)) {
                *place = value;
            }
        }
    }
}

/// Gathers every `N`th number; a constant step lets the compiler use vector shuffles.
#[inline(always)]
fn gather<T: Element, const N: usize>(data: &[T], place: &mut [T]) {
    let whole = place.len().min(data.len() / N);
    let (first, last) = place.split_at_mut(whole);
    for (place, chunk) in first.iter_mut().zip(data.chunks_exact(N)) {
        *place = chunk[0];
    }
    for (i, place) in last.iter_mut().enumerate() {
        *place = data[(whole + i) * N];
    }
}

struct Scratch<T> {
    packed: Vec<T>,
    result: Vec<T>,
}

struct Job<'a, T> {
    plan: &'a Plan,
    blocks: &'a Blocks,
    steps: &'a [Vec<Step>],
    task: &'a Task,
    input: &'a Operand<'a, T>,
    weights: &'a Weights<'a, T>,
    bias: Option<&'a [T]>,
    scratch: &'a mut Scratch<T>,
    output: &'a SharedOutput<'a, T>,
}

impl<T: Element> WithSimd for Job<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Job { plan, blocks, steps, task, input, weights, bias, scratch, output } = self;
        plan.pack(blocks, task, input, &mut scratch.packed);
        let lanes = T::lanes::<S>();
        let columns = ((task.items - 1) * blocks.pitch + task.columns).div_ceil(lanes);
        assert!(columns * lanes <= blocks.width);
        for first in (0..task.outputs).step_by(ROWS) {
            let rows = ROWS.min(task.outputs - first);
            for (phase, steps) in steps.iter().enumerate() {
                let (weights, scalar_stride) = weights.of(task.group, task.first_output + first, phase);
                let operands = Operands {
                    vectors: scratch.packed.as_ptr(),
                    scalars: weights.as_ptr(),
                    scalar_stride,
                    output: scratch.result.as_mut_ptr(),
                    output_stride: blocks.width,
                };
                // SAFETY: a step's vector offset is that of a packed row and phase plus at most the halo, and
                // a phase has length `width` + `halo`, of which `columns` vectors take at most `width`. Its
                // scalar offset is that of an input channel and tap of the weight, whose rows are output
                // channels. `Operand::new` checked the unpacked weight; the packed one holds `width` channels
                // per step, and tasks start at block boundaries. The result has ROWS rows of `width`.
                #[expect(unsafe_code, reason = "calls the kernel")]
                unsafe {
                    multiply(simd, steps, operands, rows, columns, false);
                }
                for row in 0..rows {
                    let channel = task.group * plan.outputs + task.first_output + first + row;
                    let bias = bias.map_or(T::ZERO, |bias| bias[channel]);
                    let result = &scratch.result[row * blocks.width..][..blocks.width];
                    plan.deliver(blocks, task, phase, result, bias, output, channel);
                }
            }
        }
    }
}
