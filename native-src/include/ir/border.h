// Index folding at picture borders (REFERENCE C.1). Any radius: indices beyond one period fold again; a side of length 1 is constant.
#pragma once
#include "ir/contract.h"

#if defined(__CUDACC__)
#define IR_HD __host__ __device__
#else
#define IR_HD
#endif

namespace ir {

/// The sample of 0..n-1 that stands at index i. reflect-101: c b | a b c | b a; symmetric: b a | a b c | c b; replicate: a a | a b c | c c.
IR_HD static inline int fold(long long i, int n, Border border) {
  if (i >= 0 && i < n) return int(i);
  if (n == 1) return 0;
  if (border == Border::Replicate) return i < 0 ? 0 : n - 1;
  const long long period = border == Border::Reflect101 ? 2LL * n - 2 : 2LL * n;
  i %= period;
  if (i < 0) i += period;
  if (i < n) return int(i);
  return int(border == Border::Reflect101 ? period - i : period - 1 - i);
}

}  // namespace ir
