// Gaussian blur against dense double-precision matrices: all small sizes, every border, both sample types, every variant.
#include "ir/gaussian_blur.h"

#include <array>
#include <limits>

#include "kernels/taps.h"
#include "reference.h"
#include "refusals.h"

using namespace ir;
using namespace ir::test;

namespace {

constexpr Border kBorders[] = {Border::Reflect101, Border::Symmetric, Border::Replicate};

struct Settings {
  double sigma = 1;
  int size = 0;
  Border border = Border::Reflect101;
};

GaussianBlurArgs arguments(const ConstRaster& src, const Raster& dst, const Settings& s) {
  GaussianBlurArgs a;
  a.src = src;
  a.dst = dst;
  a.sigma = s.sigma;
  a.size = s.size;
  a.border = s.border;
  check(a);
  return a;
}

Picture blur(const Picture& p, const Settings& s, const Exec& exec) {
  Picture out = p.blank(p.width, p.height);
  run(arguments(p.view(), out.raster(), s), exec);
  return out;
}

/// Every variant within (2 size + 4) eps of the exact sum; every thread count, and in place, to the bit.
void checkBlur(const Picture& p, const Settings& s, const std::vector<int>& threads = {3}) {
  CAPTURE(p.width);
  CAPTURE(p.height);
  CAPTURE(p.channels);
  CAPTURE(p.floats.empty());
  CAPTURE(s.sigma);
  CAPTURE(s.size);
  CAPTURE(int(s.border));
  const Matrix x = blurMatrix(p.width, s.sigma, s.size, s.border), y = blurMatrix(p.height, s.sigma, s.size, s.border);
  const Filtered expected = filter(p, x, y);
  for (const Variant v : variants()) {
    CAPTURE(std::string(variantName(v)));
    const Picture one = blur(p, s, {v, 1, nullptr});
    CHECK(excess(one, expected, 2 * x.taps + 4) <= 1);
    for (const int t : threads) CHECK(blur(p, s, {v, t, nullptr}) == one);
    Picture inPlace = p;
    run(arguments(inPlace.view(), inPlace.raster(), s), {v, threads.back(), nullptr});
    CHECK(inPlace == one);
  }
}

}  // namespace

TEST_CASE("blur: every small size, border, channel count and sample type") {
  const Settings kinds[] = {{0.1, 0}, {0.5, 0}, {1, 0}, {2.3, 0}, {1.7, 1}, {0.8, 3}, {4, 9}, {0.6, 41}, {9, 0}};
  uint32_t n = 0;
  for (int height = 1; height <= 12; ++height)
    for (int width = 1; width <= 12; ++width)
      for (const Border border : kBorders)
        for (const bool floats : {false, true}) {
          Settings s = kinds[n % 9];
          s.border = border;
          checkBlur(randomPicture(width, height, 1 + int(n / 9 % 4), n, floats), s);
          ++n;
        }
}

TEST_CASE("blur: every channel count around the widths of vectors") {
  for (const int width : {15, 16, 17, 31, 33, 95, 96, 97, 113})
    for (int channels = 1; channels <= 4; ++channels)
      for (const bool floats : {false, true}) checkBlur(randomPicture(width, 5, channels, uint32_t(width), floats), {1.2, 0, Border(width % 3)});
}

TEST_CASE("blur: across strips, every thread count to the bit") {
  const std::vector<int> threads{2, 3, 7};
  for (const Border border : kBorders) {
    checkBlur(randomPicture(97, 61, 3, 1, false), {2, 0, border}, threads);
    checkBlur(randomPicture(131, 35, 2, 2, true), {5, 0, border}, threads);
    // strips are 480 samples wide and, with the rows that they reach for, 136 high; narrower and higher for large kernels
    for (const int width : {479, 480, 481, 500, 959, 961})
      checkBlur(randomPicture(width, 9, 1, uint32_t(width), width % 2 == 0), {1.5, 0, border}, threads);
    for (const int height : {125, 126, 127, 131, 253})
      checkBlur(randomPicture(2, height, 1, uint32_t(height), height % 2 == 0), {1.5, 0, border}, threads);
    checkBlur(randomPicture(333, 150, 3, 6, false), {1, 0, border}, threads);
    checkBlur(randomPicture(1001, 140, 1, 7, true), {2, 0, border}, threads);
    checkBlur(randomPicture(101, 411, 4, 8, border == Border::Replicate), {8, 0, border}, threads);
    checkBlur(randomPicture(1, 620, 1, 4, true), {40, 301, border}, threads);
    checkBlur(randomPicture(70, 610, 3, 5, false), {50, 0, border}, {3});
  }
}

TEST_CASE("blur: kernels far larger than the picture fold periodically") {
  for (const Border border : kBorders)
    for (const int size : {33, 401, 1201}) {
      checkBlur(randomPicture(5, 3, 1, 9, true), {50, size, border});
      checkBlur(randomPicture(2, 7, 3, 9, false), {50, size, border});
      checkBlur(randomPicture(1, 1, 2, 9, true), {50, size, border});
    }
}

TEST_CASE("blur: the bound holds where sums cancel, and for values of any size") {
  const auto checker = [](double low, double high) { return [low, high](int, int x, int y) { return (x + y) % 2 ? low : high; }; };
  for (const double sigma : {0.5, 1.0, 3.0, 10.0}) {
    checkBlur(floatPicture(41, 23, 1, checker(-1, 1)), {sigma});
    checkBlur(floatPicture(41, 23, 1, checker(1e30, -1e30)), {sigma});
    checkBlur(floatPicture(41, 23, 1, checker(1000, 1001)), {sigma});
    checkBlur(floatPicture(41, 23, 1, checker(0, 1e-37)), {sigma});
    checkBlur(floatPicture(41, 23, 1, [](int, int x, int) { return x == 20 ? 1e6 : -1e-3; }), {sigma});
  }
}

TEST_CASE("blur: bytes where the exact sum is a tie") {
  const double quarter = 1 / std::sqrt(2 * std::log(2.0));  // three taps 1/4, 1/2, 1/4
  REQUIRE(gaussianTaps(quarter, 3)[0] == doctest::Approx(0.25).epsilon(1e-15));
  for (const Border border : kBorders) {
    checkBlur(bytePicture(64, 9, 1, [](int, int x, int) { return x; }), {quarter, 3, border});
    checkBlur(bytePicture(64, 9, 1, [](int, int x, int) { return x % 2 ? 101 : 100; }), {quarter, 3, border});
    checkBlur(bytePicture(40, 40, 3, [](int c, int x, int y) { return 7 * x * y % 256 + 0 * c; }), {quarter, 3, border});
  }
}

TEST_CASE("blur: flat bytes stay as they are") {
  for (const double sigma : {0.1, 0.7, 1.0, 2.0, 7.3, 20.0, 50.0})
    for (const int level : {0, 1, 127, 128, 254, 255}) {
      const Picture flat = bytePicture(37, 21, 1, [&](int, int, int) { return level; });
      for (const Variant v : variants()) CHECK(blur(flat, {sigma}, {v, 2, nullptr}) == flat);
    }
}

TEST_CASE("blur: one tap changes nothing") {
  for (const bool floats : {false, true}) {
    const Picture p = randomPicture(29, 18, 3, 5, floats);
    for (const Variant v : variants()) CHECK(blur(p, {3, 1}, {v, 2, nullptr}) == p);
  }
}

TEST_CASE("blur: a sample that is not a number spoils its own window and nothing else") {
  for (const int size : {1, 5, 9}) {
    const int radius = size / 2, width = 37, height = 40, x0 = 20, y0 = 17;
    Picture p = randomPicture(width, height, 1, 6, true);
    p.floats[size_t(y0) * width + x0] = std::numeric_limits<float>::quiet_NaN();
    for (const Variant v : variants()) {
      const Picture out = blur(p, {2, size}, {v, 2, nullptr});
      int wrong = 0;
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) wrong += std::isnan(out.sample(0, x, y)) != (std::abs(x - x0) <= radius && std::abs(y - y0) <= radius);
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("blur: published taps") {
  // REFERENCE C.1, values of BasicSR's isotropic kernels as printed there
  const auto near = [](double got, double printed, double half) { return std::fabs(got - printed) <= half; };
  const std::vector<double> one = gaussianTaps(1, 7), wide = gaussianTaps(1, 21), three = gaussianTaps(3, 21);
  const double row[] = {0.00176901, 0.02155094, 0.09658463, 0.15924113};
  for (int i = 0; i < 4; ++i) CHECK(near(one[size_t(i)] * one[3], row[i], 5e-9));
  CHECK(near(wide[10] * wide[10], 0.1591549414, 5e-11));
  CHECK(near(three[10] * three[10], 0.0176993772, 5e-11));
  CHECK(near(three[0] * three[0], 2.645e-07, 5e-11));
  // the impulse response is those taps
  const Picture impulse = floatPicture(15, 15, 1, [](int, int x, int y) { return x == 7 && y == 7; });
  for (const Variant v : variants()) {
    const Picture out = blur(impulse, {1}, {v, 1, nullptr});
    for (int i = 0; i < 4; ++i) CHECK(near(out.sample(0, 4 + i, 7), row[i], 2e-8));
    CHECK(out.sample(0, 3, 7) == 0);
  }
}

TEST_CASE("blur: the default size is the smallest odd number of at least 6 sigma + 1 taps") {
  CHECK(gaussianSize(1, 0) == 7);
  CHECK(gaussianSize(1.5, 0) == 11);
  CHECK(gaussianSize(20, 0) == 121);
  CHECK(gaussianSize(20, 21) == 21);
  for (int i = 10; i <= 5000; ++i) {
    const double sigma = i / 100.0;
    if (gaussianSize(sigma, 0) != referenceSize(sigma, 0)) FAIL_CHECK("sigma " << sigma << ": " << gaussianSize(sigma, 0));
  }
}

TEST_CASE("blur: cutting the kernel short narrows it as published") {
  // REFERENCE C.1: effective standard deviation of sigma 20 cut to k taps
  const std::pair<int, double> published[] = {{21, 5.95}, {41, 11.02}, {81, 17.70}, {121, 19.75}, {161, 19.99}};
  for (const auto& [size, deviation] : published) {
    const std::vector<double> taps = gaussianTaps(20, size);
    double variance = 0;
    for (int i = 0; i < size; ++i) variance += taps[size_t(i)] * (i - size / 2) * (i - size / 2);
    CHECK(std::fabs(std::sqrt(variance) - deviation) <= 0.005);
  }
}

TEST_CASE("blur: refusals say what was expected") {
  const Picture p = randomPicture(6, 5, 3, 1, false);
  Picture out = p.blank(6, 5), narrow = p.blank(5, 5), floats = randomPicture(6, 5, 3, 1, true);
  const auto with = [&](double sigma, int size) { return refusal([&] { arguments(p.view(), out.raster(), {sigma, size}); }); };
  CHECK(with(0.1, 0) == kAccepted);
  CHECK(with(50, 100001) == kAccepted);
  CHECK(with(0.05, 0) == Refusal{"IR_E_ARGUMENT", "expected sigma in 0.1..50 pixels, got 0.050000"});
  CHECK(with(50.5, 0).code == "IR_E_ARGUMENT");
  CHECK(with(std::nan(""), 0).code == "IR_E_ARGUMENT");
  CHECK(with(1, 4) == Refusal{"IR_E_ARGUMENT", "expected size to be 0 (by sigma) or an odd number of taps, got 4"});
  CHECK(with(1, -3).code == "IR_E_ARGUMENT");
  CHECK(with(1, 100003).code == "IR_E_ARGUMENT");
  CHECK(refusal([&] { arguments(p.view(), narrow.raster(), {}); }) ==
        Refusal{"IR_E_SHAPE", "expected dst to have the shape of src, 6x5x3 uint8, got 5x5x3 uint8"});
  CHECK(refusal([&] { arguments(p.view(), floats.raster(), {}); }) ==
        Refusal{"IR_E_SHAPE", "expected dst to have the shape of src, 6x5x3 uint8, got 6x5x3 float32"});
  for (const auto& [w, h, c] : {std::array<int, 3>{0, 5, 3}, {6, 0, 3}, {6, 5, 0}, {6, 5, 5}, {-1, 5, 3}, {1 << 30, 1, 4}}) {
    const ConstRaster src{p.bytes.data(), Pixel::U8, w, h, c};
    CHECK(refusal([&] { arguments(src, out.raster(), {}); }).message.find("expected src to have at least one pixel and 1 to 4 channels, got ") == 0);
  }
}
