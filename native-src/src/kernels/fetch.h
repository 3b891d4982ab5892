// Fetching ahead what is read in short, distant pieces, which the processor's own fetching sees too late.
#pragma once
#include <cstddef>

namespace ir {

constexpr int kRowsAhead = 2;  // how far ahead rows are fetched

inline void fetch(const void* from, size_t bytes) {
  constexpr size_t kLine = 64;
  for (size_t i = 0; i < bytes; i += kLine) __builtin_prefetch(static_cast<const char*>(from) + i);
}

}  // namespace ir
