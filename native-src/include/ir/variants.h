// One kernel body, three translation units. A CPU file is compiled four times: once plainly (IR_VARIANT_PASS undefined: validation,
// plans, scratch, threads), and once per instruction set with IR_VARIANT_PASS defined and IR_NS = v_base | v_avx2 | v_avx512.
//
//   // contract or top of the .cpp, both passes:
//   IR_VARIANTS(void, blurRows, (const float* src, float* dst, int n))
//   #ifdef IR_VARIANT_PASS
//   namespace ir::IR_NS { void blurRows(const float* src, float* dst, int n) { ... simd.h ... } }
//   #else
//   ... ir::blurRowsFor(exec.variant)(src, dst, n);
//   #endif
//
// Code in the variant pass must not instantiate std templates or call inline library functions that the linker could merge across
// variants (an AVX-512 copy would then run on a baseline machine): plain loops, simd.h, static helpers in namespace ir::IR_NS only.
#pragma once
#include "ir/exec.h"

// clang-format off
#define IR_VARIANTS(Ret, name, params)                            \
  namespace ir {                                                  \
  namespace v_base { Ret name params; }                           \
  namespace v_avx2 { Ret name params; }                           \
  namespace v_avx512 { Ret name params; }                         \
  inline auto name##For(Variant v) -> Ret(*) params {             \
    switch (v) {                                                  \
      case Variant::Avx512: return &v_avx512::name;               \
      case Variant::Avx2: return &v_avx2::name;                   \
      default: return &v_base::name;                              \
    }                                                             \
  }                                                               \
  }
// clang-format on
