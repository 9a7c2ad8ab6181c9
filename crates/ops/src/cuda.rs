//! The way to the kernels in `cuda/`: from storages of candle to a launch.
//!
//! ```text
//! storages and layouts ─► views of contiguous elements ─► kernel_f32 or kernel_f64 of the module ─► a new storage
//! ```

use candle_core::backend::{BackendDevice as _, BackendStorage as _};
use candle_core::cuda_backend::cudarc::driver::{
    CudaFunction, CudaSlice, CudaView, CudaViewMut, DeviceRepr, LaunchConfig, PushKernelArg as _,
};
use candle_core::cuda_backend::{CudaDType, CudaDevice, CudaStorageSlice, WrapErr as _};
use candle_core::{CudaStorage, DType, Layout, Result, bail};

/// Threads of a block; `BLOCK` in `cuda/common.cuh`.
const BLOCK: u32 = 256;
/// Blocks for work that every thread takes a part of: more than a device runs at once.
const MOST_BLOCKS: usize = 4096;

/// A compiled file of kernels.
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

/// How many threads run a kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Grid {
    /// Enough for so many elements, of which a thread may take several.
    Elements(usize),
    /// So many blocks of `BLOCK` threads.
    Blocks(usize),
    /// So many blocks of 32 by 8 threads.
    Tiles(usize),
}

impl Grid {
    /// Blocks are counted in the first dimension alone, which takes 2³¹.
    pub(crate) fn config(self) -> Result<LaunchConfig> {
        let (blocks, block_dim) = match self {
            Self::Elements(count) => (count.div_ceil(BLOCK as usize).clamp(1, MOST_BLOCKS), (BLOCK, 1, 1)),
            Self::Blocks(blocks) => (blocks, (BLOCK, 1, 1)),
            Self::Tiles(blocks) => (blocks, (32, 8, 1)),
        };
        let Ok(blocks) = i32::try_from(blocks) else {
            bail!("a grid of {blocks} blocks is too large for the device")
        };
        Ok(LaunchConfig { grid_dim: (blocks as u32, 1, 1), block_dim, shared_mem_bytes: 0 })
    }
}

/// The two number types that the kernels have.
pub(crate) trait Number: CudaDType + DeviceRepr + candle_core::WithDType {
    const SUFFIX: &'static str;
}

impl Number for f32 {
    const SUFFIX: &'static str = "f32";
}

impl Number for f64 {
    const SUFFIX: &'static str = "f64";
}

/// Runs `$body` with the type `$T` that the storage holds, or fails in the name of the operation.
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
                "{}: tensors are f32 or f64, got {:?}",
                $op,
                candle_core::backend::BackendStorage::dtype($storage)
            ),
        }
    };
}
pub(crate) use for_device_float;

/// The elements of a contiguous tensor, in order.
pub(crate) fn contiguous<'a, T: CudaDType>(
    op: &str,
    (storage, layout): (&'a CudaStorage, &Layout),
) -> Result<CudaView<'a, T>> {
    let data = storage.as_cuda_slice::<T>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(data.slice(start..end)),
        None => bail!("{op}: the kernel takes contiguous tensors, got strides {:?}", layout.stride()),
    }
}

/// A storage of these elements one after another: a copy, whatever the strides.
pub(crate) fn copied(storage: &CudaStorage, layout: &Layout) -> Result<CudaStorage> {
    let mut copy = storage.device.zeros_impl(layout.shape(), storage.dtype())?;
    storage.copy_strided_src(&mut copy, 0, layout)?;
    Ok(copy)
}

/// Memory for so many elements, with nothing in it yet.
pub(crate) fn allocate<T: DeviceRepr>(device: &CudaDevice, count: usize) -> Result<CudaSlice<T>> {
    // SAFETY: every caller lets a kernel or a library write all of it before anything reads.
    #[expect(unsafe_code, reason = "filling with zeros first would be a second pass over memory")]
    unsafe {
        device.alloc::<T>(count)
    }
}

/// What a kernel is given behind its tensors.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scalars<'a> {
    pub(crate) integers: &'a [usize],
    pub(crate) doubles: &'a [f64],
}

/// A kernel of a module, for one number type.
pub(crate) struct Kernel<'a> {
    pub(crate) device: &'a CudaDevice,
    pub(crate) module: Module,
    pub(crate) name: &'static str,
}

impl Kernel<'_> {
    /// Runs the kernel on inputs of one type, which it only reads, and outputs, which it may also read.
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
        // SAFETY: the kernels take their arguments in this order, and the caller gives those of the named one.
        #[expect(unsafe_code, reason = "nothing holds a kernel's parameters against its arguments")]
        unsafe {
            arguments.launch(grid.config()?).w()?;
        }
        Ok(())
    }

    /// The kernel, compiled by the driver when its module is first asked for.
    pub(crate) fn load<T: Number>(&self) -> Result<CudaFunction> {
        let name = format!("{}_{}", self.name, T::SUFFIX);
        Ok(self
            .device
            .get_or_load_custom_func(&name, self.module.name, self.module.ptx)?
            .into_cuda_function())
    }
}

/// Runs a kernel with one output of `count` elements, of the type of its inputs; all have the type of the first.
pub(crate) fn compute(
    op: &str,
    (module, name): (Module, &'static str),
    inputs: &[(&CudaStorage, &Layout)],
    count: usize,
    grid: Grid,
    scalars: Scalars<'_>,
) -> Result<CudaStorage> {
    let Some((first, _)) = inputs.first() else { bail!("{op}: a kernel without inputs") };
    let device = &first.device;
    for_device_float!(*first, op, T => {
        let views = inputs.iter().map(|input| contiguous::<T>(op, *input)).collect::<Result<Vec<_>>>()?;
        let views: Vec<&CudaView<'_, T>> = views.iter().collect();
        let mut output = allocate::<T>(device, count)?;
        Kernel { device, module, name }.launch(grid, &views, &mut [output.as_view_mut()], scalars)?;
        Ok(CudaStorage::wrap_cuda_slice(output, device.clone()))
    })
}

/// Whether the storage holds numbers that may be multiplied in less than full precision.
pub(crate) fn is_single(storage: &CudaStorage) -> bool {
    matches!(storage.slice, CudaStorageSlice::F32(_))
}

/// The storage in another type, contiguous.
pub(crate) fn converted(storage: &CudaStorage, layout: &Layout, dtype: DType) -> Result<CudaStorage> {
    storage.to_dtype(layout, dtype)
}
