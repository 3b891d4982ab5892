#include "kernels/normal_tables.h"

#include <cmath>
#include <cstring>

namespace ir {
namespace {

NormalTables tables() {
  NormalTables t{};
  constexpr int n = NormalTables::kSize;
  for (int i = 0; i < n; ++i) {
    const float c = i == n - 1 ? 0.5f : float(1 / (1 + (i + 0.5) / n)), twice = -2 * c;
    std::memcpy(&t.scale[i], &twice, sizeof twice);
    t.scale[i] += 127u << 23;
    t.logarithm[i] = float(2 * std::log(double(c)));
    // a word x = 2^27 i + r turns by 2 pi (x + 1/2) 2^-32; rotated, it reads 32 r + i, of which boxMuller() makes 2 pi (r + i / 32) 2^-32
    const double middle = 2 * 3.14159265358979323846 * ((i + 0.5) / n + (0.5 - i / double(n)) * 0x1p-32);
    t.cosine[i] = float(std::cos(middle));
    t.sine[i] = float(std::sin(middle));
  }
  return t;
}

}  // namespace

const NormalTables kNormalTables = tables();

}  // namespace ir
