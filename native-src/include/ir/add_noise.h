// Noise (Eq. 1's beta N) as a function of (seed, stream, step, position); philox.h fixes the layout. `position` is the planar index
// c * pictureWidth * pictureHeight + y * pictureWidth + x in the WHOLE picture, so that tiles and threads never change a value.
//   gaussian: dst = src + sigma n, sigma in units of value 1.0 (for uint8, 255 is 1.0)
//   poisson:  dst = k / peak, k ~ Poisson(max(src, 0) peak); peak = expected count at value 1.0. Counts come from double-precision sums,
//             products, quotients and square roots only (no contraction, no library function), hence equal everywhere: inversion by
//             sequential search below a mean of 10, Hoermann's PTRS (1993) above. Sub-stream: attempt j of the element at p uses counter
//             (p low, p high + (j << 16), step, stream), words 0, 1 -> u and 2, 3 -> v with 53 bits each.
// `grey` repeats plane 0's noise in every channel; `clip` limits to [0, 1]. uint8 is rounded half up and always clipped.
// Floor: 8 bytes per float sample read and written; 192 vector instructions for 64 samples with AVX-512, hence about 0.2 ns each.
// Variants and CUDA: normals within 24 eps (eps = 2^-24) of the definition, uint8 within 1 level near a tie, counts equal.
#pragma once
#include "ir/contract.h"
#include "ir/philox.h"

namespace ir {

enum class Noise : int { Gaussian = 0, Poisson = 1 };

struct AddNoiseArgs {
  ConstRaster src;
  Raster dst;
  Noise kind = Noise::Gaussian;
  double sigma = 0, peak = 0;
  bool grey = false, clip = true;
  uint64_t seed = 0, stream = 0;
  int step = 0, pictureWidth = 0, pictureHeight = 0, offsetX = 0, offsetY = 0;

  template <class V>
  void visit(V& v) {
    v.in("src", src);
    v.out("dst", dst);
    v.choice("kind", kind, {"gaussian", "poisson"});
    v.number("sigma", sigma, 0.0);
    v.number("peak", peak, 0.0);
    v.flag("grey", grey, false);
    v.flag("clip", clip, true);
    v.wide("seed", seed);
    v.wide("stream", stream, 0);
    v.integer("step", step, 0);
    v.integer("pictureWidth", pictureWidth, 0);
    v.integer("pictureHeight", pictureHeight, 0);
    v.integer("offsetX", offsetX, 0);
    v.integer("offsetY", offsetY, 0);
    v.inPlace();
  }

  NoiseKey key() const { return {seed, uint32_t(stream), uint32_t(step)}; }
  int wholeWidth() const { return pictureWidth ? pictureWidth : src.width; }
  int wholeHeight() const { return pictureHeight ? pictureHeight : src.height; }
  /// Position of sample (0, y) of channel c of this raster in the whole picture.
  uint64_t rowPosition(int c, int y) const {
    const uint64_t w = uint64_t(wholeWidth()), h = uint64_t(wholeHeight());
    return (uint64_t(grey ? 0 : c) * h + uint64_t(offsetY + y)) * w + uint64_t(offsetX);
  }
};

/// Standard normals for positions offset .. offset + dst.size - 1.
struct NormalFieldArgs {
  Span dst;
  uint64_t seed = 0, stream = 0, offset = 0;
  int step = 0;

  template <class V>
  void visit(V& v) {
    v.out("dst", dst);
    v.wide("seed", seed);
    v.wide("stream", stream, 0);
    v.integer("step", step, 0);
    v.wide("offset", offset, 0);
  }
  NoiseKey key() const { return {seed, uint32_t(stream), uint32_t(step)}; }
};

/// Philox's raw output words for one counter, as four numbers: for known-answer tests and for readers of the layout.
struct PhiloxWordsArgs {
  Results words;
  uint64_t seed = 0, low = 0, high = 0;

  template <class V>
  void visit(V& v) {
    v.results("words", words);
    v.wide("seed", seed);
    v.wide("low", low);    // counter words 0 and 1
    v.wide("high", high);  // counter words 2 and 3
  }
};

void check(const AddNoiseArgs&);
void run(const AddNoiseArgs&, const Exec&);
void runCuda(const AddNoiseArgs&, CudaStream);
void check(const NormalFieldArgs&);
void run(const NormalFieldArgs&, const Exec&);
void runCuda(const NormalFieldArgs&, CudaStream);
void check(const PhiloxWordsArgs&);
void run(const PhiloxWordsArgs&, const Exec&);
void runCuda(const PhiloxWordsArgs&, CudaStream);

}  // namespace ir
