#include <setjmp.h>
#include <ucontext.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cuda_runtime.h"

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulation {
namespace {

constexpr size_t kStack = 1 << 16;
constexpr size_t kGuard = 64;
constexpr unsigned char kGuardByte = 0xC3, kFreshByte = 0xFF;

/// Fibers of one block. A fiber runs threads of the block until one of them waits at a barrier; then the next fiber goes on with the threads
/// that have not started. Kernels without barriers therefore need but one. Fibers are born by setcontext and from then on switch by longjmp, which
/// leaves the signal mask, and so the operating system, alone.
class Block {
 public:
  /// False when some threads ended while others waited.
  bool run(unsigned threads, const std::function<void()>& body) {
    body_ = &body;
    threads_ = threads;
    started_ = 0;
    waiting_.clear();
    for (size_t i = 0; started_ < threads_; ++i) resume(idleFiber(i));
    while (!waiting_.empty()) {
      if (waiting_.size() != threads_) return false;
      turn_.swap(waiting_);
      waiting_.clear();
      for (Fiber* f : turn_) resume(*f);
    }
    return true;
  }

  void barrier() {
    waiting_.push_back(current_);
    current_->inside = true;
    pause();
  }

 private:
  struct Fiber {
    std::unique_ptr<char[]> stack{new char[kStack]};
    jmp_buf at;
    bool born = false, inside = false;  // `inside`: of a thread that has not ended
    dim3 thread;
  };

  /// The i-th fiber; a new one in place of one that a failed launch left inside a thread.
  Fiber& idleFiber(size_t i) {
    if (i == fibers_.size()) fibers_.push_back(nullptr);
    if (!fibers_[i] || fibers_[i]->inside) fibers_[i] = std::make_unique<Fiber>();
    return *fibers_[i];
  }

  void resume(Fiber& f) {
    current_ = &f;
    threadIdx = f.thread;
    if (_setjmp(main_)) return;
    if (f.born) _longjmp(f.at, 1);
    f.born = true;
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = f.stack.get();
    context.uc_stack.ss_size = kStack;
    makecontext(&context, &Block::live, 0);
    setcontext(&context);
  }

  /// Back to whoever resumed the fiber, until it is resumed again.
  void pause() {
    if (!_setjmp(current_->at)) _longjmp(main_, 1);
  }

  static void live();

  void runThreads() {
    Fiber& self = *current_;
    do {
      const unsigned i = started_++;
      threadIdx = self.thread = dim3(state().descending ? threads_ - 1 - i : i);
      (*body_)();
      self.inside = false;
    } while (started_ < threads_);
  }

  const std::function<void()>* body_ = nullptr;
  unsigned threads_ = 0, started_ = 0;
  jmp_buf main_;
  Fiber* current_ = nullptr;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> waiting_, turn_;
};

Block& block() {
  static Block* instance = new Block;
  return *instance;
}

void Block::live() {
  for (;;) {
    block().runThreads();
    block().pause();
  }
}

/// Sizes by address. Every allocation has kGuard bytes before and behind.
std::map<char*, size_t>& memory() {
  static std::map<char*, size_t> m;
  return m;
}

bool intact(const char* p, size_t bytes) {
  for (size_t i = 0; i < kGuard; ++i)
    if ((unsigned char)p[-1 - ptrdiff_t(i)] != kGuardByte || (unsigned char)p[bytes + i] != kGuardByte) return false;
  return true;
}

bool inside(const void* p, size_t bytes) {
  const char* at = static_cast<const char*>(p);
  for (const auto& [start, size] : memory())
    if (at >= start && at + bytes <= start + size) return true;
  return false;
}

/// Counts every call that can fail.
bool failing() { return state().failAt >= 0 && state().failAt-- == 0; }

}  // namespace

State& state() {
  static State s = [] {
    State initial;
    const char* order = std::getenv("IR_EMULATION_ORDER");
    initial.descending = order && std::string(order) == "descending";
    return initial;
  }();
  return s;
}

cudaError_t launch(dim3 grid, dim3 shape, const std::function<void()>& thread) {
  if (failing()) return state().failure;
  const unsigned long long blocks = (unsigned long long)grid.x * grid.y;
  if (blocks == 0 || grid.x > INT32_MAX || grid.y > 65535 || grid.z != 1 || shape.x == 0 || shape.x > 1024 || shape.y != 1 || shape.z != 1)
    return cudaErrorInvalidConfiguration;
  gridDim = grid;
  blockDim = shape;
  for (unsigned long long i = 0; i < blocks; ++i) {
    const unsigned long long b = state().descending ? blocks - 1 - i : i;
    blockIdx = dim3(unsigned(b % grid.x), unsigned(b / grid.x));
    if (!block().run(shape.x, thread)) return cudaErrorLaunchFailure;
  }
  return cudaSuccess;
}

}  // namespace emulation

using namespace emulation;

void __syncthreads() { block().barrier(); }

const char* cudaGetErrorName(cudaError_t e) {
  switch (e) {
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
    default: return "cudaErrorInvalidValue";
  }
}
const char* cudaGetErrorString(cudaError_t) { return "emulated"; }
cudaError_t cudaGetLastError() { return cudaSuccess; }

cudaError_t cudaGetDeviceCount(int* count) {
  if (!state().present) return cudaErrorNoDevice;  // and leaves the count as it was
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int) {
  *p = {"host emulation", 0, 0, size_t(1) << 30};
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** out, size_t bytes) {
  if (!state().present) return cudaErrorNoDevice;
  if (failing()) return state().failure;
  char* const p = static_cast<char*>(std::aligned_alloc(kGuard, (bytes + 3 * kGuard - 1) / kGuard * kGuard));
  if (!p) return cudaErrorMemoryAllocation;
  std::memset(p, kGuardByte, bytes + 2 * kGuard);
  std::memset(p + kGuard, kFreshByte, bytes);
  memory()[p + kGuard] = bytes;
  ++state().allocations;
  *out = p + kGuard;
  return cudaSuccess;
}
cudaError_t cudaFree(void* p) {
  const auto found = memory().find(static_cast<char*>(p));
  if (found == memory().end()) return cudaErrorInvalidValue;
  const bool good = intact(found->first, found->second);
  std::free(found->first - kGuard);
  memory().erase(found);
  --state().allocations;
  if (!good) ++state().damaged;
  return good ? cudaSuccess : cudaErrorIllegalAddress;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  if (failing()) return state().failure;
  if (!inside(kind == cudaMemcpyHostToDevice ? to : from, bytes) || inside(kind == cudaMemcpyHostToDevice ? from : to, bytes))
    return cudaErrorInvalidValue;
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  if (!state().present) return cudaErrorNoDevice;
  if (failing()) return state().failure;
  ++state().streams;
  *stream = reinterpret_cast<cudaStream_t>(&state());
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t) {
  --state().streams;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) {
  if (failing()) return state().failure;
  for (const auto& [p, bytes] : memory())
    if (!intact(p, bytes)) return cudaErrorIllegalAddress;
  return cudaSuccess;
}
