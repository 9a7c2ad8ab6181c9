# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "torch==2.15.0"]
# ///
"""PyTorch's times for the cases of `cargo bench -p mynah-ops --bench peers`.

`torch_peer.py THREADS`, or `torch_peer.py cuda` for the first GPU, reads case names, one per line, and answers
each with one line: the minimum CPU time (on several threads, the mean) and the minimum wall-clock time of
several runs, in seconds. `torch_peer.py memory` runs soft-DTW once and prints the growth of the process's
peak memory in bytes.
"""

import resource
import sys
import time

import torch
import torch.nn.functional as F

REPEATED_SECONDS = 0.4
MIN_RUNS = 3
torch.manual_seed(1)


def variables(*shapes):
    return [torch.randn(shape, requires_grad=True) for shape in shapes]


def backward(output, arguments):
    torch.autograd.grad(output, arguments, torch.ones_like(output))


def conv1d(x, w, **settings):
    x, w, b = variables(x, w, w[:1])
    return lambda: backward(F.conv1d(x, w, b, **settings), [x, w, b])


def hifi_gan():
    """Returns the HiFi-GAN V1 generator for 192 channels, as at inference: no weight norm, no gradients."""
    number = lambda *shape: torch.randn(shape) * 0.01
    x, pre, post = torch.randn(1, 192, 200), (number(512, 192, 7), number(512)), (number(1, 32, 7), number(1))
    stages, channels = [], 512
    for factor in (8, 8, 2, 2):
        up = (number(channels, channels // 2, 2 * factor), number(channels // 2), factor)
        channels //= 2
        conv = lambda k: (number(channels, channels, k), number(channels))
        stages.append((up, [[(conv(k), conv(k), d) for d in (1, 3, 5)] for k in (3, 7, 11)]))

    def forward():
        with torch.no_grad():
            y = F.conv1d(x, *pre, padding=3)
            for (weight, bias, factor), blocks in stages:
                y = F.conv_transpose1d(F.leaky_relu(y, 0.1), weight, bias, factor, factor // 2)
                total = None
                for pairs in blocks:
                    z = y
                    for dilated, plain, d in pairs:
                        k = dilated[0].shape[2]
                        u = F.conv1d(F.leaky_relu(z, 0.1), *dilated, padding=d * (k - 1) // 2, dilation=d)
                        z = z + F.conv1d(F.leaky_relu(u, 0.1), *plain, padding=(k - 1) // 2)
                    total = z if total is None else total + z
                y = total / len(blocks)
            return torch.tanh(F.conv1d(F.leaky_relu(y, 0.01), *post, padding=3))

    return forward


def soft_dtw_value(cost, gamma, warp):
    """Computes soft-DTW one anti-diagonal at a time, for all items at once; autograd keeps what it needs."""
    batch, n, m = cost.shape
    # Diagonal s holds the cells (i, s - i) at position i.
    skewed = F.pad(cost, (0, n)).reshape(batch, -1)[:, : n * (n + m - 1)].reshape(batch, n, n + m - 1)
    infinity = torch.full((batch, n + 1), float("inf"))
    first, second = infinity.clone(), infinity.clone()
    second[:, 0] = 0.0
    rows = torch.arange(n)
    for s in range(n + m - 1):
        ways = torch.stack([second[:, :-1], first[:, :-1] + warp, first[:, 1:] + warp])
        inside = (rows <= s) & (s - rows < m)
        here = skewed[:, :, s] - gamma * torch.logsumexp(torch.where(inside, ways, torch.zeros(())) / -gamma, 0)
        here = torch.where(inside, here, torch.full((), float("inf")))
        first, second = torch.cat([infinity[:, :1], here], 1), first
    return first[:, n]


def soft_dtw():
    cost = torch.randn(8, 400, 400).abs().requires_grad_()
    return lambda: backward(soft_dtw_value(cost, 0.01, 0.07), [cost])


def pointwise(function, *shapes):
    arguments = variables(*shapes)
    return lambda: backward(function(*arguments), arguments)


def layer_norm(x, weight, bias):
    return F.layer_norm(x.transpose(1, 2), (x.shape[1],), weight, bias, 1e-5).transpose(1, 2)


CASES = {
    "conv1d 192-384 k5, 8x192x400": lambda: conv1d((8, 192, 400), (384, 192, 5), padding=2),
    "conv1d 1024 g256 k41 s4, 1x1024x512": lambda: conv1d((1, 1024, 512), (1024, 4, 41), stride=4, padding=20, groups=256),
    "conv1d 1024 g256 k41 s4, 4x1024x128": lambda: conv1d((4, 1024, 128), (1024, 4, 41), stride=4, padding=20, groups=256),
    "HiFi-GAN, 200 frames, forward": hifi_gan,
    "conv_transpose1d 512-256 k16 s8, 1x512x200": lambda: pointwise(
        lambda x, w: F.conv_transpose1d(x, w, stride=8, padding=4), (1, 512, 200), (512, 256, 16)
    ),
    "tanh 32x51200": lambda: pointwise(torch.tanh, (32, 51200)),
    "leaky relu 32x51200": lambda: pointwise(lambda x: F.leaky_relu(x, 0.1), (32, 51200)),
    "gated activation 8x384x400": lambda: pointwise(
        lambda x: torch.tanh(x[:, :192]) * torch.sigmoid(x[:, 192:]), (8, 384, 400)
    ),
    "layer norm 8x192x400": lambda: pointwise(layer_norm, (8, 192, 400), (192,), (192,)),
    "softmax 8x2x400x400": lambda: pointwise(lambda x: torch.softmax(x, -1), (8, 2, 400, 400)),
    "soft-dtw 8x400x400": soft_dtw,
}


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    if sys.argv[1] == "memory":
        work = soft_dtw()
        # Exclude what PyTorch loads with its first operations.
        small = torch.rand(1, 3, 3, requires_grad=True)
        backward(soft_dtw_value(small, 0.01, 0.07), [small])
        before = peak_bytes()
        work()
        print(peak_bytes() - before)
        return
    on_device = sys.argv[1] == "cuda"
    if on_device:
        torch.set_default_device("cuda")
        # Same as ours: products in full precision, the algorithm chosen by heuristics.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    else:
        torch.set_num_threads(int(sys.argv[1]))
    wait = torch.cuda.synchronize if on_device else lambda: None
    works = {}
    print(torch.__version__, flush=True)
    for line in sys.stdin:
        name = line.strip()
        if name not in works:
            works[name] = CASES[name]()
            works[name]()
            wait()
        processor, wall, runs = float("inf"), float("inf"), 0
        begin, processor_begin = time.perf_counter(), time.process_time()
        while runs < MIN_RUNS or time.perf_counter() - begin < REPEATED_SECONDS:
            p, w = time.process_time(), time.perf_counter()
            works[name]()
            wait()
            p, w = time.process_time() - p, time.perf_counter() - w
            processor, wall, runs = min(processor, p), min(wall, w), runs + 1
        if torch.get_num_threads() > 1:
            # Another thread's last time slice is only counted when it ends, so a single short run would miss
            # it.
            processor = (time.process_time() - processor_begin) / runs
        print(processor, wall, flush=True)


if __name__ == "__main__":
    main()
