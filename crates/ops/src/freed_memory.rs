//! What the C library does with memory that tensors give back.

/// Memory that is kept when it is given back, in bytes: as much as the setting can name, 2 GiB.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT: libc::c_int = libc::c_int::MAX;
/// The largest request that is served from kept memory, in bytes: the most that glibc accepts.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGEST: libc::c_int = 32 << 20;
/// By how much more than is wanted the kept memory grows, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const GROWTH: libc::c_int = 64 << 20;

/// Lets this process keep the memory of freed tensors for the next ones, for as long as it runs.
///
/// Every operation makes a new tensor of some megabytes and frees old ones. As glibc comes, such memory goes back to the
/// system at once, and the system fills it with zeros page by page when the next tensor touches it: up to five times the
/// cost of a pointwise operation. A program that trains or speaks calls this once, when it begins; a library does not, since
/// it concerns everybody in the process. Other C libraries are left as they are.
///
/// All threads then share one pool of memory, behind one lock: that suits few large requests, not many small ones from
/// many threads. The largest amount in use does not change.
#[expect(unsafe_code, reason = "the settings of the C library have no other interface")]
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt takes its own lock and any value; a setting that it refuses stays as it was.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGEST);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        libc::mallopt(libc::M_TOP_PAD, GROWTH);
    }
}
