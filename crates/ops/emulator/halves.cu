// The three of candle's kernels for bfloat16 that Mynah reaches: there and back, and a copy. candle's own need number types
// that only NVIDIA's compiler has.

#include <cstring>

struct Bf16 {
    unsigned short bits;
};

// To the nearest, halfway to the even one; NaN stays NaN.
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

// Where element i of a tensor lies; `info` has its sizes and then its strides, or is null where it is contiguous.
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
