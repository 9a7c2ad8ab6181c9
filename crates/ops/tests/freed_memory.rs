//! Memory of freed tensors is used again. Alone in its process, since the setting concerns all of it.

#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot compute has failed")]

use std::fs;
use std::hint::black_box;

use mynah_ops::keep_freed_memory;

/// Pages that this thread has asked the system for.
fn pages() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/stat").unwrap();
    // The name of the process, in parentheses, may hold spaces; the eighth number behind it is that of the faults.
    status.rsplit_once(')').unwrap().1.split_whitespace().nth(7).unwrap().parse().unwrap()
}

/// How many pages five buffers of 8 MB take, made and freed sixteen times.
fn pages_of_sixteen_rounds() -> u64 {
    let round = || {
        let buffers = [1.0_f32, 2.0, 3.0, 4.0, 5.0].map(|value| vec![value; 2 << 20]);
        assert!(black_box(&buffers)[0][7] < black_box(&buffers)[4][7]);
    };
    for _ in 0..4 {
        round();
    }
    let before = pages();
    for _ in 0..16 {
        round();
    }
    pages() - before
}

#[test]
fn freed_memory_is_used_again() {
    keep_freed_memory();
    // Sixteen times 10,240 where each is new; some for what the test itself makes.
    let pages = pages_of_sixteen_rounds();
    assert!(pages < 400, "{pages} pages were asked for");
}
