// cuBLAS, cuDNN and cuRAND for the emulated device: plain loops, as far as Mynah and candle use them.

#include "emulated.h"

#include <cstdlib>
#include <vector>

namespace {

struct Bf16 {
    unsigned short bits;
    Bf16() = default;
    // Rounds to nearest, ties to even.
    Bf16(double wide) {
        float value = (float)wide;
        unsigned b;
        std::memcpy(&b, &value, sizeof b);
        bits = value != value ? b >> 16 | 0x40 : (b + 0x7fff + (b >> 16 & 1)) >> 16;
    }
    operator double() const {
        unsigned b = (unsigned)bits << 16;
        float value;
        return std::memcpy(&value, &b, sizeof value), value;
    }
};

// Accumulates in A, double in every call: results must be accurate, not bit-identical to the library's.
template <typename T, typename A>
void gemm(bool transpose_a, bool transpose_b, int m, int n, int k, double alpha, const T *a, int lda, long long stride_a,
          const T *b, int ldb, long long stride_b, double beta, T *c, int ldc, long long stride_c, int batch) {
    for (int item = 0; item < batch; item++, a += stride_a, b += stride_b, c += stride_c) {
        for (int column = 0; column < n; column++) {
            for (int row = 0; row < m; row++) {
                A sum = 0;
                for (int i = 0; i < k; i++) {
                    T left = transpose_a ? a[(long long)row * lda + i] : a[(long long)i * lda + row];
                    T right = transpose_b ? b[(long long)i * ldb + column] : b[(long long)column * ldb + i];
                    sum += (A)left * (A)right;
                }
                T &value = c[(long long)column * ldc + row];
                value = (T)(alpha * sum + (beta == 0 ? 0 : beta * (double)value));
            }
        }
    }
}

struct Tensor4 {
    int type, n, c, h, w;
};
struct Convolution {
    int pad[2], stride[2], dilation[2], groups;
};

// Calls `at` with each triple of offsets that a convolution combines: long side, weight, short side.
template <typename F> void each(const Tensor4 &x, const Tensor4 &w, const Convolution &conv, const Tensor4 &y, F at) {
    int outputs = y.c / conv.groups, inputs = x.c / conv.groups;
    for (int b = 0; b < y.n; b++)
        for (int o = 0; o < y.c; o++)
            for (int t = 0; t < y.w; t++)
                for (int c = 0; c < inputs; c++)
                    for (int k = 0; k < w.w; k++) {
                        int place = t * conv.stride[1] + k * conv.dilation[1] - conv.pad[1];
                        if (place < 0 || place >= x.w) continue;
                        long long from = ((long long)b * x.c + o / outputs * inputs + c) * x.w + place;
                        at(from, ((long long)o * inputs + c) * w.w + k, ((long long)b * y.c + o) * y.w + t);
                    }
}

template <typename T, typename F>
void accumulate(T *result, long long count, F fill) {
    std::vector<double> sums(count, 0.0);
    fill(sums);
    for (long long i = 0; i < count; i++) result[i] = (T)sums[i];
}

long long size(const Tensor4 &t) { return (long long)t.n * t.c * t.h * t.w; }

bool fits(const Tensor4 &x, const Tensor4 &w, const Convolution &conv, const Tensor4 &y) {
    int length = (x.w + 2 * conv.pad[1] - conv.dilation[1] * (w.w - 1) - 1) / conv.stride[1] + 1;
    return x.h == 1 && w.h == 1 && y.h == 1 && conv.pad[0] == 0 && x.type == y.type && x.type == w.type && x.n == y.n &&
           x.c == w.c * conv.groups && y.c == w.n && y.w == length;
}

// cuDNN data types.
enum { FLOAT = 0, DOUBLE = 1, BFLOAT16 = 9 };

enum Way { FORWARD, DATA, FILTER };

template <typename T>
void run(Way way, const Tensor4 &x, void *px, const Tensor4 &w, void *pw, const Convolution &conv, const Tensor4 &y,
         void *py) {
    T *xs = (T *)px, *ws = (T *)pw, *ys = (T *)py;
    if (way == FORWARD)
        accumulate(ys, size(y), [&](auto &s) {
            each(x, w, conv, y, [&](long long a, long long b, long long c) { s[c] += (double)xs[a] * (double)ws[b]; });
        });
    if (way == DATA)
        accumulate(xs, size(x), [&](auto &s) {
            each(x, w, conv, y, [&](long long a, long long b, long long c) { s[a] += (double)ys[c] * (double)ws[b]; });
        });
    if (way == FILTER)
        accumulate(ws, size(w), [&](auto &s) {
            each(x, w, conv, y, [&](long long a, long long b, long long c) { s[b] += (double)xs[a] * (double)ys[c]; });
        });
}

// Status 3 is a bad parameter, 9 is unsupported.
int convolve(Way way, void *x, void *px, void *w, void *pw, void *conv, void *y, void *py) {
    auto &tx = *(Tensor4 *)x, &tw = *(Tensor4 *)w, &ty = *(Tensor4 *)y;
    auto &c = *(Convolution *)conv;
    if (!fits(tx, tw, c, ty)) return 3;
    if (tx.type == FLOAT) return run<float>(way, tx, px, tw, pw, c, ty, py), 0;
    if (tx.type == BFLOAT16) return run<Bf16>(way, tx, px, tw, pw, c, ty, py), 0;
    if (tx.type == DOUBLE) return run<double>(way, tx, px, tw, pw, c, ty, py), 0;
    return 9;
}

} // namespace

extern "C" {

// ---- cuBLAS ----

int cublasCreate_v2(void **handle) { return *handle = std::malloc(1), 0; }
int cublasDestroy_v2(void *handle) { return std::free(handle), 0; }
int cublasSetStream_v2(void *, void *) { return 0; }

int cublasDgemmStridedBatched(void *, int ta, int tb, int m, int n, int k, const double *alpha, const double *a, int lda,
                              long long sa, const double *b, int ldb, long long sb, const double *beta, double *c, int ldc,
                              long long sc, int batch) {
    gemm<double, double>(ta, tb, m, n, k, *alpha, a, lda, sa, b, ldb, sb, *beta, c, ldc, sc, batch);
    return 0;
}
// Type 0 is float, 1 double, 14 bfloat16, for which cuBLAS accumulates in float and takes alpha and beta as
// floats. The layout is checked as in cuBLAS.
int cublasGemmStridedBatchedEx(void *, int ta, int tb, int m, int n, int k, const void *alpha, const void *a, int type,
                               int lda, long long sa, const void *b, int, int ldb, long long sb, const void *beta, void *c,
                               int, int ldc, long long sc, int batch, int, int) {
    if (lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m) return 7;
    if (type == 14) {
        gemm<Bf16, double>(ta, tb, m, n, k, *(const float *)alpha, (const Bf16 *)a, lda, sa, (const Bf16 *)b, ldb, sb,
                           *(const float *)beta, (Bf16 *)c, ldc, sc, batch);
        return 0;
    }
    if (type == 1) {
        gemm<double, double>(ta, tb, m, n, k, *(const double *)alpha, (const double *)a, lda, sa, (const double *)b, ldb, sb,
                             *(const double *)beta, (double *)c, ldc, sc, batch);
        return 0;
    }
    if (type != 0) return 15;
    gemm<float, double>(ta, tb, m, n, k, *(const float *)alpha, (const float *)a, lda, sa, (const float *)b, ldb, sb,
                        *(const float *)beta, (float *)c, ldc, sc, batch);
    return 0;
}

// ---- cuRAND: candle opens a generator on every device; Mynah draws on the CPU ----

int curandCreateGenerator(void **generator, int) { return *generator = std::malloc(1), 0; }
int curandDestroyGenerator(void *generator) { return std::free(generator), 0; }
int curandSetStream(void *, void *) { return 0; }
int curandSetPseudoRandomGeneratorSeed(void *, unsigned long long) { return 0; }

// ---- cuDNN ----

int cudnnCreate(void **handle) { return *handle = std::malloc(1), 0; }
int cudnnDestroy(void *handle) { return std::free(handle), 0; }
int cudnnSetStream(void *, void *) { return 0; }
size_t cudnnGetVersion() { return 91200; }
int cudnnCreateTensorDescriptor(void **d) { return *d = new Tensor4(), 0; }
int cudnnDestroyTensorDescriptor(void *d) { return delete (Tensor4 *)d, 0; }
int cudnnCreateFilterDescriptor(void **d) { return *d = new Tensor4(), 0; }
int cudnnDestroyFilterDescriptor(void *d) { return delete (Tensor4 *)d, 0; }
int cudnnCreateConvolutionDescriptor(void **d) { return *d = new Convolution(), 0; }
int cudnnDestroyConvolutionDescriptor(void *d) { return delete (Convolution *)d, 0; }
int cudnnSetTensor4dDescriptor(void *d, int format, int type, int n, int c, int h, int w) {
    return *(Tensor4 *)d = {type, n, c, h, w}, format == 0 ? 0 : 9;
}
int cudnnSetFilter4dDescriptor(void *d, int type, int format, int k, int c, int h, int w) {
    return *(Tensor4 *)d = {type, k, c, h, w}, format == 0 ? 0 : 9;
}
int cudnnSetConvolution2dDescriptor(void *d, int ph, int pw, int sh, int sw, int dh, int dw, int mode, int) {
    return *(Convolution *)d = {{ph, pw}, {sh, sw}, {dh, dw}, 1}, mode == 1 ? 0 : 9;
}
int cudnnSetConvolutionGroupCount(void *d, int groups) { return ((Convolution *)d)->groups = groups, 0; }
int cudnnSetConvolutionMathType(void *, int) { return 0; }

// Records start with the algorithm's number and status and have the same layout for all three operations.
// The unordered algorithm 0 is reported for both gradients, so that callers must select the ordered one.
struct Record {
    int algorithm, status;
    float time;
    size_t memory;
    int determinism, math, reserved[3];
};
static int named(int wanted, int *count, Record *records) {
    if (wanted < 1) return 3;
    records[0] = {0, 0, 0, 0, 0, 0, {0, 0, 0}};
    return *count = 1, 0;
}
int cudnnGetConvolutionForwardAlgorithm_v7(void *, void *, void *, void *, void *, int n, int *count, Record *r) {
    return named(n, count, r);
}
int cudnnGetConvolutionBackwardDataAlgorithm_v7(void *, void *, void *, void *, void *, int n, int *count, Record *r) {
    return named(n, count, r);
}
int cudnnGetConvolutionBackwardFilterAlgorithm_v7(void *, void *, void *, void *, void *, int n, int *count, Record *r) {
    return named(n, count, r);
}
int cudnnGetConvolutionForwardWorkspaceSize(void *, void *, void *, void *, void *, int, size_t *bytes) {
    return *bytes = 0, 0;
}
int cudnnGetConvolutionBackwardDataWorkspaceSize(void *, void *, void *, void *, void *, int, size_t *bytes) {
    return *bytes = 64, 0;
}
int cudnnGetConvolutionBackwardFilterWorkspaceSize(void *, void *, void *, void *, void *, int, size_t *bytes) {
    return *bytes = 64, 0;
}

int cudnnConvolutionForward(void *, const void *, void *x, void *px, void *w, void *pw, void *conv, int, void *, size_t,
                            const void *, void *y, void *py) {
    return convolve(FORWARD, x, px, w, pw, conv, y, py);
}
// The unordered algorithms are rejected.
int cudnnConvolutionBackwardData(void *, const void *, void *w, void *pw, void *y, void *py, void *conv, int algorithm,
                                 void *, size_t, const void *, void *x, void *px) {
    return algorithm == 1 ? convolve(DATA, x, px, w, pw, conv, y, py) : 9;
}
int cudnnConvolutionBackwardFilter(void *, const void *, void *x, void *px, void *y, void *py, void *conv, int algorithm,
                                   void *, size_t, const void *, void *w, void *pw) {
    return algorithm == 1 ? convolve(FILTER, x, px, w, pw, conv, y, py) : 9;
}
const char *cudnnGetErrorString(int) { return "emulated cuDNN"; }
}
