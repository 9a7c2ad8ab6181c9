// Framing of a signal, reflection padding, and magnitudes of a spectrum.

#include "common.cuh"

// ---- [B, N] to frames [B, count, length], and back by overlap-add ----

template <typename T> __device__ void frames(const T *x, T *y, i64 total, i64 signal, i64 count, i64 length, i64 hop) {
    EACH(i, total) {
        i64 n = i % length, t = i / length % count, b = i / (length * count);
        y[i] = x[b * signal + t * hop + n];
    }
}
template <typename T>
__device__ void overlap_add(const T *y, T *x, i64 total, i64 signal, i64 count, i64 length, i64 hop) {
    EACH(i, total) {
        i64 n = i % signal, b = i / signal;
        i64 first = n < length ? 0 : (n - length) / hop + 1;
        i64 last = n / hop < count - 1 ? n / hop : count - 1;
        T sum = 0;
        for (i64 t = first; t <= last; t++) {
            sum += y[(b * count + t) * length + n - t * hop];
        }
        x[i] = sum;
    }
}

// ---- reflection padding ----

template <typename T> __device__ void reflect_pad(const T *x, T *y, i64 total, i64 length, i64 left, i64 right) {
    i64 width = left + length + right;
    EACH(i, total) {
        i64 n = i % width - left;
        n = n < 0 ? -n : n;
        n = n >= length ? 2 * (length - 1) - n : n;
        y[i] = x[i / width * length + n];
    }
}
template <typename T>
__device__ void reflect_pad_backward(const T *gradient, T *dx, i64 total, i64 length, i64 left, i64 right) {
    EACH(i, total) {
        i64 n = i % length, mirrored = length - 2 - n;
        const T *row = gradient + i / length * (left + length + right);
        T sum = row[left + n];
        if (n >= 1 && n <= left) {
            sum += row[left - n];
        }
        if (mirrored >= 0 && mirrored < right) {
            sum += row[left + length + mirrored];
        }
        dx[i] = sum;
    }
}

// ---- magnitude of [B, T, 2F], real before imaginary parts, to [B, F, T], by 32 × 32 tiles ----
// Each tile takes a block of 32 × 8 threads.

#define TILE 32
#define ROWS 8

// Computes the block's tile: its item, first time step and first bin.
__device__ void tile_of_block(i64 time, i64 bins, i64 *b, i64 *t, i64 *k) {
    i64 across = (bins + TILE - 1) / TILE, down = (time + TILE - 1) / TILE;
    *k = blockIdx.x % across * TILE;
    *t = blockIdx.x / across % down * TILE;
    *b = blockIdx.x / (across * down);
}

template <typename T> __device__ void magnitude(const T *x, T *y, i64 time, i64 bins, double epsilon) {
    __shared__ T tile[TILE][TILE + 1];
    i64 b, t0, k0;
    tile_of_block(time, bins, &b, &t0, &k0);
    for (int row = threadIdx.y; row < TILE; row += ROWS) {
        i64 t = t0 + row, k = k0 + threadIdx.x;
        if (t < time && k < bins) {
            const T *spectrum = x + (b * time + t) * 2 * bins + k;
            T re = spectrum[0], im = spectrum[bins];
            tile[row][threadIdx.x] = sqrt(re * re + im * im + (T)epsilon);
        }
    }
    __syncthreads();
    for (int row = threadIdx.y; row < TILE; row += ROWS) {
        i64 t = t0 + threadIdx.x, k = k0 + row;
        if (t < time && k < bins) {
            y[(b * bins + k) * time + t] = tile[threadIdx.x][row];
        }
    }
}
template <typename T>
__device__ void magnitude_backward(const T *x, const T *gradient, T *dx, i64 time, i64 bins, double epsilon) {
    __shared__ T tile[TILE][TILE + 1];
    i64 b, t0, k0;
    tile_of_block(time, bins, &b, &t0, &k0);
    for (int row = threadIdx.y; row < TILE; row += ROWS) {
        i64 t = t0 + threadIdx.x, k = k0 + row;
        if (t < time && k < bins) {
            tile[threadIdx.x][row] = gradient[(b * bins + k) * time + t];
        }
    }
    __syncthreads();
    for (int row = threadIdx.y; row < TILE; row += ROWS) {
        i64 t = t0 + row, k = k0 + threadIdx.x;
        if (t < time && k < bins) {
            i64 place = (b * time + t) * 2 * bins + k;
            T re = x[place], im = x[place + bins];
            T size = sqrt(re * re + im * im + (T)epsilon);
            T scale = size > 0 ? tile[row][threadIdx.x] / size : 0;
            dx[place] = re * scale;
            dx[place + bins] = im * scale;
        }
    }
}

#define P(T) (const T *x, T *y, i64 total, i64 signal, i64 count, i64 length, i64 hop)
INSTANCES(frames, P, (x, y, total, signal, count, length, hop))
INSTANCES(overlap_add, P, (x, y, total, signal, count, length, hop))
#undef P
#define P(T) (const T *x, T *y, i64 total, i64 length, i64 left, i64 right)
INSTANCES(reflect_pad, P, (x, y, total, length, left, right))
INSTANCES(reflect_pad_backward, P, (x, y, total, length, left, right))
#undef P
#define P(T) (const T *x, T *y, i64 time, i64 bins, double epsilon)
INSTANCES(magnitude, P, (x, y, time, bins, epsilon))
#undef P
#define P(T) (const T *x, const T *g, T *dx, i64 time, i64 bins, double epsilon)
INSTANCES(magnitude_backward, P, (x, g, dx, time, bins, epsilon))
#undef P
