//! Launching the kernels in `cuda/` on candle's storages.
//!
//! ```text
//! storages and layouts ─► views of contiguous elements ─► kernel_f32 or kernel_f64 ─► a new storage
//! ```

use candle_core::backend::{BackendDevice as _, BackendStorage as _};
use candle_core::cuda_backend::cudarc::driver::{
    CudaFunction, CudaSlice, CudaView, CudaViewMut, DeviceRepr, LaunchConfig, PushKernelArg as _,
};
use candle_core::cuda_backend::{CudaDType, CudaDevice, CudaStorageSlice, WrapErr as _};
use candle_core::{CudaStorage, DType, Layout, Result, bail};

/// Threads per block; `BLOCK` in `cuda/common.cuh`.
const BLOCK: u32 = 256;
/// Block limit for grid-stride kernels: more than a device runs at once.
const MOST_BLOCKS: usize = 4096;

/// A compiled kernel file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Module {
    name: &'static str,
    ptx: &'static str,
}

macro_rules! module {
    ($constant:ident, $name:literal) => {
        pub(crate) const $constant: Module = Module {
            name: concat!("mynah-", $name),
            ptx: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".ptx")),
        };
    };
}
module!(ALIGNMENT, "alignment");
module!(POINTWISE, "pointwise");
module!(SIGNAL, "signal");

/// Launch shape of a kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Grid {
    /// Enough threads for this number of elements; each thread may process several.
    Elements(usize),
    /// This number of blocks of `BLOCK` threads.
    Blocks(usize),
    /// This number of blocks of 32 × 8 threads.
    Tiles(usize),
}

impl Grid {
    /// Returns the launch configuration. All blocks are in the first dimension, which allows 2³¹.
    pub(crate) fn config(self) -> Result<LaunchConfig> {
        let (blocks, block_dim) = match self {
            Self::Elements(count) => (count.div_ceil(BLOCK as usize).clamp(1, MOST_BLOCKS), (BLOCK, 1, 1)),
            Self::Blocks(blocks) => (blocks, (BLOCK, 1, 1)),
            Self::Tiles(blocks) => (blocks, (32, 8, 1)),
        };
        let Ok(blocks) = i32::try_from(blocks) else {
            bail!("a grid of {blocks} blocks exceeds the limit of the device")
        };
        Ok(LaunchConfig { grid_dim: (blocks as u32, 1, 1), block_dim, shared_mem_bytes: 0 })
    }
}

/// Number types that the kernels are compiled for.
pub(crate) trait Number: CudaDType + DeviceRepr + candle_core::WithDType {
    const SUFFIX: &'static str;
}

impl Number for f32 {
    const SUFFIX: &'static str = "f32";
}

impl Number for f64 {
    const SUFFIX: &'static str = "f64";
}

/// Runs `$body` with `$T` bound to the storage's type, or fails with an error naming the operation.
macro_rules! for_device_float {
    ($storage:expr, $op:expr, $T:ident => $body:expr) => {
        match &$storage.slice {
            candle_core::cuda_backend::CudaStorageSlice::F32(_) => {
                type $T = f32;
                $body
            }
            candle_core::cuda_backend::CudaStorageSlice::F64(_) => {
                type $T = f64;
                $body
            }
            _ => candle_core::bail!(
                "{}: tensors must be f32 or f64, got {:?}",
                $op,
                candle_core::backend::BackendStorage::dtype($storage)
            ),
        }
    };
}
pub(crate) use for_device_float;

/// Returns a view of a contiguous tensor's elements, in order.
pub(crate) fn contiguous<'a, T: CudaDType>(
    op: &str,
    (storage, layout): (&'a CudaStorage, &Layout),
) -> Result<CudaView<'a, T>> {
    let data = storage.as_cuda_slice::<T>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(data.slice(start..end)),
        None => bail!("{op}: the kernel requires contiguous tensors, got strides {:?}", layout.stride()),
    }
}

/// Copies a tensor with any strides into a contiguous storage.
pub(crate) fn copied(storage: &CudaStorage, layout: &Layout) -> Result<CudaStorage> {
    let mut copy = storage.device.zeros_impl(layout.shape(), storage.dtype())?;
    storage.copy_strided_src(&mut copy, 0, layout)?;
    Ok(copy)
}

/// Allocates uninitialized memory for `count` elements.
pub(crate) fn allocate<T: DeviceRepr>(device: &CudaDevice, count: usize) -> Result<CudaSlice<T>> {
    // SAFETY: every caller has a kernel or library overwrite all of it before any read.
    #[expect(unsafe_code, reason = "zeroing first would cost a second pass over memory")]
    unsafe {
        device.alloc::<T>(count)
    }
}

/// Scalar arguments of a kernel, passed after its tensors.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scalars<'a> {
    pub(crate) integers: &'a [usize],
    pub(crate) doubles: &'a [f64],
}

/// A kernel of a module, instantiated for one number type at launch.
pub(crate) struct Kernel<'a> {
    pub(crate) device: &'a CudaDevice,
    pub(crate) module: Module,
    pub(crate) name: &'static str,
}

impl Kernel<'_> {
    /// Launches the kernel. It only reads the inputs, which share one type; it may also read the outputs.
    pub(crate) fn launch<T: Number>(
        &self,
        grid: Grid,
        inputs: &[&CudaView<'_, T>],
        outputs: &mut [CudaViewMut<'_, T>],
        scalars: Scalars<'_>,
    ) -> Result<()> {
        let function = self.load::<T>()?;
        let integers: Vec<i64> = scalars.integers.iter().map(|&integer| integer as i64).collect();
        let stream = self.device.cuda_stream();
        let mut arguments = stream.launch_builder(&function);
        for input in inputs {
            arguments.arg(*input);
        }
        for output in outputs {
            arguments.arg(output);
        }
        for integer in &integers {
            arguments.arg(integer);
        }
        for double in scalars.doubles {
            arguments.arg(double);
        }
        // SAFETY: kernels take their arguments in this order, and the caller passes those of the named
        // kernel.
        #[expect(unsafe_code, reason = "nothing checks a kernel's arguments against its parameters")]
        unsafe {
            arguments.launch(grid.config()?).w()?;
        }
        Ok(())
    }

    /// Returns the kernel; the driver compiles its module on first use.
    pub(crate) fn load<T: Number>(&self) -> Result<CudaFunction> {
        let name = format!("{}_{}", self.name, T::SUFFIX);
        Ok(self
            .device
            .get_or_load_custom_func(&name, self.module.name, self.module.ptx)?
            .into_cuda_function())
    }
}

/// Runs a kernel with one output of `count` elements. The inputs and the output all have the first input's
/// type.
pub(crate) fn compute(
    op: &str,
    (module, name): (Module, &'static str),
    inputs: &[(&CudaStorage, &Layout)],
    count: usize,
    grid: Grid,
    scalars: Scalars<'_>,
) -> Result<CudaStorage> {
    let Some((first, _)) = inputs.first() else { bail!("{op}: the kernel has no inputs") };
    let device = &first.device;
    for_device_float!(*first, op, T => {
        let views = inputs.iter().map(|input| contiguous::<T>(op, *input)).collect::<Result<Vec<_>>>()?;
        let views: Vec<&CudaView<'_, T>> = views.iter().collect();
        let mut output = allocate::<T>(device, count)?;
        Kernel { device, module, name }.launch(grid, &views, &mut [output.as_view_mut()], scalars)?;
        Ok(CudaStorage::wrap_cuda_slice(output, device.clone()))
    })
}

/// Returns true for f32, the only type that may be multiplied in reduced precision.
pub(crate) fn is_single(storage: &CudaStorage) -> bool {
    matches!(storage.slice, CudaStorageSlice::F32(_))
}

/// Converts the storage to another type, contiguously.
pub(crate) fn converted(storage: &CudaStorage, layout: &Layout, dtype: DType) -> Result<CudaStorage> {
    storage.to_dtype(layout, dtype)
}
