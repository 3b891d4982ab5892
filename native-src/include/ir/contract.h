// The one description of a kernel's arguments. A contract struct lists its fields once, in visit(); the binding (JavaScript object ->
// struct), the CUDA staging layer (host -> device) and the alias check are generic over that list, so that a new kernel is: contract
// header, CPU file, CUDA file, test, and one line in kernels.def.
//
//   struct BlurArgs {
//     ConstRaster src; Raster dst; double sigma = 0; int size = 0; Border border = Border::Reflect101;
//     template <class V> void visit(V& v) {
//       v.in("src", src); v.out("dst", dst);            // ConstRaster / ConstSpan and Raster / Span
//       v.number("sigma", sigma); v.integer("size", size, 0);            // a third argument makes the field optional, with that default
//       v.choice("border", border, {"reflect-101", "symmetric", "replicate"}, Border::Reflect101);   // enumerators 0, 1, 2 in this order
//     }
//   };
//   void check(const BlurArgs&);                        // throws ir::Error; called before any memory is taken, for every backend
//   void run(const BlurArgs&, const Exec&);             // the CPU
//   void runCuda(const BlurArgs&, CudaStream);          // pointers are device pointers; Results are host pointers
//
// Visitor verbs: in, out (required), inOptional, outOptional (data == nullptr when absent), number (double), integer (int), wide (uint64_t from a
// BigInt or safe integer), flag (bool), choice (enum),
// results (Results: a Float64Array that the kernel fills; always on the host).
// `out` may be the very memory of an `in` of the same size where the contract says so (v.inPlace()); partial overlap is always refused.
#pragma once
#include "ir/error.h"
#include "ir/exec.h"
#include "ir/raster.h"

namespace ir {

enum class Border : int { Reflect101 = 0, Symmetric = 1, Replicate = 2 };

using CudaStream = void*;  // cudaStream_t, kept opaque so that contracts need no CUDA header

}  // namespace ir
