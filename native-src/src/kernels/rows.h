// Rows of samples: what blur and resampling do with them alike.
#pragma once
#include <cstddef>
#include <cstdint>

#include "ir/variants.h"

namespace ir {

constexpr int kLanes = 16;  // floats of the widest vector

constexpr size_t wholeLanes(size_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

constexpr int kRowsAhead = 2;  // how far ahead rows are fetched

/// Fetches what is read in short, distant pieces, which the processor's own fetching sees too late.
inline void fetch(const void* from, size_t bytes) {
  constexpr size_t kLine = 64;
  for (size_t i = 0; i < bytes; i += kLine) __builtin_prefetch(static_cast<const char*>(from) + i);
}

}  // namespace ir

/// n bytes as floats.
IR_VARIANTS(void, widen, (const uint8_t* src, float* dst, size_t n))
