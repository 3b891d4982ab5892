#include "kernels/rows.h"

#ifdef IR_VARIANT_PASS
#include "kernels/bytes.h"

namespace ir::IR_NS {

void widen(const uint8_t* src, float* dst, size_t n) {
  size_t i = 0;
  for (; i + kF <= n; i += kF) store(dst + i, widened(src + i));
  for (; i < n; ++i) dst[i] = float(src[i]);
}

}  // namespace ir::IR_NS
#endif
