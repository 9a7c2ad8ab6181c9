// What the kernels share.
//
// Conventions. A kernel takes its inputs, then its outputs, then 64-bit integers, then doubles, and exists for float and
// double as `name_f32` and `name_f64`. Tensors are contiguous. No kernel adds with atomics: results do not depend on the
// order in which blocks run.

#pragma once

typedef long long i64;

// Threads of a block in kernels that reduce; a power of two.
#define BLOCK 256

// Every thread takes every so-many-th element.
#define EACH(i, count)                                                                                                 \
    for (i64 i = blockIdx.x * (i64)blockDim.x + threadIdx.x; i < (count); i += (i64)blockDim.x * gridDim.x)

// Both number types of a kernel: INSTANCES(name, (parameters with T), (arguments)).
#define INSTANCES(name, parameters, arguments)                                                                         \
    extern "C" __global__ void name##_f32 parameters(float) { name<float> arguments; }                                 \
    extern "C" __global__ void name##_f64 parameters(double) { name<double> arguments; }

// The sum of one value a thread, the same for all threads. Every thread of the block has to call it.
template <typename T> __device__ T block_sum(T value) {
    __shared__ T parts[BLOCK];
    parts[threadIdx.x] = value;
    __syncthreads();
    for (int half = BLOCK / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            parts[threadIdx.x] += parts[threadIdx.x + half];
        }
        __syncthreads();
    }
    T total = parts[0];
    __syncthreads();
    return total;
}

// The largest of one value a thread; NaN is passed over.
template <typename T> __device__ T block_largest(T value) {
    __shared__ T parts[BLOCK];
    parts[threadIdx.x] = value;
    __syncthreads();
    for (int half = BLOCK / 2; half > 0; half /= 2) {
        if (threadIdx.x < half && parts[threadIdx.x + half] > parts[threadIdx.x]) {
            parts[threadIdx.x] = parts[threadIdx.x + half];
        }
        __syncthreads();
    }
    T largest = parts[0];
    __syncthreads();
    return largest;
}

template <typename T> __device__ T sigmoid(T x) {
    // Neither branch can overflow, and small results keep their digits.
    T e = exp(x < 0 ? x : -x);
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
