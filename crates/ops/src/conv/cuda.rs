//! The three convolutions on a GPU, using cuDNN.
//!
//! Signals are images of height one, with time as the width. Algorithms whose result depends on the order of
//! additions are avoided where an alternative exists.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use candle_core::backend::BackendStorage as _;
use candle_core::cuda_backend::cudarc::cudnn::sys::{
    cudnnConvolutionBwdDataAlgo_t as DataAlgorithm, cudnnConvolutionBwdFilterAlgo_t as FilterAlgorithm,
    cudnnConvolutionMode_t, cudnnDataType_t, cudnnMathType_t, cudnnTensorFormat_t,
};
use candle_core::cuda_backend::cudarc::cudnn::{
    ConvBackwardData, ConvBackwardFilter, ConvDescriptor, ConvForward, Cudnn, CudnnDataType, CudnnError,
    FilterDescriptor, TensorDescriptor,
};
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, DeviceRepr};
use candle_core::cuda_backend::{CudaDType, CudaDevice, DeviceId};
use candle_core::{CudaStorage, DType, Error, Layout, Result, Shape, WithDType, bail};

use super::geometry::Geometry;
use crate::cuda::{Grid, POINTWISE, Scalars, allocate, compute, contiguous, converted, copied, is_single};
use crate::precision::Precision;

/// A tensor as passed to an operation.
pub(super) type Operand<'a> = (&'a CudaStorage, &'a Layout);

/// The three convolutions.
#[derive(Debug, Clone, Copy)]
enum Direction {
    Forward,
    BackwardData,
    BackwardFilter,
}

/// Computes the short side from the long side.
pub(super) fn forward(
    g: &Geometry,
    x: Operand<'_>,
    weight: Operand<'_>,
    bias: Option<Operand<'_>>,
) -> Result<CudaStorage> {
    let y = convolve("conv1d", g, Direction::Forward, x, weight)?;
    add_bias("conv1d", y, &short_shape(g), bias)
}

/// Computes the long side from the short side.
pub(super) fn backward_data(
    g: &Geometry,
    y: Operand<'_>,
    weight: Operand<'_>,
    bias: Option<Operand<'_>>,
) -> Result<CudaStorage> {
    let x = convolve("conv_transpose1d", g, Direction::BackwardData, y, weight)?;
    add_bias("conv_transpose1d", x, &long_shape(g), bias)
}

/// Computes the gradient of the weight from both sides.
pub(super) fn backward_filter(g: &Geometry, y: Operand<'_>, x: Operand<'_>) -> Result<CudaStorage> {
    convolve("conv1d_backward_filter", g, Direction::BackwardFilter, y, x)
}

fn short_shape(g: &Geometry) -> Shape {
    (g.batch, g.groups * g.short_channels, g.short_length).into()
}

fn long_shape(g: &Geometry) -> Shape {
    (g.batch, g.groups * g.long_channels, g.long_length).into()
}

fn weight_shape(g: &Geometry) -> Shape {
    (g.groups * g.short_channels, g.long_channels, g.taps).into()
}

fn add_bias(op: &str, x: CudaStorage, shape: &Shape, bias: Option<Operand<'_>>) -> Result<CudaStorage> {
    let Some(bias) = bias else { return Ok(x) };
    let (_, channels, time) = shape.dims3()?;
    let (count, layout) = (shape.elem_count(), Layout::contiguous(shape));
    let scalars = Scalars { integers: &[count, channels, time], doubles: &[] };
    compute(op, (POINTWISE, "add_bias"), &[(&x, &layout), bias], count, Grid::Elements(count), scalars)
}

/// Converts both operands to cuDNN's type and layout, and the result back.
fn convolve(
    op: &str,
    g: &Geometry,
    direction: Direction,
    a: Operand<'_>,
    b: Operand<'_>,
) -> Result<CudaStorage> {
    let shape = match direction {
        Direction::Forward => short_shape(g),
        Direction::BackwardData => long_shape(g),
        Direction::BackwardFilter => weight_shape(g),
    };
    if is_single(a.0) && g.precision == Precision::Bf16 {
        let halve = |(storage, layout): Operand<'_>| converted(storage, layout, DType::BF16);
        let (first, second) = (halve(a)?, halve(b)?);
        let (first_layout, second_layout) =
            (Layout::contiguous(a.1.shape()), Layout::contiguous(b.1.shape()));
        let (a, b) = ((&first, &first_layout), (&second, &second_layout));
        let result = run::<half::bf16, f32>(op, g, direction, a, b, &shape)?;
        return converted(&result, &Layout::contiguous(shape), DType::F32);
    }
    let straight = |(storage, layout): Operand<'_>| {
        if layout.is_contiguous() { Ok(None) } else { copied(storage, layout).map(Some) }
    };
    let (first, second) = (straight(a)?, straight(b)?);
    let (first_layout, second_layout) = (Layout::contiguous(a.1.shape()), Layout::contiguous(b.1.shape()));
    let a = first.as_ref().map_or(a, |copy| (copy, &first_layout));
    let b = second.as_ref().map_or(b, |copy| (copy, &second_layout));
    match a.0.dtype() {
        DType::F32 => run::<f32, f32>(op, g, direction, a, b, &shape),
        DType::F64 => run::<f64, f64>(op, g, direction, a, b, &shape),
        other => bail!("{op}: tensors must be f32 or f64, got {other:?}"),
    }
}

/// Runs the convolution on values of type T, accumulated in type C.
fn run<T, C>(
    op: &str,
    g: &Geometry,
    direction: Direction,
    a: Operand<'_>,
    b: Operand<'_>,
    shape: &Shape,
) -> Result<CudaStorage>
where
    T: CudaDType + DeviceRepr + CudnnDataType + WithDType,
    C: CudnnDataType,
{
    let device = &a.0.device;
    let failed = |error: CudnnError| Error::Msg(format!("{op}: cuDNN: {error}")).bt();
    let plan = Plan::<T, C>::new(device, g).map_err(failed)?;
    let (a, b) = (contiguous::<T>(op, a)?, contiguous::<T>(op, b)?);
    let mut result = allocate::<T>(device, shape.elem_count())?;
    let scale = (T::from_f64(1.0), T::from_f64(0.0));
    match direction {
        Direction::Forward => {
            let operation = ConvForward { conv: &plan.conv, x: &plan.long, w: &plan.weight, y: &plan.short };
            let algorithm = operation.pick_algorithm().map_err(failed)?;
            let mut workspace = workspace(device, operation.get_workspace_size(algorithm).map_err(failed)?)?;
            // SAFETY: the descriptors have the geometry's shapes, and the tensors were checked against it.
            #[expect(unsafe_code, reason = "the library takes pointers")]
            unsafe { operation.launch(algorithm, workspace.as_mut(), scale, &a, &b, &mut result) }
                .map_err(failed)?;
        }
        Direction::BackwardData => {
            let operation =
                ConvBackwardData { conv: &plan.conv, dx: &plan.long, w: &plan.weight, dy: &plan.short };
            let picked = operation.pick_algorithm().map_err(failed)?;
            let (algorithm, size) = match (picked, operation.get_workspace_size(ORDERED_DATA)) {
                (DataAlgorithm::CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, Ok(size)) => (ORDERED_DATA, size),
                _ => (picked, operation.get_workspace_size(picked).map_err(failed)?),
            };
            let mut workspace = workspace(device, size)?;
            // SAFETY: as above.
            #[expect(unsafe_code, reason = "the library takes pointers")]
            unsafe { operation.launch(algorithm, workspace.as_mut(), scale, &mut result, &b, &a) }
                .map_err(failed)?;
        }
        Direction::BackwardFilter => {
            let operation =
                ConvBackwardFilter { conv: &plan.conv, x: &plan.long, dw: &plan.weight, dy: &plan.short };
            let picked = operation.pick_algorithm().map_err(failed)?;
            let unordered = matches!(
                picked,
                FilterAlgorithm::CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0
                    | FilterAlgorithm::CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3
            );
            let (algorithm, size) = match operation.get_workspace_size(ORDERED_FILTER) {
                Ok(size) if unordered => (ORDERED_FILTER, size),
                _ => (picked, operation.get_workspace_size(picked).map_err(failed)?),
            };
            let mut workspace = workspace(device, size)?;
            // SAFETY: as above.
            #[expect(unsafe_code, reason = "the library takes pointers")]
            unsafe { operation.launch(algorithm, workspace.as_mut(), scale, &b, &mut result, &a) }
                .map_err(failed)?;
        }
    }
    Ok(CudaStorage::wrap_cuda_slice(result, device.clone()))
}

/// Replacements for algorithms that add in arbitrary order.
const ORDERED_DATA: DataAlgorithm = DataAlgorithm::CUDNN_CONVOLUTION_BWD_DATA_ALGO_1;
const ORDERED_FILTER: FilterAlgorithm = FilterAlgorithm::CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1;

/// Allocates an algorithm's scratch memory, if it needs any.
fn workspace(device: &CudaDevice, bytes: usize) -> Result<Option<CudaSlice<u8>>> {
    if bytes == 0 { Ok(None) } else { allocate::<u8>(device, bytes).map(Some) }
}

/// The geometry as cuDNN descriptors.
struct Plan<T, C> {
    long: TensorDescriptor<T>,
    short: TensorDescriptor<T>,
    weight: FilterDescriptor<T>,
    conv: ConvDescriptor<C>,
}

impl<T: CudnnDataType, C: CudnnDataType> Plan<T, C> {
    fn new(device: &CudaDevice, g: &Geometry) -> std::result::Result<Self, CudnnError> {
        let cudnn = handle(device)?;
        let format = cudnnTensorFormat_t::CUDNN_TENSOR_NCHW;
        let integer = |value: usize| value as i32;
        let image = |channels: usize, length: usize| {
            cudnn.create_4d_tensor::<T>(format, [integer(g.batch), integer(channels), 1, integer(length)])
        };
        let outputs = integer(g.groups * g.short_channels);
        let mut conv = cudnn.create_conv2d::<C>(
            [0, integer(g.padding)],
            [1, integer(g.stride)],
            [1, integer(g.dilation)],
            cudnnConvolutionMode_t::CUDNN_CROSS_CORRELATION,
        )?;
        conv.set_group_count(integer(g.groups))?;
        // The default may round f32 factors to TF32.
        conv.set_math_type(match (T::DATA_TYPE, g.precision) {
            (cudnnDataType_t::CUDNN_DATA_FLOAT, Precision::F32) => cudnnMathType_t::CUDNN_FMA_MATH,
            (cudnnDataType_t::CUDNN_DATA_BFLOAT16, _) => cudnnMathType_t::CUDNN_TENSOR_OP_MATH,
            _ => cudnnMathType_t::CUDNN_DEFAULT_MATH,
        })?;
        Ok(Self {
            long: image(g.groups * g.long_channels, g.long_length)?,
            short: image(g.groups * g.short_channels, g.short_length)?,
            weight: cudnn
                .create_4d_filter::<T>(format, [outputs, integer(g.long_channels), 1, integer(g.taps)])?,
            conv,
        })
    }
}

thread_local! {
    /// One handle per device and thread, because creating one takes milliseconds.
    static HANDLES: RefCell<HashMap<DeviceId, Arc<Cudnn>>> = RefCell::new(HashMap::new());
}

fn handle(device: &CudaDevice) -> std::result::Result<Arc<Cudnn>, CudnnError> {
    HANDLES.with_borrow_mut(|handles| {
        if let Some(handle) = handles.get(&device.id()) {
            return Ok(handle.clone());
        }
        let handle = Cudnn::new(device.cuda_stream())?;
        handles.insert(device.id(), handle.clone());
        Ok(handle)
    })
}
