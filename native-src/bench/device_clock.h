// Kernels on operands that are on the device, and CUDA's own clock for them.
#pragma once
#include <algorithm>
#include <functional>

#include "cuda/check.h"
#include "cuda/staging.h"

namespace ir::bench {

using Work = std::function<void()>;

class Event {
 public:
  Event() { IR_CUDA(cudaEventCreate(&event_)); }
  ~Event() { (void)cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Times work between two events of its stream.
class Clock {
 public:
  CudaStream stream() const { return stream_.get(); }
  Stream& owner() { return stream_; }

  double millisecondsOf(const Work& work, int repeats) const {
    const auto stream = static_cast<cudaStream_t>(stream_.get());
    IR_CUDA(cudaEventRecord(begin_.get(), stream));
    for (int i = 0; i < repeats; ++i) work();
    IR_CUDA(cudaEventRecord(end_.get(), stream));
    IR_CUDA(cudaEventSynchronize(end_.get()));
    float ms = 0;
    IR_CUDA(cudaEventElapsedTime(&ms, begin_.get(), end_.get()));
    return double(ms) / repeats;
  }

  /// Repeats that fill about 10 ms, after a warm-up.
  int repeatsOf(const Work& work) const {
    millisecondsOf(work, 3);
    return std::min(1000, std::max(1, int(10 / std::max(1e-3, millisecondsOf(work, 3)))));
  }

 private:
  Stream stream_;
  Event begin_, end_;
};

/// A kernel whose operands are on the device, from construction on.
template <class Args>
class Resident {
 public:
  Resident(Clock& clock, const Args& host) : stream_(clock.stream()), staging_(clock.owner(), {}), args_(host) {
    check(args_);
    args_.visit(staging_);
  }
  const Args& args() const { return args_; }
  void operator()() const { runCuda(args_, stream_); }

 private:
  CudaStream stream_;
  Staging staging_;
  Args args_;
};

}  // namespace ir::bench
