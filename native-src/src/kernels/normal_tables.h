// Tables of the AVX-512 Box-Muller (box_muller_avx512.h), 32 entries each: what two registers hold.
#pragma once
#include <cstdint>

namespace ir {

struct NormalTables {
  static constexpr int kSize = 32;
  /// For a mantissa m in [1 + i / 32, 1 + (i + 1) / 32): 2 ln c, where c is 1 / m at the interval's middle, but 1/2 in the last one, so that nothing
  /// is lost near m = 2; and the bits of -2 c with 127 added to the exponent: less the exponent bits of 2^E m, they are those of -2 c 2^-E.
  alignas(64) float logarithm[kSize];
  alignas(64) uint32_t scale[kSize];
  /// cos and sin at the middle of sector i of a turn.
  alignas(64) float cosine[kSize], sine[kSize];
};

extern const NormalTables kNormalTables;

}  // namespace ir
