//! One buffer that parallel tasks write to, each its own elements.

use std::marker::PhantomData;

/// A mutable slice that several tasks share.
///
/// Rayon splits slices into consecutive pieces; the pieces of a tile of channels × times are not consecutive.
pub(crate) struct SharedOutput<'a, T> {
    start: *mut T,
    length: usize,
    borrow: PhantomData<&'a mut [T]>,
}

#[expect(unsafe_code, reason = "tasks write to disjoint elements of one buffer")]
// SAFETY: the elements are only reached through `part`, whose callers take disjoint parts.
unsafe impl<T: Send> Sync for SharedOutput<'_, T> {}

impl<'a, T> SharedOutput<'a, T> {
    pub(crate) fn new(buffer: &'a mut [T]) -> Self {
        Self { start: buffer.as_mut_ptr(), length: buffer.len(), borrow: PhantomData }
    }

    /// The elements from `start` on.
    ///
    /// # Safety
    ///
    /// No other part that is alive may hold any of them.
    #[expect(unsafe_code, clippy::mut_from_ref, reason = "tasks write to disjoint elements of one buffer")]
    #[inline(always)]
    pub(crate) unsafe fn part(&self, start: usize, length: usize) -> &mut [T] {
        assert!(start <= self.length && length <= self.length - start);
        // SAFETY: the part lies in the buffer, which is borrowed for as long as `self` lives, and by the contract of
        // this function nobody else holds it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), length) }
    }
}
