//! Settings of the allocator.

/// Makes glibc keep freed memory for the next tensors.
///
/// By default it returns the blocks of a training step to the system and gets them back as empty pages, which took half of
/// the time of a pre-training of the small encoder. Blocks of 32 MB and more are returned all the same. Without glibc, this
/// does nothing.
pub(crate) fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (parameter, value) in
        [(libc::M_MMAP_THRESHOLD, 32 << 20), (libc::M_TRIM_THRESHOLD, i32::MAX), (libc::M_TOP_PAD, 64 << 20)]
    {
        // SAFETY: it takes two numbers and changes only how later allocations are served.
        #[expect(unsafe_code, reason = "the allocator's settings are a C function")]
        unsafe {
            libc::mallopt(parameter, value);
        }
    }
}
