//! A buffer shared by parallel tasks that write to disjoint elements.

use std::marker::PhantomData;

/// A mutable slice shared by several tasks.
///
/// Rayon splits slices into contiguous pieces, but a tile of channels × time steps is not contiguous.
pub(crate) struct SharedOutput<'a, T> {
    start: *mut T,
    length: usize,
    borrow: PhantomData<&'a mut [T]>,
}

#[expect(unsafe_code, reason = "tasks write to disjoint elements of one buffer")]
// SAFETY: elements are accessed only through `part`, whose callers take disjoint parts.
unsafe impl<T: Send> Sync for SharedOutput<'_, T> {}

impl<'a, T> SharedOutput<'a, T> {
    pub(crate) fn new(buffer: &'a mut [T]) -> Self {
        Self { start: buffer.as_mut_ptr(), length: buffer.len(), borrow: PhantomData }
    }

    /// Returns `length` elements from `start` on.
    ///
    /// # Safety
    ///
    /// No other live part may contain any of them.
    #[expect(unsafe_code, clippy::mut_from_ref, reason = "tasks write to disjoint elements of one buffer")]
    #[inline(always)]
    pub(crate) unsafe fn part(&self, start: usize, length: usize) -> &mut [T] {
        assert!(start <= self.length && length <= self.length - start);
        // SAFETY: the part is inside the buffer, which stays borrowed while `self` lives, and by this
        // function's contract no other part overlaps it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), length) }
    }
}
