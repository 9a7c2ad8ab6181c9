//! Opening CUDA devices, with errors that name missing pieces.

use candle_core::{Device, Result, bail};

/// Opens the CUDA device with this ordinal, in the driver's numbering.
///
/// All tensors of a returned device share one stream: open a device once and clone it.
///
/// # Errors
///
/// Fails if this build lacks CUDA, or if the driver, a library or the device is missing; the message says
/// which.
#[cfg(not(feature = "cuda"))]
pub fn cuda_device(ordinal: usize) -> Result<Device> {
    bail!(
        "cuda:{ordinal}: this program was built without CUDA; docs/gpu.md says how to build one that has it"
    )
}

/// Opens the CUDA device with this ordinal, in the driver's numbering.
///
/// All tensors of a returned device share one stream: open a device once and clone it.
///
/// # Errors
///
/// Fails if this build lacks CUDA, or if the driver, a library or the device is missing; the message says
/// which.
#[cfg(feature = "cuda")]
pub fn cuda_device(ordinal: usize) -> Result<Device> {
    let missing: Vec<&str> =
        LIBRARIES.iter().filter(|library| !library.is_there()).map(|library| library.what).collect();
    if !missing.is_empty() {
        bail!(
            "cuda:{ordinal}: not found on this machine: {}; the driver is installed with the graphics card, the other \
             libraries are searched for in LD_LIBRARY_PATH, for example in PyTorch's wheels (docs/gpu.md)",
            missing.join("; ")
        );
    }
    let device = match Device::new_cuda_with_stream(ordinal) {
        Ok(device) => device,
        Err(error) => bail!("cuda:{ordinal}: failed to open the device: {error}"),
    };
    if let Device::Cuda(cuda) = &device {
        // SAFETY: everything created on this device is used in order on its only stream.
        #[expect(
            unsafe_code,
            reason = "stream events cost two calls per tensor, and there is only one stream"
        )]
        unsafe {
            cuda.disable_event_tracking();
        }
        keep_freed_memory(ordinal)?;
    }
    Ok(device)
}

/// Lets the driver keep freed memory for later tensors; by default it releases it at every synchronization.
#[cfg(feature = "cuda")]
fn keep_freed_memory(ordinal: usize) -> Result<()> {
    use candle_core::cuda_backend::WrapErr as _;
    use candle_core::cuda_backend::cudarc::driver::sys;

    let mut threshold = u64::MAX;
    let mut pool = std::ptr::null_mut();
    // SAFETY: the device has a context, the pool belongs to it, and the attribute is a 64-bit integer.
    #[expect(unsafe_code, reason = "the driver's interface takes pointers")]
    unsafe {
        let ordinal = i32::try_from(ordinal).map_err(candle_core::Error::wrap)?;
        sys::cuDeviceGetDefaultMemPool(&raw mut pool, ordinal).result().w()?;
        sys::cuMemPoolSetAttribute(
            pool,
            sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD,
            (&raw mut threshold).cast(),
        )
        .result()
        .w()
    }
}

/// A library loaded when a device is opened.
#[cfg(feature = "cuda")]
struct Library {
    what: &'static str,
    /// File names, in the order tried.
    names: &'static [&'static str],
}

#[cfg(feature = "cuda")]
const LIBRARIES: [Library; 4] = [
    Library { what: "the NVIDIA driver (libcuda.so.1)", names: &["libcuda.so.1", "nvcuda.dll"] },
    Library {
        what: "cuBLAS 13 (libcublas.so.13)",
        names: &["libcublas.so.13", "libcublas.so", "cublas64_13.dll"],
    },
    Library {
        what: "cuRAND 10 (libcurand.so.10)",
        names: &["libcurand.so.10", "libcurand.so", "curand64_10.dll"],
    },
    Library { what: "cuDNN 9 (libcudnn.so.9)", names: &["libcudnn.so.9", "libcudnn.so", "cudnn64_9.dll"] },
];

#[cfg(feature = "cuda")]
impl Library {
    fn is_there(&self) -> bool {
        // SAFETY: every CUDA program loads these libraries and runs their initializers.
        #[expect(unsafe_code, reason = "a library may run code when it is loaded")]
        self.names.iter().any(|&name| unsafe { libloading::Library::new(name) }.is_ok())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(not(feature = "cuda"))]
    fn reports_a_build_without_cuda() {
        let message = super::cuda_device(1).unwrap_err().to_string();
        assert!(message.contains("cuda:1") && message.contains("built without CUDA"), "{message}");
    }

    #[test]
    #[cfg(feature = "cuda")]
    fn names_a_missing_device() {
        let message = super::cuda_device(1000).unwrap_err().to_string();
        assert!(message.contains("cuda:1000"), "{message}");
    }
}
