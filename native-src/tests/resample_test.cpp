// Resampling against dense double-precision matrices: all small sizes, filters, borders, scales, both sample types, every variant.
#include "ir/resample.h"

#include "kernels/taps.h"
#include "reference.h"
#include "refusals.h"

using namespace ir;
using namespace ir::test;

namespace {

constexpr Filter kFilters[] = {Filter::Cubic, Filter::Linear, Filter::Box, Filter::Lanczos3, Filter::CubicOpenCv};
constexpr Border kBorders[] = {Border::Reflect101, Border::Symmetric, Border::Replicate};

struct Settings {
  double scaleX = 1, scaleY = 1;
  Filter filter = Filter::Cubic;
  bool antialias = true;
  Border border = Border::Symmetric;
};

ResampleArgs arguments(const ConstRaster& src, const Raster& dst, const Settings& s) {
  ResampleArgs a;
  a.src = src;
  a.dst = dst;
  a.scaleX = s.scaleX;
  a.scaleY = s.scaleY;
  a.filter = s.filter;
  a.antialias = s.antialias;
  a.border = s.border;
  check(a);
  return a;
}

Picture resample(const Picture& p, int width, int height, const Settings& s, const Exec& exec) {
  Picture out = p.blank(width, height);
  run(arguments(p.view(), out.raster(), s), exec);
  return out;
}

/// Every variant within (taps_x + taps_y + 4) eps of the exact sum, every thread count to the bit.
void checkResample(const Picture& p, int width, int height, const Settings& s, const std::vector<int>& threads = {3}) {
  CAPTURE(p.width);
  CAPTURE(p.height);
  CAPTURE(p.channels);
  CAPTURE(p.floats.empty());
  CAPTURE(width);
  CAPTURE(height);
  CAPTURE(s.scaleX);
  CAPTURE(s.scaleY);
  CAPTURE(int(s.filter));
  CAPTURE(s.antialias);
  CAPTURE(int(s.border));
  const Matrix x = resampleMatrix(p.width, width, s.scaleX, s.filter, s.antialias, s.border);
  const Matrix y = resampleMatrix(p.height, height, s.scaleY, s.filter, s.antialias, s.border);
  const Filtered expected = filter(p, x, y);
  for (const Variant v : variants()) {
    CAPTURE(std::string(variantName(v)));
    const Picture one = resample(p, width, height, s, {v, 1, nullptr});
    CHECK(excess(one, expected, x.taps + y.taps + 4) <= 1);
    for (const int t : threads) CHECK(resample(p, width, height, s, {v, t, nullptr}) == one);
  }
}

}  // namespace

TEST_CASE("resample: every small size, filter, border, channel count and sample type") {
  const double scales[] = {0.25, 0.3, 0.5, 0.75, 1, 1.37, 2, 3};
  uint32_t n = 0;
  for (int height = 1; height <= 12; ++height)
    for (int width = 1; width <= 12; ++width)
      for (const Filter filter : kFilters)
        for (const bool floats : {false, true}) {
          // strides without common factors: over the loop every border meets every scale, filter and size
          const Border border = filter == Filter::CubicOpenCv ? Border::Replicate : kBorders[n % 3];
          const Settings s{scales[n % 8], scales[n / 3 % 8], filter, n % 5 != 0, border};
          checkResample(randomPicture(width, height, 1 + int(n / 2 % 4), n, floats), scaled(width, s.scaleX), scaled(height, s.scaleY), s);
          ++n;
        }
}

TEST_CASE("resample: every filter, border and antialiasing at equal scales, where columns go first, and at unequal ones") {
  for (const Filter filter : kFilters)
    for (const Border border : kBorders)
      for (const bool antialias : {false, true})
        for (const auto& [sx, sy] : {std::pair<double, double>{0.5, 0.5}, {0.25, 0.7}, {0.7, 0.25}, {2, 2}, {1.5, 0.4}, {0.4, 1.5}}) {
          if (filter == Filter::CubicOpenCv && border == Border::Reflect101) continue;
          const Settings s{sx, sy, filter, antialias, border};
          checkResample(randomPicture(11, 9, 2, 77, antialias), scaled(11, sx), scaled(9, sy), s);
        }
}

TEST_CASE("resample: larger odd sizes, any output size, every thread count to the bit") {
  const std::vector<int> threads{2, 3, 7};
  for (const bool floats : {false, true}) {
    checkResample(randomPicture(97, 61, 3, 1, floats), 49, 31, {0.5, 0.5}, threads);
    checkResample(randomPicture(33, 129, 3, 2, floats), 9, 33, {0.25, 0.25}, threads);
    checkResample(randomPicture(131, 35, 1, 3, floats), 40, 70, {0.3, 2}, threads);
    checkResample(randomPicture(35, 67, 4, 4, floats), 70, 20, {2, 0.3, Filter::Lanczos3}, threads);
    checkResample(randomPicture(41, 19, 1, 5, floats), 123, 57, {3, 3, Filter::Linear}, threads);
    // outputs beyond the picture's end continue over the border, and fewer than it would fill are a part
    checkResample(randomPicture(7, 5, 1, 6, floats), 60, 50, {2, 2, Filter::Cubic, true, Border::Reflect101}, threads);
    checkResample(randomPicture(50, 40, 1, 7, floats), 3, 2, {0.5, 0.5}, threads);
    // kernels far larger than the picture
    checkResample(randomPicture(3, 4, 2, 8, floats), 2, 2, {0.01, 0.02, Filter::Cubic}, threads);
  }
}

TEST_CASE("resample: the bound holds where sums cancel") {
  const auto pattern = [](int, int x, int y) { return (x / 2 + y) % 2 ? 1.0 : -1.0; };
  for (const Filter filter : kFilters)
    for (const double scale : {0.25, 0.5, 0.8, 2.0}) {
      const Settings s{scale, scale, filter, true, filter == Filter::CubicOpenCv ? Border::Replicate : Border::Symmetric};
      checkResample(floatPicture(44, 36, 1, pattern), scaled(44, scale), scaled(36, scale), s);
      checkResample(floatPicture(44, 36, 1, [&](int c, int x, int y) { return 4096 + pattern(c, x, y); }), scaled(44, scale), scaled(36, scale), s);
    }
}

TEST_CASE("resample: flat bytes stay as they are, and overshoot is clipped") {
  for (const Filter filter : kFilters)
    for (const double scale : {0.25, 0.37, 0.5, 1.0, 1.7, 3.0}) {
      const Settings s{scale, scale, filter, true, Border::Replicate};
      for (const int level : {0, 1, 128, 254, 255}) {
        const auto flat = [level](int, int, int) { return level; };
        for (const Variant v : variants())
          CHECK(resample(bytePicture(23, 17, 3, flat), scaled(23, scale), scaled(17, scale), s, {v, 2, nullptr}) ==
                bytePicture(scaled(23, scale), scaled(17, scale), 3, flat));
      }
      checkResample(bytePicture(24, 18, 1, [](int, int x, int y) { return (x / 5 + y / 4) % 2 * 255; }), scaled(24, scale), scaled(18, scale), s);
    }
}

TEST_CASE("resample: halves of bytes are rounded up exactly") {
  const Picture p = randomPicture(38, 26, 3, 12, false);
  const Picture expected = bytePicture(19, 13, 3, [&](int c, int x, int y) {
    const auto at = [&](int i, int j) { return int(p.sample(c, 2 * x + i, 2 * y + j)); };
    return (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4;
  });
  for (const Variant v : variants()) CHECK(resample(p, 19, 13, {0.5, 0.5, Filter::Box}, {v, 2, nullptr}) == expected);
}

TEST_CASE("resample: scale 1 is the identity of every interpolating filter") {
  for (const Filter filter : {Filter::Cubic, Filter::Linear, Filter::Box, Filter::CubicOpenCv})
    for (const bool floats : {false, true}) {
      const Picture p = randomPicture(21, 13, 3, 3, floats);
      for (const Variant v : variants()) CHECK(resample(p, 21, 13, {1, 1, filter}, {v, 1, nullptr}) == p);
    }
}

TEST_CASE("resample: MATLAB's weights") {
  // REFERENCE C.2, as printed there
  const auto row = [](int in, int out, double scale, int i) {
    const AxisMap map = resampleAxis(in, out, scale, Filter::Cubic, true, Border::Symmetric);
    const double* w = map.weights.data() + size_t(i) * size_t(map.stride);
    return std::vector<double>(w, w + map.count[size_t(i)]);
  };
  const auto mirrored = [](std::vector<double> half) {
    std::vector<double> whole = half;
    whole.insert(whole.end(), half.rbegin(), half.rend());
    return whole;
  };
  const auto equal = [](const std::vector<double>& got, const std::vector<double>& printed, double half) {
    REQUIRE(got.size() == printed.size());
    for (size_t i = 0; i < got.size(); ++i) CHECK(std::fabs(got[i] - printed[i]) <= half);
  };
  equal(row(32, 16, 0.5, 8), mirrored({-0.01171875, -0.03515625, 0.11328125, 0.43359375}), 1e-15);
  equal(row(64, 16, 0.25, 8), mirrored({-0.001709, -0.010986, -0.018311, -0.011963, 0.022705, 0.097412, 0.181885, 0.240967}), 5e-7);
  equal(row(4, 8, 2, 3), {-0.0703125, 0.8671875, 0.2265625, -0.0234375}, 1e-15);
}

TEST_CASE("resample: OpenCV's weights half way between samples") {
  // Keys' kernel at 1.5 and 0.5 with a = -0.75, and no antialiasing at scale 1/2
  const AxisMap map = resampleAxis(16, 8, 0.5, Filter::CubicOpenCv, true, Border::Replicate);
  const double expected[] = {-0.09375, 0.59375, 0.59375, -0.09375};
  REQUIRE(map.count[4] == 4);
  for (int i = 0; i < 4; ++i) CHECK(map.weights[size_t(4 * map.stride + i)] == doctest::Approx(expected[i]).epsilon(1e-15));
}

TEST_CASE("resample: 4x4 to 3x3 as pyiqa's documentation prints it") {
  // REFERENCE C.2 (where the documentation's 6.1505 is a misprint of 6.1501)
  const double printed[] = {0.7506, 2.1004, 3.4503, 6.1501, 7.5000, 8.8499, 11.5497, 12.8996, 14.2494};
  const Picture ramp = floatPicture(4, 4, 1, [](int, int x, int y) { return 4 * y + x; });
  for (const Variant v : variants()) {
    const Picture out = resample(ramp, 3, 3, {0.75, 0.75}, {v, 1, nullptr});
    for (int i = 0; i < 9; ++i) CHECK(std::fabs(double(out.floats[size_t(i)]) - printed[i]) <= 5.1e-5);
  }
}

TEST_CASE("resample: refusals say what was expected") {
  const Picture p = randomPicture(6, 5, 3, 1, false), grey = randomPicture(6, 5, 1, 1, false), floats = randomPicture(6, 5, 3, 1, true);
  const auto into = [&](Picture out, const Settings& s) { return refusal([&] { arguments(p.view(), out.raster(), s); }); };
  CHECK(into(p, {}) == kAccepted);
  CHECK(into(p.blank(9, 1), {1.0 / 4096, 4096}) == kAccepted);
  CHECK(into(grey, {}) == Refusal{"IR_E_SHAPE", "expected dst to have the channels and sample type of src, 6x5x3 uint8, got 6x5x1 uint8"});
  CHECK(into(floats, {}) == Refusal{"IR_E_SHAPE", "expected dst to have the channels and sample type of src, 6x5x3 uint8, got 6x5x3 float32"});
  CHECK(into(p, {0, 1}) == Refusal{"IR_E_ARGUMENT", "expected scales in 1/4096..4096, got 0.000000"});
  CHECK(into(p, {1, 4097}) == Refusal{"IR_E_ARGUMENT", "expected scales in 1/4096..4096, got 4097.000000"});
  for (const double bad : {-1.0, std::nan(""), double(INFINITY)}) CHECK(into(p, {1, bad}).code == "IR_E_ARGUMENT");
  CHECK(into(p, {1, 1, Filter::CubicOpenCv, true, Border::Symmetric}) == kAccepted);  // the default border, which stands for replicate there
  CHECK(into(p, {1, 1, Filter::CubicOpenCv, true, Border::Reflect101}) == Refusal{"IR_E_UNSUPPORTED", "expected border replicate for cubic-opencv"});
  Picture none = p.blank(6, 5);
  none.width = 0;
  CHECK(into(none, {}) == Refusal{"IR_E_SHAPE", "expected dst to have at least one pixel and 1 to 4 channels, got 0x5x3 uint8"});
}
