//! Products on a GPU, using cuBLAS, each with its own precision.

use candle_core::backend::BackendStorage as _;
use candle_core::cuda_backend::cudarc::cublas::result::gemm_strided_batched_ex;
use candle_core::cuda_backend::cudarc::cublas::sys::{
    cublasComputeType_t as ComputeType, cublasGemmAlgo_t, cublasOperation_t as Operation,
    cudaDataType_t as DataType,
};
use candle_core::cuda_backend::cudarc::driver::{DevicePtr as _, DevicePtrMut as _, DeviceRepr};
use candle_core::cuda_backend::{CudaDType, WrapErr as _};
use candle_core::{CpuStorage, CudaStorage, CustomOp2, DType, Layout, Result, Shape, Tensor, bail};

use crate::cuda::{allocate, converted, copied, is_single};
use crate::precision::Precision;

/// Multiplies `[…, M, K]` by `[…, K, N]` on a device.
pub(super) fn product(left: &Tensor, right: &Tensor, precision: Precision) -> Result<Tensor> {
    let (rank, dims) = (left.rank(), left.dims());
    let fits = rank >= 2
        && right.rank() == rank
        && right.dims()[..rank - 2] == dims[..rank - 2]
        && right.dims()[rank - 2] == dims[rank - 1];
    if !fits || left.elem_count() == 0 || right.elem_count() == 0 {
        bail!("product: {dims:?} and {:?} do not match", right.dims());
    }
    left.apply_op2(right, Product { precision })
}

struct Product {
    precision: Precision,
}

impl CustomOp2 for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        bail!("product: the CPU uses candle's product")
    }

    fn cuda_fwd(
        &self,
        left: &CudaStorage,
        left_layout: &Layout,
        right: &CudaStorage,
        right_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let (dims, rank) = (left_layout.dims(), left_layout.dims().len());
        let mut shape = dims[..rank - 1].to_vec();
        shape.push(right_layout.dims()[rank - 1]);
        let shape = Shape::from(shape);
        let shortened = if is_single(left) { self.precision } else { Precision::F32 };
        if shortened == Precision::Bf16 {
            let (first, second) =
                (converted(left, left_layout, DType::BF16)?, converted(right, right_layout, DType::BF16)?);
            let layouts = (Layout::contiguous(left_layout.shape()), Layout::contiguous(right_layout.shape()));
            let result = multiply::<half::bf16>((&first, &layouts.0), (&second, &layouts.1), BF16)?;
            return Ok((converted(&result, &Layout::contiguous(&shape), DType::F32)?, shape));
        }
        let operands = ((left, left_layout), (right, right_layout));
        let result = match (left.dtype(), shortened) {
            (DType::F32, Precision::Tf32) => multiply::<f32>(operands.0, operands.1, TF32),
            (DType::F32, _) => multiply::<f32>(operands.0, operands.1, F32),
            (DType::F64, _) => multiply::<f64>(operands.0, operands.1, F64),
            (other, _) => bail!("product: tensors must be f32 or f64, got {other:?}"),
        };
        Ok((result?, shape))
    }

    fn bwd(
        &self,
        left: &Tensor,
        right: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let rank = left.rank();
        let transposed = |x: &Tensor| x.transpose(rank - 2, rank - 1);
        let precision = self.precision;
        let dleft = if left.track_op() {
            Some(gradient.apply_op2_no_bwd(&transposed(right)?, &Self { precision })?)
        } else {
            None
        };
        let dright = if right.track_op() {
            Some(transposed(left)?.apply_op2_no_bwd(gradient, &Self { precision })?)
        } else {
            None
        };
        Ok((dleft, dright))
    }
}

/// Data type of the operands and type of the computation.
#[derive(Clone, Copy)]
struct Types(DataType, ComputeType);

const F32: Types = Types(DataType::CUDA_R_32F, ComputeType::CUBLAS_COMPUTE_32F);
const TF32: Types = Types(DataType::CUDA_R_32F, ComputeType::CUBLAS_COMPUTE_32F_FAST_TF32);
const BF16: Types = Types(DataType::CUDA_R_16BF, ComputeType::CUBLAS_COMPUTE_32F);
const F64: Types = Types(DataType::CUDA_R_64F, ComputeType::CUBLAS_COMPUTE_64F);

/// A matrix in cuBLAS's terms: row- or column-major, the distance between rows or columns, and the distance
/// between matrices.
struct Matrix {
    by_columns: bool,
    leading: usize,
    next: usize,
}

impl Matrix {
    /// Describes a layout; `None` if it has gaps that cuBLAS cannot express.
    fn of(layout: &Layout) -> Option<Self> {
        let (dims, stride, rank) = (layout.dims(), layout.stride(), layout.dims().len());
        let (rows, columns) = (dims[rank - 2], dims[rank - 1]);
        let (row, column) = (stride[rank - 2], stride[rank - 1]);
        // The stride of a dimension of size one is meaningless.
        let (by_columns, leading) = if (column == 1 || columns == 1) && (row >= columns || rows == 1) {
            (false, if rows == 1 { columns } else { row })
        } else if (row == 1 || rows == 1) && (column >= rows || columns == 1) {
            (true, if columns == 1 { rows } else { column })
        } else {
            return None;
        };
        // All leading dimensions must merge into one, from the last to the first.
        let mut next = None;
        let mut expected = 0;
        for (&size, &stride) in dims[..rank - 2].iter().zip(stride).rev().filter(|(size, _)| **size > 1) {
            if next.is_some() && stride != expected {
                return None;
            }
            next = next.or(Some(stride));
            expected = stride * size;
        }
        Some(Self { by_columns, leading, next: next.unwrap_or(0) })
    }
}

/// Multiplies two batches of matrices. cuBLAS is column-major, so it multiplies the transposed right side by
/// the transposed left side, whose column-major layout in memory is the row-major layout of the originals.
fn multiply<T: CudaDType + DeviceRepr>(
    left: (&CudaStorage, &Layout),
    right: (&CudaStorage, &Layout),
    Types(data, compute): Types,
) -> Result<CudaStorage> {
    let straight = |(storage, layout): (&CudaStorage, &Layout)| {
        if Matrix::of(layout).is_some() { Ok(None) } else { copied(storage, layout).map(Some) }
    };
    let (left_copy, right_copy) = (straight(left)?, straight(right)?);
    let layouts = (Layout::contiguous(left.1.shape()), Layout::contiguous(right.1.shape()));
    let left = left_copy.as_ref().map_or(left, |copy| (copy, &layouts.0));
    let right = right_copy.as_ref().map_or(right, |copy| (copy, &layouts.1));
    let (Some(a), Some(b)) = (Matrix::of(left.1), Matrix::of(right.1)) else {
        bail!("product: unsupported strides {:?} and {:?}", left.1.stride(), right.1.stride())
    };

    let (dims, rank) = (left.1.dims(), left.1.dims().len());
    let (rows, depth, columns) = (dims[rank - 2], dims[rank - 1], right.1.dims()[rank - 1]);
    let batch: usize = dims[..rank - 2].iter().product();
    let integer = |value: usize| i32::try_from(value).map_err(candle_core::Error::wrap);
    let operation =
        |matrix: &Matrix| if matrix.by_columns { Operation::CUBLAS_OP_T } else { Operation::CUBLAS_OP_N };
    // One and zero in the accumulator type.
    let scales: ([f32; 2], [f64; 2]) = ([1.0, 0.0], [1.0, 0.0]);
    let [one, zero] = match compute {
        ComputeType::CUBLAS_COMPUTE_64F => {
            scales.1.each_ref().map(|number| std::ptr::from_ref(number).cast())
        }
        _ => scales.0.each_ref().map(|number| std::ptr::from_ref(number).cast()),
    };

    let device = &left.0.device;
    let mut result = allocate::<T>(device, batch * rows * columns)?;
    let (blas, stream) = (device.cublas_handle(), device.cuda_stream());
    {
        let left = left.0.as_cuda_slice::<T>()?.slice(left.1.start_offset()..);
        let right = right.0.as_cuda_slice::<T>()?.slice(right.1.start_offset()..);
        let (left, _left_used) = left.device_ptr(&stream);
        let (right, _right_used) = right.device_ptr(&stream);
        let (result, _result_used) = result.device_ptr_mut(&stream);
        // SAFETY: the pointers belong to the device, and the sizes and strides address only elements of each
        // layout.
        #[expect(unsafe_code, reason = "the library takes pointers")]
        unsafe {
            gemm_strided_batched_ex(
                *blas.handle(),
                operation(&b),
                operation(&a),
                integer(columns)?,
                integer(rows)?,
                integer(depth)?,
                one,
                right as *const _,
                data,
                integer(b.leading)?,
                b.next as i64,
                left as *const _,
                data,
                integer(a.leading)?,
                a.next as i64,
                zero,
                result as *mut _,
                data,
                integer(columns)?,
                (rows * columns) as i64,
                integer(batch)?,
                compute,
                cublasGemmAlgo_t::CUBLAS_GEMM_DEFAULT,
            )
        }
        .w()?;
    }
    Ok(CudaStorage::wrap_cuda_slice(result, device.clone()))
}
