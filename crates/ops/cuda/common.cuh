// Definitions shared by all kernels.
//
// Conventions: a kernel takes inputs, outputs, 64-bit integers and doubles, in this order, and exists for
// float and double as `name_f32` and `name_f64`. Tensors are contiguous. No kernel uses atomic addition, so
// results do not depend on the order in which blocks run.

#pragma once

typedef long long i64;

// Threads per block in kernels that reduce; a power of two.
#define BLOCK 256

// Grid-stride loop over `count` elements.
#define EACH(i, count)                                                                                                 \
    for (i64 i = blockIdx.x * (i64)blockDim.x + threadIdx.x; i < (count); i += (i64)blockDim.x * gridDim.x)

// Instantiates a kernel for both number types: INSTANCES(name, (parameters with T), (arguments)).
#define INSTANCES(name, parameters, arguments)                                                                         \
    extern "C" __global__ void name##_f32 parameters(float) { name<float> arguments; }                                 \
    extern "C" __global__ void name##_f64 parameters(double) { name<double> arguments; }

// Sums one value per thread and returns the total to all threads. Every thread of the block must call it.
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

// Returns the largest of one value per thread; NaN never replaces a number.
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
    // Neither branch overflows, and small results keep their precision.
    T e = exp(x < 0 ? x : -x);
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
