#include <cctype>
#include <cstdlib>
#include <exception>
#include <map>
#include <mutex>

#include "cuda/check.h"
#include "ir/device.h"

namespace ir {
namespace {

/// Device memory that calls gave back, for the next ones: cudaMalloc and cudaFree wait for the device and cost more than most kernels. By size to the
/// byte, since calls repeat; at most IR_NATIVE_DEVICE_CACHE MiB (default 1024; 0: none, for memory checkers).
class Cache {
 public:
  void* take(size_t bytes) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto found = free_.find(bytes);
      if (found != free_.end()) {
        void* data = found->second;
        free_.erase(found);
        kept_ -= bytes;
        return data;
      }
    }
    void* data = nullptr;
    cudaError_t status = cudaMalloc(&data, bytes);
    if (status == cudaErrorMemoryAllocation && clear()) {
      (void)cudaGetLastError();
      status = cudaMalloc(&data, bytes);
    }
    cuda::check(status, "cudaMalloc(&data, bytes)", __FILE__, __LINE__);
    return data;
  }

  void give(void* data, size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bytes > most_ - kept_) {
      (void)cudaFree(data);
      return;
    }
    free_.emplace(bytes, data);
    kept_ += bytes;
  }

 private:
  /// Whether there was anything to give up.
  bool clear() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [bytes, data] : free_) (void)cudaFree(data);
    const bool any = !free_.empty();
    free_.clear();
    kept_ = 0;
    return any;
  }

  static size_t most() {
    const char* const told = std::getenv("IR_NATIVE_DEVICE_CACHE");
    if (!told || !*told) return size_t(1024) << 20;
    char* end = nullptr;
    const unsigned long long mebibytes = std::strtoull(told, &end, 10);
    require(std::isdigit(static_cast<unsigned char>(*told)) && !*end && mebibytes <= 1 << 20, Code::Argument,
            "expected IR_NATIVE_DEVICE_CACHE to be an integer in 0..1048576, got \"" + std::string(told) + "\"");
    return size_t(mebibytes) << 20;
  }

  std::mutex mutex_;
  std::multimap<size_t, void*> free_;
  size_t kept_ = 0, most_ = most();
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
