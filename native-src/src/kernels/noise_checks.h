// What every maker of noise checks alike.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "ir/error.h"

namespace ir {

inline void checkNoiseKey(uint64_t stream, int step) {
  require(stream <= UINT32_MAX, Code::Argument, "expected stream below 2^32");
  require(step >= 0, Code::Argument, "expected step >= 0, got " + std::to_string(step));
}

/// Positions are 64-bit numbers: past the last of them the sets of lanes would disagree on what comes next.
inline void checkPositions(uint64_t offset, size_t length) {
  require(length == 0 || offset <= UINT64_MAX - (length - 1), Code::Argument,
          "expected offset plus length to be at most 2^64, got " + std::to_string(offset) + " plus " + std::to_string(length));
}

}  // namespace ir
