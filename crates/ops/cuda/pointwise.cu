// Activations, normalizations and the optimizer.

#include "common.cuh"

// ---- leaky ReLU ----

template <typename T> __device__ void leaky_relu(const T *x, T *y, i64 count, double slope) {
    EACH(i, count) { y[i] = x[i] > 0 ? x[i] : x[i] * (T)slope; }
}
template <typename T>
__device__ void leaky_relu_backward(const T *x, const T *gradient, T *dx, i64 count, double slope) {
    EACH(i, count) { dx[i] = x[i] > 0 ? gradient[i] : gradient[i] * (T)slope; }
}

// ---- tanh ----

template <typename T> __device__ void squash(const T *x, T *y, i64 count) {
    EACH(i, count) { y[i] = tanh(x[i]); }
}
template <typename T> __device__ void squash_backward(const T *y, const T *gradient, T *dx, i64 count) {
    EACH(i, count) { dx[i] = (1 - y[i] * y[i]) * gradient[i]; }
}

// ---- tanh · sigmoid; `half` is the number of elements in half of one batch item ----

template <typename T> __device__ void gate(const T *x, T *y, i64 count, i64 half) {
    EACH(i, count) {
        const T *signal = x + i / half * 2 * half + i % half;
        y[i] = tanh(signal[0]) * sigmoid(signal[half]);
    }
}
template <typename T> __device__ void gate_backward(const T *x, const T *gradient, T *dx, i64 count, i64 half) {
    EACH(i, count) {
        i64 place = i / half * 2 * half + i % half;
        T t = tanh(x[place]), s = sigmoid(x[place + half]);
        dx[place] = gradient[i] * s * (1 - t * t);
        dx[place + half] = gradient[i] * t * s * (1 - s);
    }
}

// ---- softmax; one block per row ----

template <typename T> __device__ void softmax(const T *x, T *y, i64 width) {
    x += blockIdx.x * width;
    y += blockIdx.x * width;
    T largest = x[0];
    for (i64 i = threadIdx.x; i < width; i += BLOCK) {
        largest = x[i] > largest ? x[i] : largest;
    }
    largest = block_largest(largest);
    T sum = 0;
    for (i64 i = threadIdx.x; i < width; i += BLOCK) {
        y[i] = exp(x[i] - largest);
        sum += y[i];
    }
    T scale = 1 / block_sum(sum);
    for (i64 i = threadIdx.x; i < width; i += BLOCK) {
        y[i] *= scale;
    }
}
template <typename T> __device__ void softmax_backward(const T *y, const T *gradient, T *dx, i64 width) {
    y += blockIdx.x * width;
    gradient += blockIdx.x * width;
    dx += blockIdx.x * width;
    T sum = 0;
    for (i64 i = threadIdx.x; i < width; i += BLOCK) {
        sum += y[i] * gradient[i];
    }
    T total = block_sum(sum);
    for (i64 i = threadIdx.x; i < width; i += BLOCK) {
        dx[i] = y[i] * (gradient[i] - total);
    }
}

// ---- layer norm over the channels of [B, C, T]; each block has 32 time steps × 8 groups of channels ----

#define TIMES 32
#define PARTS 8

// Sums over the groups of channels, for each time step of the block.
template <typename T> __device__ T sum_parts(T value) {
    __shared__ T parts[PARTS][TIMES];
    parts[threadIdx.y][threadIdx.x] = value;
    __syncthreads();
    T total = 0;
    for (int part = 0; part < PARTS; part++) {
        total += parts[part][threadIdx.x];
    }
    __syncthreads();
    return total;
}

// Computes the offset of the thread's time step, or -1, with the mean and 1/√(variance + ε) there.
template <typename T>
__device__ i64 layer_statistics(const T *x, i64 channels, i64 time, T epsilon, T *mean, T *scale) {
    i64 tiles = (time + TIMES - 1) / TIMES;
    i64 batch = blockIdx.x / tiles, t = blockIdx.x % tiles * TIMES + threadIdx.x;
    i64 place = batch * channels * time + t;
    bool inside = t < time;
    T sum = 0;
    for (i64 c = threadIdx.y; inside && c < channels; c += PARTS) {
        sum += x[place + c * time];
    }
    *mean = sum_parts(sum) / (T)channels;
    sum = 0;
    for (i64 c = threadIdx.y; inside && c < channels; c += PARTS) {
        T difference = x[place + c * time] - *mean;
        sum += difference * difference;
    }
    *scale = 1 / sqrt(sum_parts(sum) / (T)channels + epsilon);
    return inside ? place : -1;
}

template <typename T>
__device__ void layer_norm(const T *x, const T *weight, const T *bias, T *y, i64 channels, i64 time, double epsilon) {
    T mean, scale;
    i64 place = layer_statistics(x, channels, time, (T)epsilon, &mean, &scale);
    for (i64 c = threadIdx.y; place >= 0 && c < channels; c += PARTS) {
        i64 i = place + c * time;
        y[i] = (x[i] - mean) * scale * weight[c] + bias[c];
    }
}

// Computes dx, and the statistics [2, B, T] for the parameters' gradients.
template <typename T>
__device__ void layer_norm_input(const T *x, const T *weight, const T *gradient, T *dx, T *statistics, i64 batch,
                                 i64 channels, i64 time, double epsilon) {
    T mean, scale;
    i64 place = layer_statistics(x, channels, time, (T)epsilon, &mean, &scale);
    T sum_h = 0, sum_hn = 0;
    for (i64 c = threadIdx.y; place >= 0 && c < channels; c += PARTS) {
        i64 i = place + c * time;
        T h = gradient[i] * weight[c];
        sum_h += h;
        sum_hn += h * (x[i] - mean) * scale;
    }
    T mean_h = sum_parts(sum_h) / (T)channels, mean_hn = sum_parts(sum_hn) / (T)channels;
    for (i64 c = threadIdx.y; place >= 0 && c < channels; c += PARTS) {
        i64 i = place + c * time;
        dx[i] = scale * (gradient[i] * weight[c] - mean_h - (x[i] - mean) * scale * mean_hn);
    }
    if (place >= 0 && threadIdx.y == 0) {
        i64 row = place / (channels * time) * time + place % (channels * time);
        statistics[row] = mean;
        statistics[batch * time + row] = scale;
    }
}

// Computes dweight and dbias, concatenated; one block per channel.
template <typename T>
__device__ void layer_norm_parameters(const T *x, const T *gradient, const T *statistics, T *dparameters, i64 batch,
                                      i64 channels, i64 time) {
    i64 c = blockIdx.x;
    T sum_product = 0, sum = 0;
    for (i64 row = threadIdx.x; row < batch * time; row += BLOCK) {
        i64 i = (row / time * channels + c) * time + row % time;
        sum_product += gradient[i] * (x[i] - statistics[row]) * statistics[batch * time + row];
        sum += gradient[i];
    }
    sum_product = block_sum(sum_product);
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        dparameters[c] = sum_product;
        dparameters[channels + c] = sum;
    }
}

// ---- weight norm; one block per slice ----

template <typename T> __device__ void weight_norm(const T *direction, const T *length, T *weight, i64 width) {
    direction += blockIdx.x * width;
    weight += blockIdx.x * width;
    T sum = 0;
    for (i64 i = threadIdx.x; i < width; i += BLOCK) {
        sum += direction[i] * direction[i];
    }
    T scale = length[blockIdx.x] / sqrt(block_sum(sum));
    for (i64 i = threadIdx.x; i < width; i += BLOCK) {
        weight[i] = direction[i] * scale;
    }
}
// Computes the gradients of the direction and the length, concatenated.
template <typename T>
__device__ void weight_norm_backward(const T *direction, const T *length, const T *gradient, T *packed, i64 rows,
                                     i64 width) {
    i64 row = blockIdx.x;
    direction += row * width;
    gradient += row * width;
    T squares = 0, products = 0;
    for (i64 i = threadIdx.x; i < width; i += BLOCK) {
        squares += direction[i] * direction[i];
        products += direction[i] * gradient[i];
    }
    T norm = sqrt(block_sum(squares));
    T dlength = block_sum(products) / norm;
    T scale = length[row] / norm, projection = dlength / norm;
    for (i64 i = threadIdx.x; i < width; i += BLOCK) {
        packed[row * width + i] = scale * (gradient[i] - direction[i] * projection);
    }
    if (threadIdx.x == 0) {
        packed[rows * width + row] = dlength;
    }
}

// ---- bias of [B, C, T] ----

template <typename T> __device__ void add_bias(const T *x, const T *bias, T *y, i64 count, i64 channels, i64 time) {
    EACH(i, count) { y[i] = x[i] + bias[i / time % channels]; }
}
template <typename T> __device__ void sum_channels(const T *x, T *y, i64 batch, i64 channels, i64 time) {
    T sum = 0;
    for (i64 row = threadIdx.x; row < batch * time; row += BLOCK) {
        sum += x[(row / time * channels + blockIdx.x) * time + row % time];
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        y[blockIdx.x] = sum;
    }
}

// ---- AdamW; the two moments are concatenated ----

template <typename T>
__device__ void adamw_moments(const T *gradient, T *moments, i64 count, double beta1, double beta2) {
    EACH(i, count) {
        T g = gradient[i];
        moments[i] = (T)beta1 * moments[i] + (1 - (T)beta1) * g;
        moments[count + i] = (T)beta2 * moments[count + i] + (1 - (T)beta2) * g * g;
    }
}
template <typename T>
__device__ void adamw_parameter(const T *moments, T *parameter, i64 count, double kept, double step_size,
                                double second_scale, double epsilon) {
    EACH(i, count) {
        T root = sqrt(moments[count + i]) * (T)second_scale + (T)epsilon;
        parameter[i] = parameter[i] * (T)kept - (T)step_size * moments[i] / root;
    }
}

// Computes sums of squares in double, one per block.
template <typename T> __device__ void sum_squares(const T *x, double *sums, i64 count) {
    double sum = 0;
    EACH(i, count) { sum += (double)x[i] * (double)x[i]; }
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = sum;
    }
}

#define P(T) (const T *x, T *y, i64 count, double slope)
INSTANCES(leaky_relu, P, (x, y, count, slope))
#undef P
#define P(T) (const T *x, const T *g, T *dx, i64 count, double slope)
INSTANCES(leaky_relu_backward, P, (x, g, dx, count, slope))
#undef P
#define P(T) (const T *x, T *y, i64 count)
INSTANCES(squash, P, (x, y, count))
#undef P
#define P(T) (const T *y, const T *g, T *dx, i64 count)
INSTANCES(squash_backward, P, (y, g, dx, count))
#undef P
#define P(T) (const T *x, T *y, i64 count, i64 half)
INSTANCES(gate, P, (x, y, count, half))
#undef P
#define P(T) (const T *x, const T *g, T *dx, i64 count, i64 half)
INSTANCES(gate_backward, P, (x, g, dx, count, half))
#undef P
#define P(T) (const T *x, T *y, i64 width)
INSTANCES(softmax, P, (x, y, width))
#undef P
#define P(T) (const T *y, const T *g, T *dx, i64 width)
INSTANCES(softmax_backward, P, (y, g, dx, width))
#undef P
#define P(T) (const T *x, const T *weight, const T *bias, T *y, i64 channels, i64 time, double epsilon)
INSTANCES(layer_norm, P, (x, weight, bias, y, channels, time, epsilon))
#undef P
#define P(T)                                                                                                           \
    (const T *x, const T *weight, const T *g, T *dx, T *statistics, i64 batch, i64 channels, i64 time, double epsilon)
INSTANCES(layer_norm_input, P, (x, weight, g, dx, statistics, batch, channels, time, epsilon))
#undef P
#define P(T) (const T *x, const T *g, const T *statistics, T *packed, i64 batch, i64 channels, i64 time)
INSTANCES(layer_norm_parameters, P, (x, g, statistics, packed, batch, channels, time))
#undef P
#define P(T) (const T *direction, const T *length, T *weight, i64 width)
INSTANCES(weight_norm, P, (direction, length, weight, width))
#undef P
#define P(T) (const T *direction, const T *length, const T *g, T *packed, i64 rows, i64 width)
INSTANCES(weight_norm_backward, P, (direction, length, g, packed, rows, width))
#undef P
#define P(T) (const T *x, const T *bias, T *y, i64 count, i64 channels, i64 time)
INSTANCES(add_bias, P, (x, bias, y, count, channels, time))
#undef P
#define P(T) (const T *x, T *y, i64 batch, i64 channels, i64 time)
INSTANCES(sum_channels, P, (x, y, batch, channels, time))
#undef P
#define P(T) (const T *g, T *moments, i64 count, double beta1, double beta2)
INSTANCES(adamw_moments, P, (g, moments, count, beta1, beta2))
#undef P
#define P(T) (const T *moments, T *p, i64 count, double kept, double step_size, double second_scale, double epsilon)
INSTANCES(adamw_parameter, P, (moments, p, count, kept, step_size, second_scale, epsilon))
#undef P
#define P(T) (const T *x, double *sums, i64 count)
INSTANCES(sum_squares, P, (x, sums, count))
#undef P
