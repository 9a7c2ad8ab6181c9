//! The two number types of the kernels, and the vectors of them that the machine has.

use candle_core::backend::BackendStorage;
use candle_core::cpu::erf::erf_f64;
use candle_core::{CpuStorage, Layout, Result, Tensor, WithDType, bail};
use pulp::Simd;

use crate::approximation;

/// A kernel's number: f32 for work, f64 to check gradients.
///
/// The vector methods take pulp's `Simd` token, so one kernel source serves every instruction set.
pub(crate) trait Element: WithDType {
    /// A register full of numbers.
    type Vector<S: Simd>: Copy;

    const ZERO: Self;
    const ONE: Self;

    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Vector<S>>() / size_of::<Self>()
    }

    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    fn add_vectors<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a·b + c, in one rounding where the machine has it.
    fn multiply_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// The numbers of a storage, to be changed.
    fn slice_mut(storage: &mut CpuStorage) -> Result<&mut [Self]>;

    /// e^x for x ≤ 0.
    fn exp_nonpositive(self) -> Self;
    fn tanh(self) -> Self;
    fn sigmoid(self) -> Self;
    fn sqrt(self) -> Self;
    /// The distribution and the density of the standard normal.
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
        // Neither branch can overflow, and small results keep their digits.
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

/// Elements that one parallel task handles: long enough to hide the task's cost, short enough for the cache.
pub(crate) const TASK_ELEMENTS: usize = 16 * 1024;

/// Runs `$body` with the type `$T` that the storage holds, or fails in the name of the operation.
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
                "{}: tensors are f32 or f64, got {:?}",
                $op,
                candle_core::backend::BackendStorage::dtype(other)
            ),
        }
    };
}
pub(crate) use for_float;

/// A storage of these numbers.
pub(crate) fn into_storage<T: Element>(values: Vec<T>) -> CpuStorage {
    T::to_cpu_storage_owned(values)
}

/// The number of the kernel's type.
pub(crate) fn number<T: Element>(value: f64) -> T {
    T::from_f64(value)
}

/// Defines a function of which the body is compiled for every instruction set and runs with the widest vectors that
/// the machine has.
///
/// The body has to be one of loops over slices; what it calls has to be inlined. A closure in its place would not do:
/// the compiler may leave it outside, compiled for the oldest machine.
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

/// The elements of a contiguous tensor, in order.
pub(crate) fn contiguous<'a, T: Element>(
    op: &str,
    storage: &'a CpuStorage,
    layout: &Layout,
) -> Result<&'a [T]> {
    let data = T::cpu_storage_as_slice(storage)?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&data[start..end]),
        None => bail!("{op}: the kernel takes contiguous tensors, got strides {:?}", layout.stride()),
    }
}

/// Fails when a dimension is zero: there is nothing to compute, and a caller who expects it has lost its data.
pub(crate) fn ensure_not_empty(op: &str, tensor: &Tensor) -> Result<()> {
    if tensor.elem_count() == 0 {
        bail!("{op}: the tensor {:?} is empty", tensor.dims());
    }
    Ok(())
}

/// The sum of `map` over the values.
#[inline(always)]
pub(crate) fn sum_map<T: Element>(values: &[T], map: impl Fn(T) -> T) -> T {
    fold(values, T::ZERO, |sum, value| sum + map(value), |a, b| a + b)
}

/// The largest value; what does not compare is passed over, unless there is nothing else.
#[inline(always)]
pub(crate) fn largest<T: Element>(values: &[T]) -> T {
    let larger = |a: T, b: T| if b > a { b } else { a };
    fold(values, values[0], larger, larger)
}

/// A fold in sixteen interleaved parts: it vectorises, and its order does not depend on the machine.
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
