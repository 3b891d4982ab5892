// The CPU is the oracle of CUDA: every kernel, staged from host memory, against every variant of this processor, within the bounds of its header,
// and to the bit where the variant fuses as CUDA does. Built twice: with CUDA (skips without a device), and over the host emulation.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "../kernels.h"
#include "cuda/staging.h"
#include "kernels/taps.h"
#include "pictures.h"

using namespace ir;
using namespace ir::test;

namespace {

constexpr double kEps = 0x1p-24;
constexpr Border kBorders[] = {Border::Reflect101, Border::Symmetric, Border::Replicate};

bool present() {
  static const bool is = !cudaReport().devices.empty();
  return is;
}

/// Whether a variant's multiply-adds are fused, as CUDA's are.
bool fused(Variant v) {
#if defined(__x86_64__)
  return v != Variant::Base;
#else
  return v != v;
#endif
}

/// Whether a variant makes the device's normals to the bit: AVX-512 makes them by tables (kernels/box_muller_avx512.h).
bool sameNormals(Variant v) { return fused(v) && v != Variant::Avx512; }

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](float x, float y) { return (x != x && y != y) || std::memcmp(&x, &y, sizeof x) == 0; });
}
bool sameBits(const Picture& a, const Picture& b) { return a.bytes == b.bytes && sameBits(a.floats, b.floats); }

template <class Args>
Picture onCpu(Args args, Picture out, Variant v) {
  args.dst = out.raster();
  check(args);
  run(args, {v, 2, nullptr});
  return out;
}
template <class Args>
Picture onCuda(Args args, Picture out) {
  args.dst = out.raster();
  check(args);
  runOnDevice(args);
  return out;
}

/// A separable filter with its weights as they are, or their sizes, in double precision.
std::vector<double> filtered(const Picture& p, const AxisMap& x, const AxisMap& y, bool magnitude) {
  const auto value = [&](double v) { return magnitude ? std::fabs(v) : v; };
  std::vector<double> out;
  for (int c = 0; c < p.channels; ++c)
    for (int j = 0; j < y.out; ++j)
      for (int i = 0; i < x.out; ++i) {
        double sum = 0;
        for (int l = 0; l < y.count[size_t(j)]; ++l)
          for (int k = 0; k < x.count[size_t(i)]; ++k)
            sum += value(y.weights[size_t(j) * size_t(y.stride) + size_t(l)] * x.weights[size_t(i) * size_t(x.stride) + size_t(k)] *
                         p.sample(c, x.first[size_t(i)] + k, y.first[size_t(j)] + l));
        out.push_back(sum);
      }
  return out;
}

/// CUDA against every variant: floats within 2 (K + 4) eps sum |weight x sample|, bytes within 1 level and only that near a tie.
template <class Args>
void checkFilter(const Args& args, const Picture& src, const Picture& blank, const AxisMap& x, const AxisMap& y, int taps) {
  CAPTURE(src.width);
  CAPTURE(src.height);
  CAPTURE(src.channels);
  CAPTURE(src.floats.empty());
  const Picture cuda = onCuda(args, blank);
  const std::vector<double> exact = filtered(src, x, y, false), sizes = filtered(src, x, y, true);
  for (const Variant v : variants()) {
    CAPTURE(std::string(variantName(v)));
    const Picture cpu = onCpu(args, blank, v);
    if (fused(v)) CHECK(sameBits(cuda, cpu));
    long wrong = 0;
    size_t i = 0;
    for (int c = 0; c < blank.channels; ++c)
      for (int row = 0; row < blank.height; ++row)
        for (int column = 0; column < blank.width; ++column, ++i) {
          const double bound = 2 * (taps + 4) * kEps * sizes[i], difference = std::fabs(cuda.sample(c, column, row) - cpu.sample(c, column, row));
          if (!src.floats.empty())
            wrong += !(difference <= bound);
          else
            wrong += difference > 1 || (difference == 1 && std::fabs(exact[i] - std::floor(exact[i]) - 0.5) > bound);
        }
    CHECK(wrong == 0);
  }
}

void checkBlur(const Picture& src, double sigma, int size, Border border) {
  CAPTURE(sigma);
  CAPTURE(size);
  CAPTURE(int(border));
  GaussianBlurArgs a;
  a.src = src.view();
  a.sigma = sigma;
  a.size = size;
  a.border = border;
  const std::vector<double> taps = gaussianTaps(sigma, gaussianSize(sigma, size));
  const auto axis = [&](int n) { return afterBlur(resampleAxis(n, n, 1, Filter::Box, false, border), taps, border); };
  checkFilter(a, src, src.blank(src.width, src.height), axis(src.width), axis(src.height), 2 * int(taps.size()));
}

void checkResample(const Picture& src, int width, int height, double scaleX, double scaleY, Filter filter, bool antialias, Border border) {
  CAPTURE(scaleX);
  CAPTURE(scaleY);
  CAPTURE(int(filter));
  ResampleArgs a;
  a.src = src.view();
  a.scaleX = scaleX;
  a.scaleY = scaleY;
  a.filter = filter;
  a.antialias = antialias;
  a.border = border;
  const Border folded = filter == Filter::CubicOpenCv ? Border::Replicate : border;
  const AxisMap x = resampleAxis(src.width, width, scaleX, filter, antialias, folded),
                y = resampleAxis(src.height, height, scaleY, filter, antialias, folded);
  checkFilter(a, src, src.blank(width, height), x, y, x.stride + y.stride);
}

void checkDegrade(const Picture& src, int width, int height, double scaleX, double scaleY, double sigma, Border blurBorder, Border resampleBorder) {
  CAPTURE(sigma);
  DegradeArgs a;
  a.src = src.view();
  a.scaleX = scaleX;
  a.scaleY = scaleY;
  a.sigma = sigma;
  a.blurBorder = blurBorder;
  a.resampleBorder = resampleBorder;
  const std::vector<double> taps = gaussianTaps(sigma, gaussianSize(sigma, 0));
  const auto axis = [&](int in, int out, double scale) {
    return afterBlur(resampleAxis(in, out, scale, a.filter, true, resampleBorder), taps, blurBorder);
  };
  const AxisMap x = axis(src.width, width, scaleX), y = axis(src.height, height, scaleY);
  checkFilter(a, src, src.blank(width, height), x, y, x.stride + y.stride);
}

/// Large values of both signs: sums that cancel.
Picture cancelling(int width, int height) {
  return floatPicture(width, height, 1, [](int, int x, int y) { return (x + y) % 2 ? 1e6 + x : -1e6 + y; });
}

std::vector<float> vectorOf(size_t n, uint32_t seed) {
  Random random(seed);
  std::vector<float> v(n);
  for (float& x : v) x = float(4 * random.unit() - 2);
  return v;
}

}  // namespace

TEST_CASE("cuda: without a device the backend is refused, with CUDA's own reason") {
  if (present()) return;
  const DeviceReport report = cudaReport();
  CHECK(report.compiled);
  REQUIRE_FALSE(report.reason.empty());
  float z[4] = {}, out[4];
  DenoiseStepArgs a;
  a.z = {z, 4};
  a.out = {out, 4};
  bool refused = false;
  try {
    runOnDevice(a);
  } catch (const Error& e) {
    refused = e.code() == Code::Backend && std::string(e.what()).find("cuda") != std::string::npos;
  }
  REQUIRE(refused);  // only then is the rest skipped
  MESSAGE("SKIPPED: no CUDA device (" << report.reason << ")");
}

TEST_CASE("cuda: blur, every small size, border and kind of kernel") {
  if (!present()) return;
  const int sides[] = {1, 2, 3, 5, 8, 13};
  int channels = 0;
  for (const int height : sides)
    for (const int width : sides)
      for (const Border border : kBorders)
        for (const auto& [sigma, size] :
             {std::pair<double, int>{0.5, 0}, {2.67, 17}, {2.9, 19}, {30.0, 71}}) {  // one tile; its widest; two passes; chunks
          const bool floats = ++channels % 2;
          checkBlur(randomPicture(width, height, floats ? 1 + channels % 3 : 1 + channels % 4, uint32_t(channels), floats), sigma, size, border);
        }
}

TEST_CASE("cuda: blur across tiles") {
  if (!present()) return;
  const int sizes[][2] = {{64, 32}, {65, 33}, {131, 70}, {31, 129}};
  for (const auto& size : sizes)
    for (const bool floats : {false, true})
      for (const auto& [sigma, taps] : {std::pair<double, int>{1.0, 0}, {3.0, 0}, {6.0, 0}})
        checkBlur(randomPicture(size[0], size[1], floats ? 1 : 3, 9, floats), sigma, taps, kBorders[size[0] % 3]);
}

TEST_CASE("cuda: blur where sums cancel, on ties, and on flat areas") {
  if (!present()) return;
  for (const double sigma : {0.8, 4.0}) {
    checkBlur(cancelling(40, 37), sigma, 0, Border::Reflect101);
    checkBlur(bytePicture(40, 37, 1, [](int, int x, int y) { return (x + y) % 2; }), sigma, 0, Border::Symmetric);  // 0.5 after a wide blur
    checkBlur(bytePicture(40, 37, 1, [](int, int x, int) { return x % 2 ? 255 : 254; }), sigma, 0, Border::Symmetric);
    const Picture flat = bytePicture(40, 37, 3, [](int c, int, int) { return 127 * c + c / 2; });
    GaussianBlurArgs a;
    a.src = flat.view();
    a.sigma = sigma;
    CHECK(sameBits(onCuda(a, flat.blank(40, 37)), flat));
  }
}

TEST_CASE("cuda: blur in place, and not-a-number spreads as on the CPU") {
  if (!present()) return;
  for (const double sigma : {1.0, 4.0})
    for (const bool floats : {false, true}) {
      Picture p = randomPicture(75, 41, 3, 4, floats);
      if (floats) p.floats[75 * 20 + 30] = std::numeric_limits<float>::quiet_NaN(), p.floats[75 * 41 + 3] = std::numeric_limits<float>::infinity();
      GaussianBlurArgs a;
      a.src = p.view();
      a.sigma = sigma;
      const Picture expected = onCuda(a, p.blank(75, 41));
      Stream stream;
      DeviceMemory memory(a.src.bytes());
      memory.upload(a.src.data, memory.bytes(), stream.get());
      a.src.data = memory.data();
      a.dst = {memory.data(), a.src.pixel, 75, 41, 3};
      runCuda(a, stream.get());
      Picture got = p.blank(75, 41);
      memory.download(got.raster().data, memory.bytes(), stream.get());
      stream.synchronize();
      CHECK(sameBits(got, expected));
      a.src = p.view();
      for (const Variant v : variants())
        if (fused(v)) CHECK(sameBits(onCpu(a, p.blank(75, 41), v), expected));
    }
}

TEST_CASE("cuda: resampling, every filter and order of axes") {
  if (!present()) return;
  uint32_t seed = 0;
  for (const Filter filter : {Filter::Cubic, Filter::Linear, Filter::Box, Filter::Lanczos3, Filter::CubicOpenCv})
    for (const auto& [scaleX, scaleY] :
         {std::pair<double, double>{0.5, 0.5}, {0.25, 2}, {3, 0.4}, {1, 1}, {1.7, 0.03}, {0.03, 1.7}, {4096, 1.0 / 4096}})
      for (const int side : {1, 2, 7, 23}) {
        const bool floats = ++seed % 2;
        const Border border = filter == Filter::CubicOpenCv ? Border::Symmetric : kBorders[seed % 3];
        const int width = scaleX > 100 ? 40 : std::max(1, int(std::ceil(side * scaleX))), height = std::max(1, int(std::ceil(side * scaleY)));
        checkResample(randomPicture(side, side, 1 + int(seed) % 4, seed, floats), width, height, scaleX, scaleY, filter, seed % 5 != 0, border);
      }
}

TEST_CASE("cuda: resampling across tiles and spans, and where sums cancel") {
  if (!present()) return;
  for (const bool floats : {false, true}) {
    const Picture p = randomPicture(361, 71, floats ? 1 : 3, 3, floats);
    checkResample(p, 91, 18, 0.25, 0.25, Filter::Cubic, true, Border::Symmetric);
    checkResample(p, 37, 142, 0.1, 2, Filter::Lanczos3, true, Border::Reflect101);  // more than one span of inputs a tile
    checkResample(p, 722, 8, 2, 0.1, Filter::Linear, true, Border::Replicate);
  }
  checkResample(cancelling(67, 45), 34, 23, 0.5, 0.5, Filter::Cubic, true, Border::Symmetric);
  checkResample(bytePicture(66, 44, 1, [](int, int x, int y) { return (x + y) % 2; }), 33, 22, 0.5, 0.5, Filter::Box, true,
                Border::Symmetric);  // all ties
}

TEST_CASE("cuda: blur and reduction fused, every pair of borders") {
  if (!present()) return;
  for (const Border blurBorder : kBorders)
    for (const Border resampleBorder : kBorders)
      for (const bool floats : {false, true})
        for (const int side : {1, 3, 9, 40}) {
          const Picture p = randomPicture(side, side + 2, floats ? 1 : 3, uint32_t(side), floats);
          checkDegrade(p, (side + 3) / 4, (side + 3) / 2, 0.25, 0.5, side == 3 ? 8 : 2, blurBorder, resampleBorder);
        }
  checkDegrade(cancelling(50, 44), 25, 11, 0.5, 0.25, 2, Border::Reflect101, Border::Symmetric);
}

TEST_CASE("cuda: Philox's known answers") {
  if (!present()) return;
  const auto words = [](uint64_t all) {
    double w[4];
    PhiloxWordsArgs a;
    a.words = {w, 4};
    a.seed = a.low = a.high = all;
    runOnDevice(a);
    return std::vector<double>(w, w + 4);
  };
  CHECK(words(0) == std::vector<double>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(words(~0ull) == std::vector<double>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
}

TEST_CASE("cuda: normals of every length, offset and alignment, and of more than one round of the grid") {
  if (!present()) return;
  const auto compare = [](size_t size, uint64_t offset) {
    CAPTURE(size);
    CAPTURE(offset);
    std::vector<float> cuda(size, -9.0f), cpu(size);
    NormalFieldArgs a;
    a.seed = 0x123456789abcdefull;
    a.stream = 77;
    a.step = 3;
    a.offset = offset;
    a.dst = {cuda.data(), size};
    check(a);
    runOnDevice(a);
    a.dst = {cpu.data(), size};
    for (const Variant v : variants()) {
      run(a, {v, 2, nullptr});
      if (sameNormals(v)) CHECK(sameBits(cuda, cpu));
      double worst = 0;
      for (size_t i = 0; i < size; ++i) worst = std::max(worst, std::fabs(double(cuda[i]) - double(cpu[i])));
      CHECK(worst <= 2 * 24 * kEps);  // each within 24 eps of the definition
    }
  };
  for (size_t size = 0; size <= 9; ++size)
    for (uint64_t offset = 0; offset <= 5; ++offset) compare(size, offset);
  for (const uint64_t offset : {(1ull << 34) - 3, (1ull << 40) + 1, 1ull << 34}) compare(2001, offset);
  compare(4096 * 1024 + 777, 2);

  Stream stream;  // element 1 of a device buffer: not aligned for four at a time
  DeviceMemory memory(64 * sizeof(float));
  std::vector<float> expected(64, 0.0f), got(64);
  memory.upload(expected.data(), memory.bytes(), stream.get());
  NormalFieldArgs a;
  a.seed = 5;
  a.dst = {static_cast<float*>(memory.data()) + 1, 60};
  runCuda(a, stream.get());
  memory.download(got.data(), memory.bytes(), stream.get());
  stream.synchronize();
  a.dst.data = expected.data() + 1;
  runOnDevice(a);
  CHECK(sameBits(got, expected));
}

TEST_CASE("cuda: Gaussian noise on whole pictures and tiles, grey, clipped or not, in place") {
  if (!present()) return;
  uint32_t seed = 0;
  for (const bool floats : {false, true})
    for (int channels = 1; channels <= 4; ++channels)
      for (const int width : {1, 3, 8, 37})
        for (const bool tile : {false, true})
          for (const bool grey : {false, true}) {
            const Picture p = randomPicture(width, 9, channels, ++seed, floats);
            AddNoiseArgs a;
            a.src = p.view();
            a.sigma = seed % 7 == 0 ? 0 : 0.2;
            a.grey = grey;
            a.clip = seed % 3 != 0;
            a.seed = seed;
            a.stream = 5;
            if (tile) a.pictureWidth = 100, a.pictureHeight = 50, a.offsetX = int(seed % 60), a.offsetY = int(seed % 40);
            const Picture cuda = onCuda(a, p.blank(width, 9));
            for (const Variant v : variants()) {
              const Picture cpu = onCpu(a, p.blank(width, 9), v);
              if (sameNormals(v)) CHECK(sameBits(cuda, cpu));
              long wrong = 0;
              for (int c = 0; c < channels; ++c)
                for (int y = 0; y < 9; ++y)
                  for (int x = 0; x < width; ++x) {
                    const double difference = std::fabs(cuda.sample(c, x, y) - cpu.sample(c, x, y));
                    if (floats) {
                      wrong += !(difference <= 48 * kEps * a.sigma + 4 * kEps * (std::fabs(p.sample(c, x, y)) + 7 * a.sigma));
                      continue;
                    }
                    float n = 0;
                    NormalFieldArgs field;
                    field.seed = a.seed;
                    field.stream = a.stream;
                    field.offset = a.rowPosition(c, y) + uint64_t(x);
                    field.dst = {&n, 1};
                    run(field, {});
                    const double exact = p.sample(c, x, y) + 255 * a.sigma * double(n);
                    wrong += difference > 1 || (difference == 1 && std::fabs(exact - std::floor(exact) - 0.5) > 1e-3);
                  }
              CHECK(wrong == 0);
            }
          }
}

TEST_CASE("cuda: Poisson counts are equal, from none to 10^12, around the change of method, and for what is no picture") {
  if (!present()) return;
  for (const bool floats : {false, true})
    for (const double peak : {1e-3, 1.0, 9.999, 10.0, 10.5, 300.0, 1e6, 1e12})
      for (const bool grey : {false, true}) {
        CAPTURE(peak);
        Picture p = randomPicture(29, 11, 3, uint32_t(peak), floats);
        if (floats) {
          p.floats[0] = std::numeric_limits<float>::quiet_NaN();
          p.floats[1] = -0.5f;
          p.floats[2] = std::numeric_limits<float>::infinity();
          p.floats[3] = 1.0f;
        }
        AddNoiseArgs a;
        a.src = p.view();
        a.kind = Noise::Poisson;
        a.peak = peak;
        a.grey = grey;
        a.clip = peak != 10.0;
        a.seed = 11;
        if (peak > 100) a.pictureWidth = 64, a.pictureHeight = 64, a.offsetX = 13, a.offsetY = 50;
        const Picture cuda = onCuda(a, p.blank(29, 11));
        for (const Variant v : variants()) CHECK(sameBits(cuda, onCpu(a, p.blank(29, 11), v)));
      }
}

TEST_CASE("cuda: the denoise step, every combination of operands, lengths and offsets") {
  if (!present()) return;
  Random random(8);
  for (int bits = 0; bits < 256; ++bits) {
    const bool model = bits & 1, guided = (bits & 2) && model, extra = bits & 4, given = bits & 8, sigma = bits & 16, clean = bits & 32,
               wantsX0 = bits & 64;
    for (const size_t size : {size_t(1), size_t(3), size_t(4), size_t(61)}) {
      const std::vector<float> z = vectorOf(size, 1), m = vectorOf(size, 2), mu = vectorOf(size, 3), h = vectorOf(size, 4), n = vectorOf(size, 5);
      std::vector<float> out(size, -9.0f), x0(size, -9.0f);
      DenoiseStepArgs a;
      a.z = {z.data(), size};
      if (model) a.m = {m.data(), size};
      if (guided) a.mu = {mu.data(), size};
      if (extra) a.h = {h.data(), size};
      if (given) a.n = {n.data(), size};
      a.out = {out.data(), size};
      if (wantsX0) a.x0 = {x0.data(), size};
      a.s = bits & 128 ? 1 : 7.5;
      a.a = 1 + random.unit();
      a.b = model ? -a.a : 0;  // z and m of like size: the sum cancels
      a.c = 1.3;
      a.d = model ? -0.7 : 0;
      a.r = bits & 128 ? 1 : 0;
      a.q = clean ? 0.9 : 0;
      a.g = extra ? -0.4 : 0;
      a.sigma = sigma ? 0.5 : 0;
      a.seed = uint64_t(bits);
      a.offset = uint64_t(bits) * 5 % 7;
      check(a);
      runOnDevice(a);
      for (const Variant v : variants()) {
        CAPTURE(bits);
        CAPTURE(size);
        std::vector<float> cpu(size, -9.0f), cpuX0(size, -9.0f);
        DenoiseStepArgs b = a;
        b.out.data = cpu.data();
        if (wantsX0) b.x0.data = cpuX0.data();
        run(b, {v, 1, nullptr});
        if (a.makesNoise() ? sameNormals(v) : fused(v)) CHECK(sameBits(out, cpu));
        if (fused(v)) CHECK(sameBits(x0, cpuX0));
        long wrong = 0;
        for (size_t i = 0; i < size; ++i) {
          const double mixed = !model ? 0 : guided ? std::fabs(mu[i]) + std::fabs(a.s) * (std::fabs(m[i]) + std::fabs(mu[i])) : std::fabs(m[i]);
          const double clean0 = std::fabs(a.c * z[i]) + std::fabs(a.d) * mixed;
          const double noise = sigma ? std::fabs(a.sigma) * (given ? std::fabs(n[i]) : 7) : 0;
          const double bound = 8 * kEps * (std::fabs(a.a * z[i]) + std::fabs(a.b) * mixed + a.q * clean0 + std::fabs(a.g * h[i]) + noise) +
                               (sigma && !given ? 48 * kEps * a.sigma : 0);
          wrong += !(std::fabs(double(out[i]) - double(cpu[i])) <= bound);
          wrong += wantsX0 && !(std::fabs(double(x0[i]) - double(cpuX0[i])) <= 8 * kEps * clean0);
        }
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("cuda: the denoise step over its own input, and over more than one round of the grid") {
  if (!present()) return;
  const size_t size = 4096 * 1024 + 321;
  const std::vector<float> m = vectorOf(size, 2);
  std::vector<float> z = vectorOf(size, 1), cuda(size);
  DenoiseStepArgs a;
  a.m = {m.data(), size};
  a.a = 1.1;
  a.b = -0.3;
  a.sigma = 0.2;
  a.offset = 4;
  Stream stream;
  DeviceMemory memory(size * sizeof(float));
  memory.upload(z.data(), memory.bytes(), stream.get());
  a.z = {static_cast<const float*>(memory.data()), size};
  a.out = {static_cast<float*>(memory.data()), size};
  stream.synchronize();
  runOnDevice(a, {memory.data()});
  memory.download(cuda.data(), memory.bytes(), stream.get());
  stream.synchronize();
  a.z.data = z.data();
  a.out.data = z.data();
  run(a, {bestVariant(), 2, nullptr});
  if (sameNormals(bestVariant())) CHECK(sameBits(cuda, z));
  double worst = 0;
  for (size_t i = 0; i < size; ++i) worst = std::max(worst, std::fabs(double(cuda[i]) - double(z[i])));
  CHECK(worst <= 8 * kEps * 5 + 48 * kEps * 0.2);
}

TEST_CASE("cuda: squared error and SSIM, every colour and border, around tiles, and where cancellation is worst") {
  if (!present()) return;
  const auto compare = [](const Picture& a, const Picture& b, Colour colour, Window border, int crop, bool ssim, bool clamp) {
    CAPTURE(a.width);
    CAPTURE(a.height);
    CAPTURE(int(colour));
    CAPTURE(int(border));
    CompareArgs args;
    args.reference = a.view();
    args.image = b.view();
    args.colour = colour;
    args.border = border;
    args.crop = crop;
    args.ssim = ssim;
    args.clampContrast = clamp;
    std::vector<double> cuda(size_t(3 * args.planes()), -9.0), cpu(cuda);
    args.results = {cuda.data(), cuda.size()};
    check(args);
    runOnDevice(args);
    args.results.data = cpu.data();
    for (const Variant v : variants()) {
      run(args, {v, 2, nullptr});
      for (size_t i = 0; i < cpu.size(); ++i) {
        CHECK(std::isnan(cuda[i]) == std::isnan(cpu[i]));
        if (std::isnan(cpu[i])) continue;
        CHECK(std::fabs(cuda[i] - cpu[i]) <= 1e-12 * std::max(1.0, cpu[i]));
      }
    }
  };
  const auto near = [](Picture p) {
    Random random(3);
    for (uint8_t& v : p.bytes) v = uint8_t(std::min(255, std::max(0, v + random.below(21) - 10)));
    for (float& v : p.floats) v += float(0.1 * random.unit());
    return p;
  };
  const int sizes[][2] = {{11, 11}, {42, 18}, {43, 19}, {75, 31}};
  for (const auto& size : sizes)
    for (const bool floats : {false, true})
      for (const int channels : {1, 3, 4}) {
        const Picture p = randomPicture(size[0], size[1], channels, 5, floats);
        for (int colour = 0; colour <= (channels == 4 ? 0 : int(Colour::Gray601Rounded)); ++colour)
          compare(p, near(p), Colour(colour), size[0] % 2 ? Window::Valid : Window::Same, size[0] > 40 ? 2 : 0, true, channels == 3);
      }
  compare(randomPicture(3, 2, 3, 1, false), randomPicture(3, 2, 3, 2, false), Colour::Rgb, Window::Same, 0, true, false);
  compare(randomPicture(40, 2, 3, 1, true), randomPicture(40, 2, 3, 2, true), Colour::YStudio, Window::Valid, 0, false, false);
  const auto flat = [](int v) { return bytePicture(40, 30, 1, [v](int, int, int) { return v; }); };
  for (const Window border : {Window::Valid, Window::Same}) {
    compare(flat(255), flat(254), Colour::Rgb, border, 0, true, false);
    compare(flat(0), flat(255), Colour::Rgb, border, 0, true, false);
    compare(bytePicture(40, 30, 1, [](int, int x, int y) { return 254 + (x + y) % 2; }),
            bytePicture(40, 30, 1, [](int, int x, int y) { return 255 - (x + y) % 2; }), Colour::Rgb, border, 0, true, false);
    compare(flat(200), flat(200), Colour::Rgb, border, 0, true, false);
  }
  Picture bad = randomPicture(40, 30, 3, 6, true);
  bad.floats[40 * 17 + 5] = std::numeric_limits<float>::quiet_NaN();
  compare(bad, randomPicture(40, 30, 3, 7, true), Colour::YStudio, Window::Valid, 0, true, true);
}

TEST_CASE("cuda: SSIM's other windows, borders, volumes and scales; floats of a known depth") {
  if (!present()) return;
  const auto compare = [](const Picture& a, const Picture& b, CompareArgs args) {
    args.reference = a.view();
    args.image = b.view();
    std::vector<double> cuda(size_t(3 * args.planes() * args.scales), -9.0), cpu(cuda);
    args.results = {cuda.data(), cuda.size()};
    check(args);
    runOnDevice(args);
    args.results.data = cpu.data();
    for (const Variant v : variants()) {
      run(args, {v, 2, nullptr});
      for (size_t i = 0; i < cpu.size(); ++i) CHECK(std::fabs(cuda[i] - cpu[i]) <= 1e-12 * std::max(1.0, cpu[i]));
    }
  };
  const auto with = [](Weights window, Window border, bool volume, int scales, int crop) {
    CompareArgs args;
    args.window = window, args.border = border, args.volume = volume, args.scales = scales, args.crop = crop;
    return args;
  };
  for (const bool floats : {false, true})
    for (const int channels : {1, 3, 4}) {
      const Picture a = randomPicture(45, 21, channels, 5, floats), b = randomPicture(45, 21, channels, 6, floats);
      for (const Window border : {Window::Valid, Window::Same, Window::Replicate}) compare(a, b, with(Weights::Uniform7, border, false, 1, 1));
      compare(a, b, with(Weights::Gauss11, Window::Replicate, false, 1, 0));
      compare(a, b, with(Weights::Gauss11, Window::Replicate, true, 1, 2));
      compare(a, b, with(Weights::Gauss11, Window::Replicate, false, 5, 0));
    }
  CompareArgs scales = with(Weights::Gauss11, Window::Valid, false, 5, 1);
  scales.colour = Colour::GrayRounded, scales.clampContrast = true;
  compare(randomPicture(163, 180, 3, 1, false), randomPicture(163, 180, 3, 2, false), scales);
  CompareArgs levels = with(Weights::Gauss11, Window::Valid, false, 1, 0);
  levels.colour = Colour::YFullRounded, levels.referenceLevels = 255, levels.imageLevels = 65535;
  const auto grid = [](int count, uint32_t seed) {
    Random random(seed);
    return floatPicture(40, 30, 3, [&](int, int, int) { return float(random.below(count + 1)) / float(count); });
  };
  compare(grid(255, 1), grid(65535, 2), levels);
}

TEST_CASE("cuda: NIQE's features, textured, flat and balanced blocks") {
  if (!present()) return;
  const auto compare = [](const Picture& p, Colour colour, int crop) {
    CAPTURE(p.width);
    CAPTURE(p.height);
    CAPTURE(int(colour));
    NiqeArgs args;
    args.image = p.view();
    args.colour = colour;
    args.crop = crop;
    std::vector<double> cuda(size_t(args.columns() * args.rows()) * kNiqeFeatures, -9.0), cpu(cuda);
    args.features = {cuda.data(), cuda.size()};
    check(args);
    runOnDevice(args);
    args.features.data = cpu.data();
    for (const Variant v : variants()) {
      run(args, {v, 2, nullptr});
      for (size_t i = 0; i < cpu.size(); ++i) {
        CAPTURE(i);
        CHECK(std::isnan(cuda[i]) == std::isnan(cpu[i]));
        if (!std::isnan(cpu[i])) CHECK(std::fabs(cuda[i] - cpu[i]) <= 1e-12);  // alpha lies on a grid of 0.001: equal
      }
    }
  };
  compare(randomPicture(96, 96, 1, 1, false), Colour::YStudioRounded, 0);
  compare(randomPicture(205, 110, 3, 2, true), Colour::YStudioRounded, 4);
  compare(randomPicture(100, 200, 3, 3, false), Colour::GrayRounded, 1);
  compare(bytePicture(192, 192, 3, [](int, int x, int y) { return x < 96   ? 77
                                                                  : y < 96 ? (x / 5 * 17 + y) % 256
                                                                           : 128 + (x + y) % 2; }),
          Colour::Gray601Rounded, 0);
  compare(bytePicture(96, 96, 1, [](int, int x, int y) { return (x * 2 + y) % 256; }), Colour::YFullRounded,
          0);  // a ramp: windows whose differences balance
}

TEST_CASE("cuda: a chain of kernels on device buffers equals the chain on the CPU") {
  if (!present()) return;
  const Picture p = randomPicture(128, 96, 3, 14, true);
  Stream stream;
  DeviceMemory source(p.view().bytes()), blurred(source.bytes()), small(source.bytes() / 4), noisy(small.bytes());
  source.upload(p.view().data, source.bytes(), stream.get());
  stream.synchronize();
  const std::set<const void*> resident = {source.data(), blurred.data(), small.data(), noisy.data()};
  const auto raster = [](const DeviceMemory& m, int width, int height) { return Raster{m.data(), Pixel::F32, width, height, 3}; };
  const auto view = [](const DeviceMemory& m, int width, int height) { return ConstRaster{m.data(), Pixel::F32, width, height, 3}; };
  GaussianBlurArgs blur;
  blur.sigma = 1.5;
  ResampleArgs down;
  down.scaleX = down.scaleY = 0.5;
  AddNoiseArgs noise;
  noise.sigma = 0.1;
  noise.seed = 4;
  blur.src = view(source, 128, 96);
  blur.dst = raster(blurred, 128, 96);
  runOnDevice(blur, resident);
  down.src = view(blurred, 128, 96);
  down.dst = raster(small, 64, 48);
  runOnDevice(down, resident);
  noise.src = view(small, 64, 48);
  noise.dst = raster(noisy, 64, 48);
  runOnDevice(noise, resident);
  Picture cuda = p.blank(64, 48);
  noisy.download(cuda.raster().data, noisy.bytes(), stream.get());
  stream.synchronize();

  blur.src = p.view();
  const Picture first = onCpu(blur, p.blank(128, 96), bestVariant());
  down.src = first.view();
  const Picture second = onCpu(down, p.blank(64, 48), bestVariant());
  noise.src = second.view();
  const Picture third = onCpu(noise, p.blank(64, 48), bestVariant());
  if (sameNormals(bestVariant())) CHECK(sameBits(cuda, third));
  double worst = 0;
  for (size_t i = 0; i < cuda.floats.size(); ++i) worst = std::max(worst, std::fabs(double(cuda.floats[i]) - double(third.floats[i])));
  CHECK(worst <= 1e-5);

  double host[9];  // a mixture of both kinds of memory
  CompareArgs compare;
  compare.reference = third.view();
  compare.image = view(noisy, 64, 48);
  compare.results = {host, 9};
  runOnDevice(compare, resident);
  for (int c = 0; c < 3; ++c) CHECK(host[c] <= 1e-6);
}
