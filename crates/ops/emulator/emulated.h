// CUDA's keywords and built-ins for an ordinary C++ compiler.
//
// A block runs on one CPU thread. Each of its threads is a coroutine that yields at barriers, and blocks run
// one after another. Hence `__shared__` is `static`, and atomics are plain operations: nothing runs
// concurrently.

#pragma once

#include <algorithm>
#include <cassert>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <math.h>
#include <type_traits>
#include <utility>

// With EMULATED_NAMES, the sources are only scanned for kernels.
#ifndef EMULATED_NAMES
#define __global__
#endif
#define __device__
#define __host__
#define __shared__ static
#define __forceinline__ inline
#define __restrict__
#define __launch_bounds__(...)
#define __constant__ static const

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};
struct float2 {
    float x, y;
};
struct float4 {
    float x, y, z, w;
};
struct uint2 {
    unsigned x, y;
};
struct uint4 {
    unsigned x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }

namespace emulator {
extern dim3 thread, block, block_size, grid_size;
// Wait for all threads of the block or of the warp.
void block_barrier();
void warp_barrier();
// A slot for each thread's value, and the thread's index in the block.
struct Slot {
    alignas(16) unsigned char bytes[16];
};
extern Slot slots[1024];
unsigned thread_number();
// Returns the block's dynamic shared memory.
void *shared();

struct Kernel {
    const char *name;
    void (*call)(void **arguments);
};
// Registers a kernel under its name.
struct Registration {
    Registration(const char *name, void (*call)(void **));
};

template <typename... A, size_t... I>
void call_with(void (*kernel)(A...), void **arguments, std::index_sequence<I...>) {
    kernel(*static_cast<std::remove_reference_t<A> *>(arguments[I])...);
}
template <typename... A> void call(void (*kernel)(A...), void **arguments) {
    call_with(kernel, arguments, std::index_sequence_for<A...>());
}
} // namespace emulator

#define EMULATED(name) static emulator::Registration register_##name(#name, [](void **a) { emulator::call(name, a); });

#define threadIdx emulator::thread
#define blockIdx emulator::block
#define blockDim emulator::block_size
#define gridDim emulator::grid_size

inline void __syncthreads() { emulator::block_barrier(); }
inline void __syncwarp(unsigned = 0xffffffff) { emulator::warp_barrier(); }

template <typename T> T __shfl_xor_sync(unsigned, T value, int lanes, int = 32) {
    unsigned me = emulator::thread_number();
    std::memcpy(emulator::slots[me].bytes, &value, sizeof value);
    emulator::warp_barrier();
    std::memcpy(&value, emulator::slots[me ^ lanes].bytes, sizeof value);
    emulator::warp_barrier();
    return value;
}

template <typename T> T atomicAdd(T *address, T value) {
    T old = *address;
    *address += value;
    return old;
}
template <typename T> T atomicMaxf(T *address, T value) { return *address = *address > value ? *address : value; }
template <typename T> T atomicMinf(T *address, T value) { return *address = *address < value ? *address : value; }

template <typename T> const T &max(const T &a, const T &b) { return a > b ? a : b; }
template <typename T> const T &min(const T &a, const T &b) { return a < b ? a : b; }
inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline double rsqrt(double x) { return 1 / std::sqrt(x); }
inline float __expf(float x) { return std::exp(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float normcdff(float x) { return 0.5f * std::erfc(-x * 0.70710678f); }
inline double normcdf(double x) { return 0.5 * std::erfc(-x * 0.7071067811865476); }
template <typename T> T __ldg(const T *p) { return *p; }

// Referenced by templates whose instances the tests do not use.
struct __half_raw {};
struct __nv_fp8_e4m3 {
    uint8_t __x;
    explicit __nv_fp8_e4m3(float) : __x(0) { assert(!"8-bit floats are not emulated"); }
};
enum { __NV_E4M3 };
inline __half_raw __nv_cvt_fp8_to_halfraw(uint8_t, int) { return {}; }
inline float __half2float(__half_raw) {
    assert(!"8-bit floats are not emulated");
    return 0;
}

namespace cuda {
namespace std {
using ::std::numeric_limits;
}
} // namespace cuda
