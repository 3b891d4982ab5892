// Builds without CUDA: the same interface, no devices. With CUDA, src/cuda/memory.cu implements it.
#ifndef IR_HAVE_CUDA
#include "ir/device.h"

namespace ir {
namespace {
[[noreturn]] void refuse() { throw Error(Code::Backend, "expected a build with CUDA for backend cuda; this one was compiled without"); }
}  // namespace

DeviceReport cudaReport() { return {false, "compiled without CUDA (nvcc was not found when the addon was built)", {}}; }
DeviceMemory::DeviceMemory(size_t) { refuse(); }
DeviceMemory::~DeviceMemory() = default;
void DeviceMemory::upload(const void*, size_t, CudaStream) { refuse(); }
void DeviceMemory::download(void*, size_t, CudaStream) const { refuse(); }
Stream::Stream() { refuse(); }
Stream::~Stream() = default;
void Stream::synchronize() { refuse(); }

}  // namespace ir
#endif
