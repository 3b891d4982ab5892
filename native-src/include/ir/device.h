// What is known of CUDA devices, and memory on them. Compiled in every build; without CUDA it answers "none" and refuses.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ir/contract.h"

namespace ir {

struct DeviceInfo {
  std::string name;
  int major = 0, minor = 0;
  size_t bytes = 0;
};

struct DeviceReport {
  bool compiled = false;
  std::string reason;  // why there is no device: "not compiled", or CUDA's own name and text
  std::vector<DeviceInfo> devices;
};

DeviceReport cudaReport();

/// Owned device memory; given back with the object, when no work uses it any more. Errors: Backend (CUDA's name and text), Memory.
class DeviceMemory {
 public:
  explicit DeviceMemory(size_t bytes);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  void upload(const void* host, size_t bytes, CudaStream stream);
  void download(void* host, size_t bytes, CudaStream stream) const;

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
  int exceptions_ = 0;  // in flight when it was made
};

/// A stream of its own for a call; synchronises where asked and reports what went wrong meanwhile.
class Stream {
 public:
  Stream();
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  CudaStream get() const { return stream_; }
  void synchronize();

 private:
  CudaStream stream_ = nullptr;
};

}  // namespace ir
