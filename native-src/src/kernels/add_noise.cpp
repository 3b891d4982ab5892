#include "ir/add_noise.h"

#include "ir/variants.h"

IR_VARIANTS(void, normals, (const NoiseKey& key, uint64_t position, float* dst, size_t count))
IR_VARIANTS(void, noisyFloats, (const NoiseKey& key, uint64_t position, float sigma, bool clip, const float* src, float* dst, size_t count))
IR_VARIANTS(void, noisyBytes, (const float* noise, float sigma, const uint8_t* src, uint8_t* dst, int stride, size_t count))

#ifdef IR_VARIANT_PASS
#include "kernels/normals.h"

namespace ir::IR_NS {

void normals(const NoiseKey& key, uint64_t position, float* dst, size_t count) {
  alignas(64) float scratch[kNormalsScratch];
  const NoiseField field = fieldOf(key);
  for (size_t i = 0; i < count; i += kNormalsTile) {
    const size_t n = count - i < kNormalsTile ? count - i : kNormalsTile;
    std::memcpy(dst + i, normalsTile(position + i, n, field, scratch), n * sizeof(float));
  }
}

/// One multiply-add a sample, fused where the variant fuses; the scalar tail goes through the same vector operation.
static inline vf noisy(vf x, vf n, float sigma, bool clip) {
  vf v = fma(splat(sigma), n, x);
  if (clip) {
    v = select((vi)(v < splat(0.0f)), splat(0.0f), v);
    v = select((vi)(v > splat(1.0f)), splat(1.0f), v);
  }
  return v;
}

void noisyFloats(const NoiseKey& key, uint64_t position, float sigma, bool clip, const float* src, float* dst, size_t count) {
  alignas(64) float scratch[kNormalsScratch];
  const NoiseField field = fieldOf(key);
  for (size_t i = 0; i < count; i += kNormalsTile) {
    const size_t n = count - i < kNormalsTile ? count - i : kNormalsTile;
    const float* noise = normalsTile(position + i, n, field, scratch);
    size_t j = 0;
    for (; j + kF <= n; j += kF) store(dst + i + j, noisy(load(src + i + j), load(noise + j), sigma, clip));
    if (j == n) continue;
    vf x{}, e{};
    std::memcpy(&x, src + i + j, (n - j) * sizeof(float));
    std::memcpy(&e, noise + j, (n - j) * sizeof(float));
    const vf v = noisy(x, e, sigma, clip);
    std::memcpy(dst + i + j, &v, (n - j) * sizeof(float));
  }
}

void noisyBytes(const float* noise, float sigma, const uint8_t* src, uint8_t* dst, int stride, size_t count) {
  for (size_t i = 0; i < count; i += kF) {
    const size_t width = count - i < size_t(kF) ? count - i : size_t(kF);
    vf x{}, e{};
    for (size_t k = 0; k < width; ++k) x[k] = float(src[(i + k) * size_t(stride)]);
    std::memcpy(&e, noise + i, width * sizeof(float));
    vf v = fma(splat(sigma), e, x) + 0.5f;
    v = select((vi)(v < splat(0.0f)), splat(0.0f), v);
    v = select((vi)(v > splat(255.0f)), splat(255.0f), v);
    const vi level = __builtin_convertvector(v, vi);
    for (size_t k = 0; k < width; ++k) dst[(i + k) * size_t(stride)] = uint8_t(level[k]);
  }
}

}  // namespace ir::IR_NS
#else
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "kernels/noise_checks.h"
#include "kernels/poisson.h"
#include "kernels/raster_checks.h"

namespace ir {
namespace {

constexpr size_t kFieldBand = 1 << 15;

float* planeRow(void* data, size_t plane, int width, int c, int y) {
  return static_cast<float*>(data) + size_t(c) * plane + size_t(y) * size_t(width);
}
const float* planeRow(const void* data, size_t plane, int width, int c, int y) {
  return static_cast<const float*>(data) + size_t(c) * plane + size_t(y) * size_t(width);
}

void gaussianRow(const AddNoiseArgs& a, const Exec& exec, int y, float* scratch) {
  const size_t plane = a.src.plane(), width = size_t(a.src.width);
  const int channels = a.src.channels;
  for (int c = 0; c < channels; ++c) {
    const uint64_t position = a.rowPosition(c, y);
    if (a.src.pixel == Pixel::F32) {
      noisyFloatsFor(exec.variant)(a.key(), position, float(a.sigma), a.clip, planeRow(a.src.data, plane, a.src.width, c, y),
                                   planeRow(a.dst.data, plane, a.src.width, c, y), width);
    } else {
      const size_t at = size_t(y) * width * size_t(channels) + size_t(c);
      normalsFor(exec.variant)(a.key(), position, scratch, width);
      noisyBytesFor(exec.variant)(scratch, float(a.sigma * 255), static_cast<const uint8_t*>(a.src.data) + at, static_cast<uint8_t*>(a.dst.data) + at,
                                  channels, width);
    }
  }
}

/// For `grey` the counts are drawn from channel 0's positions: the same uniforms, each channel with its own mean.
void poissonRow(const AddNoiseArgs& a, int y) {
  const size_t plane = a.src.plane(), width = size_t(a.src.width);
  const int channels = a.src.channels;
  for (int c = 0; c < channels; ++c) {
    const uint64_t position = a.rowPosition(c, y);
    for (size_t x = 0; x < width; ++x) {
      if (a.src.pixel == Pixel::F32) {
        const float in = planeRow(a.src.data, plane, a.src.width, c, y)[x];
        const double v = poisson::count(std::isnan(in) ? NAN : std::max(0.0, double(in)) * a.peak, position + x, a.key()) / a.peak;
        planeRow(a.dst.data, plane, a.src.width, c, y)[x] = float(a.clip ? std::min(v, 1.0) : v);
      } else {
        const size_t at = (size_t(y) * width + x) * size_t(channels) + size_t(c);
        const double v = poisson::count(static_cast<const uint8_t*>(a.src.data)[at] / 255.0 * a.peak, position + x, a.key()) / a.peak;
        static_cast<uint8_t*>(a.dst.data)[at] = uint8_t(std::floor(std::min(v, 1.0) * 255 + 0.5));
      }
    }
  }
}

}  // namespace

void check(const AddNoiseArgs& a) {
  checkRaster("src", a.src);
  checkSame("dst", a.dst, "src", a.src);
  checkNoiseKey(a.stream, a.step);
  if (a.kind == Noise::Gaussian)
    require(std::isfinite(a.sigma) && a.sigma >= 0, Code::Argument, "expected sigma >= 0, got " + std::to_string(a.sigma));
  else
    require(std::isfinite(a.peak) && a.peak > 0 && a.peak <= 1e12, Code::Argument,
            "expected peak in (0, 1e12] for poisson noise, got " + std::to_string(a.peak));
  require(
      a.offsetX >= 0 && a.offsetY >= 0 && int64_t(a.offsetX) + a.src.width <= a.wholeWidth() && int64_t(a.offsetY) + a.src.height <= a.wholeHeight(),
      Code::Shape, "expected the tile to lie inside pictureWidth x pictureHeight");
}

void run(const AddNoiseArgs& a, const Exec& exec) {
  const size_t rowsPerBand = std::max<size_t>(1, kFieldBand / (size_t(a.src.width) * size_t(a.src.channels)));
  const size_t bands = (size_t(a.src.height) + rowsPerBand - 1) / rowsPerBand;
  parallelFor(exec, bands, [&](size_t band) {
    const std::unique_ptr<float[]> scratch(new float[size_t(a.src.width)]);
    const size_t end = std::min(size_t(a.src.height), (band + 1) * rowsPerBand);
    for (size_t y = band * rowsPerBand; y < end; ++y) a.kind == Noise::Gaussian ? gaussianRow(a, exec, int(y), scratch.get()) : poissonRow(a, int(y));
  });
}

void check(const NormalFieldArgs& a) {
  checkNoiseKey(a.stream, a.step);
  checkPositions(a.offset, a.dst.size);
}

void run(const NormalFieldArgs& a, const Exec& exec) {
  parallelFor(exec, (a.dst.size + kFieldBand - 1) / kFieldBand, [&](size_t band) {
    const size_t begin = band * kFieldBand;
    normalsFor(exec.variant)(a.key(), a.offset + begin, a.dst.data + begin, std::min(kFieldBand, a.dst.size - begin));
  });
}

void check(const PhiloxWordsArgs& a) {
  require(a.words.size == 4, Code::Shape, "expected words to have length 4, got " + std::to_string(a.words.size));
}

void run(const PhiloxWordsArgs& a, const Exec&) {
  const PhiloxWords r = philox(uint32_t(a.low), uint32_t(a.low >> 32), uint32_t(a.high), uint32_t(a.high >> 32), a.seed);
  for (int i = 0; i < 4; ++i) a.words.data[i] = r.w[i];
}

}  // namespace ir
#endif
