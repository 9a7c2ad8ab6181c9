// The three candle kernels for bfloat16 that Mynah uses: conversion in both directions, and a copy. candle's
// own need number types that only NVIDIA's compiler provides.

#include <cstring>

struct Bf16 {
    unsigned short bits;
};

// Rounds to nearest, ties to even; NaN stays NaN.
static Bf16 shortened(float value) {
    unsigned bits;
    std::memcpy(&bits, &value, sizeof bits);
    if (value != value) {
        return {(unsigned short)(bits >> 16 | 0x40)};
    }
    return {(unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}
static float lengthened(Bf16 value) {
    unsigned bits = (unsigned)value.bits << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

// Returns the offset of element i of a tensor; `info` holds its sizes, then its strides, or is null if it is
// contiguous.
static size_t place(size_t i, size_t dimensions, const size_t *info) {
    if (!info) {
        return i;
    }
    size_t at = 0;
    for (size_t d = dimensions; d-- > 0;) {
        at += i % info[d] * info[dimensions + d];
        i /= info[d];
    }
    return at;
}

extern "C" __global__ void cast_f32_bf16(const size_t count, const size_t dimensions, const size_t *info, const float *in,
                                         Bf16 *out) {
    for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += blockDim.x * gridDim.x) {
        out[i] = shortened(in[place(i, dimensions, info)]);
    }
}
extern "C" __global__ void cast_bf16_f32(const size_t count, const size_t dimensions, const size_t *info, const Bf16 *in,
                                         float *out) {
    for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += blockDim.x * gridDim.x) {
        out[i] = lengthened(in[place(i, dimensions, info)]);
    }
}
extern "C" __global__ void ucopy_bf16(const size_t count, const size_t dimensions, const size_t *info, const Bf16 *in,
                                      Bf16 *out) {
    for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += blockDim.x * gridDim.x) {
        out[i] = in[place(i, dimensions, info)];
    }
}
