#include "cuda/check.h"
#include "ir/device.h"

namespace ir {

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

DeviceMemory::DeviceMemory(size_t bytes) : bytes_(bytes) {
  if (bytes) IR_CUDA(cudaMalloc(&data_, bytes));
}
DeviceMemory::~DeviceMemory() {
  if (data_) (void)cudaFree(data_);
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
