//! The kernels' number types and their SIMD vectors on this machine.

use candle_core::backend::BackendStorage;
use candle_core::cpu::erf::erf_f64;
use candle_core::{CpuStorage, Layout, Result, Tensor, WithDType, bail};
use pulp::Simd;

use crate::approximation;

/// A number type of the kernels: f32 for computation, f64 for gradient checks.
///
/// The vector methods take pulp's `Simd` token, so a single kernel source serves every instruction set.
pub(crate) trait Element: WithDType {
    /// A SIMD register of these numbers.
    type Vector<S: Simd>: Copy;

    const ZERO: Self;
    const ONE: Self;

    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Vector<S>>() / size_of::<Self>()
    }

    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    fn add_vectors<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// Returns a·b + c, rounded once where the machine supports it.
    fn multiply_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// Returns the elements of a storage, mutably.
    fn slice_mut(storage: &mut CpuStorage) -> Result<&mut [Self]>;

    /// Returns e^x for x ≤ 0.
    fn exp_nonpositive(self) -> Self;
    fn tanh(self) -> Self;
    fn sigmoid(self) -> Self;
    fn sqrt(self) -> Self;
    /// Returns the standard normal distribution function and density.
    fn normal(self) -> (Self, Self);
}

impl Element for f32 {
    type Vector<S: Simd> = S::f32s;

    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn splat<S: Simd>(simd: S, value: Self) -> S::f32s {
        simd.splat_f32s(value)
    }

    #[inline(always)]
    fn add_vectors<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.add_f32s(a, b)
    }

    #[inline(always)]
    fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(a, b, c)
    }

    fn slice_mut(storage: &mut CpuStorage) -> Result<&mut [Self]> {
        match storage {
            CpuStorage::F32(values) => Ok(values),
            other => bail!("expected f32, got {:?}", other.dtype()),
        }
    }

    #[inline(always)]
    fn exp_nonpositive(self) -> Self {
        approximation::exp_nonpositive(self)
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        approximation::tanh(self)
    }

    #[inline(always)]
    fn sigmoid(self) -> Self {
        approximation::sigmoid(self)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }

    #[inline(always)]
    fn normal(self) -> (Self, Self) {
        approximation::normal(self)
    }
}

impl Element for f64 {
    type Vector<S: Simd> = S::f64s;

    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn splat<S: Simd>(simd: S, value: Self) -> S::f64s {
        simd.splat_f64s(value)
    }

    #[inline(always)]
    fn add_vectors<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.add_f64s(a, b)
    }

    #[inline(always)]
    fn multiply_add<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_e_f64s(a, b, c)
    }

    fn slice_mut(storage: &mut CpuStorage) -> Result<&mut [Self]> {
        match storage {
            CpuStorage::F64(values) => Ok(values),
            other => bail!("expected f64, got {:?}", other.dtype()),
        }
    }

    fn exp_nonpositive(self) -> Self {
        self.exp()
    }

    fn tanh(self) -> Self {
        f64::tanh(self)
    }

    fn sigmoid(self) -> Self {
        // Neither branch overflows, and small results keep their precision.
        let e = (-self.abs()).exp();
        if self >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    fn normal(self) -> (Self, Self) {
        let distribution = 0.5 + 0.5 * erf_f64(self * std::f64::consts::FRAC_1_SQRT_2);
        (distribution, (-0.5 * self * self).exp() / std::f64::consts::TAU.sqrt())
    }
}

/// Elements per parallel task: enough to amortize the task's overhead, few enough for the cache.
pub(crate) const TASK_ELEMENTS: usize = 16 * 1024;

/// Runs `$body` with `$T` bound to the storage's type, or fails with an error naming the operation.
macro_rules! for_float {
    ($storage:expr, $op:expr, $T:ident => $body:expr) => {
        match $storage {
            candle_core::CpuStorage::F32(_) => {
                type $T = f32;
                $body
            }
            candle_core::CpuStorage::F64(_) => {
                type $T = f64;
                $body
            }
            other => candle_core::bail!(
                "{}: tensors must be f32 or f64, got {:?}",
                $op,
                candle_core::backend::BackendStorage::dtype(other)
            ),
        }
    };
}
pub(crate) use for_float;

/// Wraps the values in a storage.
pub(crate) fn into_storage<T: Element>(values: Vec<T>) -> CpuStorage {
    T::to_cpu_storage_owned(values)
}

/// Converts `value` to the kernel's number type.
pub(crate) fn number<T: Element>(value: f64) -> T {
    T::from_f64(value)
}

/// Defines a function whose body is compiled for every instruction set and dispatched to the widest vectors
/// of the machine.
///
/// The body must consist of loops over slices, and everything it calls must be inlined. A closure would not
/// work: the compiler may outline it and compile it for the baseline target.
macro_rules! vectorized {
    (
        $(#[$attribute:meta])*
        fn $name:ident<$lifetime:lifetime, $T:ident>($($argument:ident: $kind:ty),* $(,)?) $body:block
    ) => {
        vectorized! {
            $(#[$attribute])*
            fn $name<$lifetime, $T>($($argument: $kind),*) -> () $body
        }
    };
    (
        $(#[$attribute:meta])*
        fn $name:ident<$lifetime:lifetime, $T:ident>($($argument:ident: $kind:ty),* $(,)?) -> $output:ty $body:block
    ) => {
        $(#[$attribute])*
        fn $name<$lifetime, $T: crate::element::Element>($($argument: $kind),*) -> $output {
            struct Kernel<$lifetime, $T> {
                $($argument: $kind,)*
                lifetime: std::marker::PhantomData<&$lifetime $T>,
            }

            impl<$lifetime, $T: crate::element::Element> pulp::NullaryFnOnce for Kernel<$lifetime, $T> {
                type Output = $output;

                #[inline(always)]
                fn call(self) -> $output {
                    let Self { $($argument,)* lifetime: _ } = self;
                    $body
                }
            }

            pulp::Arch::new().dispatch(Kernel { $($argument,)* lifetime: std::marker::PhantomData })
        }
    };
}
pub(crate) use vectorized;

/// Returns the elements of a contiguous tensor, in order.
pub(crate) fn contiguous<'a, T: Element>(
    op: &str,
    storage: &'a CpuStorage,
    layout: &Layout,
) -> Result<&'a [T]> {
    let data = T::cpu_storage_as_slice(storage)?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&data[start..end]),
        None => bail!("{op}: the kernel requires contiguous tensors, got strides {:?}", layout.stride()),
    }
}

/// Fails if a dimension is zero: an empty tensor usually means that the caller has lost its data.
pub(crate) fn ensure_not_empty(op: &str, tensor: &Tensor) -> Result<()> {
    if tensor.elem_count() == 0 {
        bail!("{op}: the tensor {:?} is empty", tensor.dims());
    }
    Ok(())
}

/// Returns the sum of `map` over the values.
#[inline(always)]
pub(crate) fn sum_map<T: Element>(values: &[T], map: impl Fn(T) -> T) -> T {
    fold(values, T::ZERO, |sum, value| sum + map(value), |a, b| a + b)
}

/// Returns the largest value. NaN is skipped, unless it comes first.
#[inline(always)]
pub(crate) fn largest<T: Element>(values: &[T]) -> T {
    let larger = |a: T, b: T| if b > a { b } else { a };
    fold(values, values[0], larger, larger)
}

/// Folds in sixteen interleaved parts, which vectorizes and has the same order on every machine.
#[inline(always)]
fn fold<T: Element>(values: &[T], start: T, step: impl Fn(T, T) -> T, combine: impl Fn(T, T) -> T) -> T {
    const PARTS: usize = 16;
    let mut parts = [start; PARTS];
    let chunks = values.chunks_exact(PARTS);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (part, &value) in parts.iter_mut().zip(chunk) {
            *part = step(*part, value);
        }
    }
    for (part, &value) in parts.iter_mut().zip(rest) {
        *part = step(*part, value);
    }
    parts.into_iter().fold(start, combine)
}
