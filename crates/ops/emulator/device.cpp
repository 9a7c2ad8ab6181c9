// A CUDA device emulated on the CPU: memory, streams and launches of the driver API, as far as Mynah and
// candle use them. Everything else is missing on purpose: a program that calls it aborts and names the
// function.
//
// Streams run everything immediately and in order. Kernels are compiled for the CPU and found by name; the
// PTX that a program loads is ignored.

#include "emulated.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace emulator {

dim3 thread, block, block_size, grid_size;
Slot slots[1024];

namespace {

constexpr size_t STACK = 64 * 1024;
constexpr size_t SHARED = 96 * 1024;
constexpr unsigned WARP = 32;

enum class State { Ready, AtBlock, AtWarp, Done };

struct Coroutine {
    unsigned char *stack = nullptr;
    void *pointer = nullptr;
    State state = State::Done;
    dim3 place;
};

Coroutine coroutines[1024];
Coroutine *running = nullptr;
void *scheduler = nullptr;
const Kernel *kernel = nullptr;
void **kernel_arguments = nullptr;
alignas(64) unsigned char shared_memory[SHARED];
std::mutex one_at_a_time;

std::map<std::string, Kernel> &kernels() {
    static std::map<std::string, Kernel> all;
    return all;
}

[[noreturn]] void fail(const char *what) {
    std::fprintf(stderr, "emulated device: %s (%s)\n", what, kernel ? kernel->name : "no kernel");
    std::abort();
}

} // namespace

// Saves the current stack and switches to another.
extern "C" void emulator_switch(void **save, void *load);
__asm__(R"(
.text
.globl emulator_switch
emulator_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");

Registration::Registration(const char *name, void (*call)(void **)) { kernels()[name] = {name, call}; }

unsigned thread_number() { return thread.x + block_size.x * (thread.y + block_size.y * thread.z); }
void *shared() { return shared_memory; }

static void give_way(State state) {
    running->state = state;
    emulator_switch(&running->pointer, scheduler);
}
void block_barrier() { give_way(State::AtBlock); }
void warp_barrier() { give_way(State::AtWarp); }

// Entry point of a coroutine: runs the kernel once and never returns.
static void body() {
    kernel->call(kernel_arguments);
    give_way(State::Done);
    fail("a thread resumed after it finished");
}

static void prepare(Coroutine &coroutine) {
    if (!coroutine.stack) {
        coroutine.stack = static_cast<unsigned char *>(std::aligned_alloc(64, STACK));
    }
    // Six registers and the address of `body`; a function starts eight bytes off a multiple of sixteen.
    void **top = reinterpret_cast<void **>(coroutine.stack + STACK) - 2;
    *top = reinterpret_cast<void *>(&body);
    for (int i = 0; i < 6; i++) {
        *--top = nullptr;
    }
    coroutine.pointer = top;
    coroutine.state = State::Ready;
}

static void resume(Coroutine &coroutine) {
    running = &coroutine;
    thread = coroutine.place;
    emulator_switch(&scheduler, coroutine.pointer);
}

// Resumes waiting threads once all threads that they wait for have arrived.
static bool release(unsigned count) {
    bool released = false, all_at_block = true, any = false;
    for (unsigned first = 0; first < count; first += WARP) {
        unsigned end = std::min(count, first + WARP);
        bool warp_waits = false, warp_ready = true;
        for (unsigned i = first; i < end; i++) {
            State state = coroutines[i].state;
            warp_waits |= state == State::AtWarp;
            warp_ready &= state == State::AtWarp || state == State::Done;
            all_at_block &= state == State::AtBlock || state == State::Done;
            any |= state == State::AtBlock;
        }
        if (warp_waits && warp_ready) {
            released = true;
            for (unsigned i = first; i < end; i++) {
                if (coroutines[i].state == State::AtWarp) coroutines[i].state = State::Ready;
            }
        }
    }
    if (!released && any && all_at_block) {
        released = true;
        for (unsigned i = 0; i < count; i++) {
            if (coroutines[i].state == State::AtBlock) coroutines[i].state = State::Ready;
        }
    }
    return released;
}

static void run_block() {
    unsigned count = 0;
    for (unsigned z = 0; z < block_size.z; z++) {
        for (unsigned y = 0; y < block_size.y; y++) {
            for (unsigned x = 0; x < block_size.x; x++) {
                coroutines[count].place = {x, y, z};
                prepare(coroutines[count++]);
            }
        }
    }
    for (;;) {
        bool left = false;
        for (unsigned i = 0; i < count; i++) {
            if (coroutines[i].state == State::Ready) resume(coroutines[i]);
            left |= coroutines[i].state != State::Done;
        }
        if (!left) return;
        if (!release(count)) fail("threads wait at a barrier that others never reach");
    }
}

static void launch(const Kernel *what, dim3 grid, dim3 threads, size_t dynamic, void **arguments) {
    std::lock_guard<std::mutex> guard(one_at_a_time);
    if (threads.x * threads.y * threads.z > 1024 || dynamic > SHARED) fail("a block is too large");
    kernel = what;
    kernel_arguments = arguments;
    grid_size = grid;
    block_size = threads;
    for (unsigned z = 0; z < grid.z; z++) {
        for (unsigned y = 0; y < grid.y; y++) {
            for (unsigned x = 0; x < grid.x; x++) {
                block = {x, y, z};
                run_block();
            }
        }
    }
}

} // namespace emulator

// The driver API. Results: 0 is success, 101 no such device, 500 not found.
extern "C" {
typedef int Result;
typedef unsigned long long Pointer;

Result cuInit(unsigned) { return 0; }
Result cuDeviceGetCount(int *count) { return *count = 1, 0; }
Result cuDeviceGet(int *device, int ordinal) { return *device = ordinal, ordinal == 0 ? 0 : 101; }
Result cuDeviceGetName(char *name, int length, int) { return std::snprintf(name, length, "emulated"), 0; }
// Memory pools (attribute 115) and all other queried attributes are supported.
Result cuDeviceGetAttribute(int *value, int, int) { return *value = 1, 0; }
Result cuDevicePrimaryCtxRetain(void **context, int) { return *context = &emulator::slots, 0; }
Result cuDevicePrimaryCtxRelease_v2(int) { return 0; }
Result cuCtxSetCurrent(void *) { return 0; }
Result cuCtxGetCurrent(void **context) { return *context = &emulator::slots, 0; }
Result cuCtxSynchronize() { return 0; }
Result cuDeviceGetDefaultMemPool(void **pool, int) { return *pool = &emulator::slots, 0; }
Result cuMemPoolSetAttribute(void *, int, void *) { return 0; }

Result cuStreamCreate(void **stream, unsigned) { return *stream = std::malloc(1), 0; }
Result cuStreamDestroy_v2(void *stream) { return std::free(stream), 0; }
Result cuStreamSynchronize(void *) { return 0; }
Result cuStreamWaitEvent(void *, void *, unsigned) { return 0; }
Result cuStreamIsCapturing(void *, int *status) { return *status = 0, 0; }
Result cuEventCreate(void **event, unsigned) { return *event = std::malloc(1), 0; }
Result cuEventDestroy_v2(void *event) { return std::free(event), 0; }
Result cuEventRecord(void *, void *) { return 0; }
Result cuEventSynchronize(void *) { return 0; }
Result cuEventQuery(void *) { return 0; }

// New memory is filled with NaN, to expose reads before the first write.
Result cuMemAllocAsync(Pointer *pointer, size_t bytes, void *) {
    void *memory = std::malloc(bytes + 16);
    std::memset(memory, 0xff, bytes + 16);
    return *pointer = reinterpret_cast<Pointer>(memory), 0;
}
Result cuMemAlloc_v2(Pointer *pointer, size_t bytes) { return cuMemAllocAsync(pointer, bytes, nullptr); }
Result cuMemFreeAsync(Pointer pointer, void *) { return std::free(reinterpret_cast<void *>(pointer)), 0; }
Result cuMemFree_v2(Pointer pointer) { return cuMemFreeAsync(pointer, nullptr); }
Result cuMemsetD8Async(Pointer pointer, unsigned char value, size_t bytes, void *) {
    return std::memset(reinterpret_cast<void *>(pointer), value, bytes), 0;
}
Result cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t bytes, void *) {
    return std::memcpy(reinterpret_cast<void *>(to), from, bytes), 0;
}
Result cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t bytes, void *) {
    return std::memcpy(to, reinterpret_cast<void *>(from), bytes), 0;
}
Result cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, void *) {
    return std::memmove(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes), 0;
}

Result cuModuleLoadData(void **module, const void *) { return *module = std::malloc(1), 0; }
Result cuModuleUnload(void *module) { return std::free(module), 0; }
Result cuModuleGetFunction(void **function, void *, const char *name) {
    auto found = emulator::kernels().find(name);
    if (found == emulator::kernels().end()) {
        std::fprintf(stderr, "emulated device: no kernel named %s\n", name);
        return 500;
    }
    return *function = &found->second, 0;
}
Result cuFuncGetAttribute(int *value, int, void *) { return *value = 1024, 0; }
Result cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                      unsigned dynamic, void *, void **arguments, void **) {
    emulator::launch(static_cast<emulator::Kernel *>(function), {gx, gy, gz}, {bx, by, bz}, dynamic, arguments);
    return 0;
}
Result cuGetErrorName(Result, const char **name) { return *name = "emulated device", 0; }
Result cuGetErrorString(Result, const char **text) { return *text = "see the message on stderr", 0; }
}
