// Alignments: soft-DTW with its gradient, and monotonic alignment search. There is one block per item; its
// threads share the cells of an anti-diagonal or a frame, so any length is supported. All sums are doubles.

#include "common.cuh"

// Terms of the smoothed minimum over the three steps into a cell.
struct Choices {
    double least, diagonal, above, left, total;

    __device__ Choices(double d, double a, double l, double scale) {
        least = a < d ? a : d;
        least = l < least ? l : least;
        // NaN is never the least, but propagates through its own weight.
        diagonal = exp((least - d) * scale);
        above = exp((least - a) * scale);
        left = exp((least - l) * scale);
        total = diagonal + above + left;
    }
};

// R of an item, stored by anti-diagonals: diagonal s holds the cells (i, s − i), each at position i + 1;
// position 0 is the border above the first row. Two border diagonals come first, with the origin at position
// 0 of the first.
__device__ double *diagonal(double *r, i64 n, i64 s) { return r + (s + 2) * (n + 1); }

// Fills in R, [N + M + 1, N + 1] doubles per item. All threads of the block must call it.
template <typename T>
__device__ void accumulate(const T *cost, double *r, i64 n, i64 m, i64 columns, double gamma, double warp) {
    for (i64 i = threadIdx.x; i < (n + m + 1) * (n + 1); i += blockDim.x) {
        r[i] = i == 0 ? 0.0 : INFINITY;
    }
    __syncthreads();
    for (i64 s = 0; s < n + m - 1; s++) {
        double *here = diagonal(r, n, s), *first = diagonal(r, n, s - 1), *second = diagonal(r, n, s - 2);
        i64 begin = s + 1 > m ? s + 1 - m : 0, end = s + 1 < n ? s + 1 : n;
        for (i64 i = begin + threadIdx.x; i < end; i += blockDim.x) {
            Choices choices(second[i], first[i] + warp, first[i + 1] + warp, 1 / gamma);
            here[i + 1] = (double)cost[i * columns + s - i] + choices.least - gamma * log(choices.total);
        }
        __syncthreads();
    }
}

template <typename T>
__device__ void soft_dtw(const T *cost, const i64 *lengths, T *values, double *scratch, i64 rows, i64 columns,
                         double gamma, double warp) {
    i64 b = blockIdx.x, n = lengths[2 * b], m = lengths[2 * b + 1];
    double *r = scratch + b * (rows + columns + 1) * (rows + 1);
    accumulate(cost + b * rows * columns, r, n, m, columns, gamma, warp);
    if (threadIdx.x == 0) {
        values[b] = (T)diagonal(r, n, n + m - 2)[n];
    }
}

// dcost must be zeroed. After R, an item's scratch memory holds the amounts that cells pass to their
// predecessors: three kinds for three diagonals each, N + 1 doubles apiece.
template <typename T>
__device__ void soft_dtw_backward(const T *cost, const i64 *lengths, const T *gradient, T *dcost, double *scratch,
                                  i64 rows, i64 columns, double gamma, double warp) {
    i64 b = blockIdx.x, n = lengths[2 * b], m = lengths[2 * b + 1];
    i64 size = (rows + columns + 1) * (rows + 1);
    double *r = scratch + b * (size + 9 * (rows + 1)), *handed = r + size;
    cost += b * rows * columns;
    dcost += b * rows * columns;
    accumulate(cost, r, n, m, columns, gamma, warp);
    for (i64 i = threadIdx.x; i < 9 * (rows + 1); i += blockDim.x) {
        handed[i] = 0;
    }
    __syncthreads();
    double scale = 1 / gamma, total = (double)gradient[b];
    for (i64 s = n + m - 2; s >= 0; s--) {
        double *first = diagonal(r, n, s - 1), *second = diagonal(r, n, s - 2);
        // Amounts passed on from diagonals s, s + 1 and s + 2: up, left and diagonally.
        double *here = handed + s % 3 * 3 * (rows + 1), *next = handed + (s + 1) % 3 * 3 * (rows + 1),
               *after = handed + (s + 2) % 3 * 3 * (rows + 1);
        double *up = next, *left = next + (rows + 1), *across = after + 2 * (rows + 1);
        i64 begin = s + 1 > m ? s + 1 - m : 0, end = s + 1 < n ? s + 1 : n;
        for (i64 i = begin + threadIdx.x; i < end; i += blockDim.x) {
            i64 j = s - i;
            double e = i == n - 1 && j == m - 1 ? 1.0 : 0.0;
            e += i + 1 < n && j + 1 < m ? across[i + 1] : 0.0;
            e += i + 1 < n ? up[i + 1] : 0.0;
            e += j + 1 < m ? left[i] : 0.0;
            dcost[i * columns + j] = (T)(e * total);
            Choices choices(second[i], first[i] + warp, first[i + 1] + warp, scale);
            double share = e / choices.total;
            here[i] = share * choices.above;
            here[rows + 1 + i] = share * choices.left;
            here[2 * (rows + 1) + i] = share * choices.diagonal;
        }
        __syncthreads();
    }
}

// Writes the frames of each symbol on the path with the largest total score: [B, N]. `moved` [B, T, N]
// records whether the best path to a cell comes from the previous symbol; `sums` has two rows of N + 1
// doubles per item.
template <typename T>
__device__ void monotonic_alignment(const T *score, const i64 *lengths, unsigned *durations, unsigned char *moved,
                                    double *sums, i64 symbols, i64 frames) {
    i64 b = blockIdx.x, n = lengths[2 * b], t = lengths[2 * b + 1];
    score += b * symbols * frames;
    moved += b * symbols * frames;
    durations += b * symbols;
    double *before = sums + b * 2 * (symbols + 1), *here = before + symbols + 1;
    for (i64 j = threadIdx.x; j <= n; j += blockDim.x) {
        before[j] = j == 1 ? (double)score[0] : -INFINITY;
        here[j] = -INFINITY;
    }
    for (i64 j = threadIdx.x; j < symbols; j += blockDim.x) {
        durations[j] = 0;
    }
    __syncthreads();
    for (i64 frame = 1; frame < t; frame++) {
        for (i64 j = threadIdx.x; j < n; j += blockDim.x) {
            double stay = before[j + 1], move = before[j];
            bool moves = move > stay;
            moved[frame * symbols + j] = moves;
            here[j + 1] = (double)score[j * frames + frame] + (moves ? move : stay);
        }
        __syncthreads();
        double *swapped = before;
        before = here;
        here = swapped;
    }
    if (threadIdx.x == 0) {
        i64 j = n - 1;
        for (i64 frame = t - 1; frame >= 0; frame--) {
            durations[j] += 1;
            // Only as many frames as symbols remain, so each symbol gets one.
            bool must = frame == j;
            if (j > 0 && frame > 0 && (must || moved[frame * symbols + j])) {
                j -= 1;
            }
        }
    }
}

#define P(T)                                                                                                           \
    (const T *cost, const i64 *lengths, T *values, double *scratch, i64 rows, i64 columns, double gamma, double warp)
INSTANCES(soft_dtw, P, (cost, lengths, values, scratch, rows, columns, gamma, warp))
#undef P
#define P(T)                                                                                                           \
    (const T *cost, const i64 *lengths, const T *g, T *dcost, double *scratch, i64 rows, i64 columns, double gamma,    \
     double warp)
INSTANCES(soft_dtw_backward, P, (cost, lengths, g, dcost, scratch, rows, columns, gamma, warp))
#undef P
#define P(T)                                                                                                           \
    (const T *score, const i64 *lengths, unsigned *durations, unsigned char *moved, double *sums, i64 symbols,         \
     i64 frames)
INSTANCES(monotonic_alignment, P, (score, lengths, durations, moved, sums, symbols, frames))
#undef P
