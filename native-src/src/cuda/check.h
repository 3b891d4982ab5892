// No CUDA error is lost: every call goes through IR_CUDA, which throws with CUDA's name, its text, file and line.
#pragma once
#include <cuda_runtime.h>

#include <string>

#include "ir/error.h"

namespace ir::cuda {

inline void check(cudaError_t status, const char* what, const char* file, int line) {
  if (status == cudaSuccess) return;
  const Code code = status == cudaErrorMemoryAllocation ? Code::Memory : Code::Backend;
  throw Error(code, std::string(cudaGetErrorName(status)) + ": " + cudaGetErrorString(status) + ", in " + what + " (" + file + ":" +
                        std::to_string(line) + ")");
}

}  // namespace ir::cuda

#define IR_CUDA(call) ::ir::cuda::check((call), #call, __FILE__, __LINE__)
