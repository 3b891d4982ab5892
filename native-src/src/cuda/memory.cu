#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <exception>
#include <list>
#include <mutex>
#include <new>

#include "cuda/check.h"
#include "ir/device.h"

namespace ir {
namespace {

/// Device memory that calls gave back, for the next ones: cudaMalloc and cudaFree wait for the device and cost more than most kernels. By size to the
/// byte, since calls repeat; the oldest goes first; at most IR_NATIVE_DEVICE_CACHE MiB (default 512; 0: none, for memory checkers).
class Cache {
 public:
  void* take(size_t bytes) {
    if (void* const kept = takeKept(bytes)) return kept;
    void* data = nullptr;
    cudaError_t status = cudaMalloc(&data, bytes);
    if (status == cudaErrorMemoryAllocation && shrinkTo(0)) {
      (void)cudaGetLastError();
      status = cudaMalloc(&data, bytes);
    }
    cuda::check(status, "cudaMalloc(&data, bytes)", __FILE__, __LINE__);
    return data;
  }

  /// Of a destructor: whatever happens, the memory is kept or freed.
  void give(void* data, size_t bytes) noexcept {
    try {
      const std::lock_guard<std::mutex> lock(mutex_);
      blocks_.push_back({data, bytes});
      kept_ += bytes;
    } catch (const std::bad_alloc&) {
      (void)cudaFree(data);
    }
    shrinkTo(most_);
  }

 private:
  struct Block {
    void* data;
    size_t bytes;
  };

  void* takeKept(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const Block& block) { return block.bytes == bytes; });
    if (found == blocks_.rend()) return nullptr;
    void* const data = found->data;
    blocks_.erase(std::next(found).base());
    kept_ -= bytes;
    return data;
  }

  /// Whether anything went.
  bool shrinkTo(size_t most) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    const size_t before = blocks_.size();
    for (; kept_ > most; blocks_.pop_front()) {
      kept_ -= blocks_.front().bytes;
      (void)cudaFree(blocks_.front().data);
    }
    return blocks_.size() < before;
  }

  static size_t most() {
    const char* const told = std::getenv("IR_NATIVE_DEVICE_CACHE");
    if (!told || !*told) return size_t(512) << 20;
    char* end = nullptr;
    const unsigned long long mebibytes = std::strtoull(told, &end, 10);
    require(std::isdigit(static_cast<unsigned char>(*told)) && !*end && mebibytes <= 1 << 20, Code::Argument,
            "expected IR_NATIVE_DEVICE_CACHE to be an integer in 0..1048576, got \"" + std::string(told) + "\"");
    return size_t(mebibytes) << 20;
  }

  std::mutex mutex_;
  std::list<Block> blocks_;  // from the oldest to the newest
  size_t kept_ = 0;
  const size_t most_ = most();
};

Cache& cache() {
  static Cache* const one = new Cache;  // never destroyed: at exit CUDA may be gone before it
  return *one;
}

}  // namespace

DeviceReport cudaReport() {
  DeviceReport report;
  report.compiled = true;
  int count = 0;  // without a driver the call fails and leaves this untouched
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    report.reason = std::string(cudaGetErrorName(status)) + ": " + cudaGetErrorString(status);
    (void)cudaGetLastError();  // clear it: having no device is no failure of a later call
    return report;
  }
  if (count == 0) report.reason = "no CUDA device";
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp p{};
    IR_CUDA(cudaGetDeviceProperties(&p, i));
    report.devices.push_back({p.name, p.major, p.minor, p.totalGlobalMem});
  }
  return report;
}

DeviceMemory::DeviceMemory(size_t bytes) : data_(bytes ? cache().take(bytes) : nullptr), bytes_(bytes), exceptions_(std::uncaught_exceptions()) {}
DeviceMemory::~DeviceMemory() {
  if (!data_) return;
  // Calls wait for their work before memory goes; one that failed may not have, and only cudaFree waits.
  if (std::uncaught_exceptions() > exceptions_)
    (void)cudaFree(data_);
  else
    cache().give(data_, bytes_);
}
void DeviceMemory::upload(const void* host, size_t bytes, CudaStream stream) {
  IR_CUDA(cudaMemcpyAsync(data_, host, bytes, cudaMemcpyHostToDevice, static_cast<cudaStream_t>(stream)));
}
void DeviceMemory::download(void* host, size_t bytes, CudaStream stream) const {
  IR_CUDA(cudaMemcpyAsync(host, data_, bytes, cudaMemcpyDeviceToHost, static_cast<cudaStream_t>(stream)));
}

Stream::Stream() {
  cudaStream_t stream = nullptr;
  IR_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  stream_ = stream;
}
Stream::~Stream() {
  if (stream_) (void)cudaStreamDestroy(static_cast<cudaStream_t>(stream_));
}
void Stream::synchronize() { IR_CUDA(cudaStreamSynchronize(static_cast<cudaStream_t>(stream_))); }

}  // namespace ir
