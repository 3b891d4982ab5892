#include "ir/error.h"
#include "ir/exec.h"

namespace ir {

const char* variantName(Variant v) noexcept { return v == Variant::Avx512 ? "avx512" : v == Variant::Avx2 ? "avx2" : "base"; }

bool variantSupported(Variant v) noexcept {
#if defined(__x86_64__)
  switch (v) {
    case Variant::Avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") && variantSupported(Variant::Avx2);
    case Variant::Avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    default: return true;
  }
#else
  return v == Variant::Base;
#endif
}

Variant bestVariant() noexcept {
  if (variantSupported(Variant::Avx512)) return Variant::Avx512;
  return variantSupported(Variant::Avx2) ? Variant::Avx2 : Variant::Base;
}

void Exec::checkAborted() const {
  if (aborted && aborted->load(std::memory_order_relaxed)) throw Error(Code::Aborted, "the call was aborted");
}

}  // namespace ir
