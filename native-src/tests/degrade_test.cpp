// Blur and reduction in one pass against the two exact steps one after the other: every pair of borders, all small sizes, every variant.
#include "ir/degrade.h"

#include "reference.h"
#include "refusals.h"

using namespace ir;
using namespace ir::test;

namespace {

constexpr Border kBorders[] = {Border::Reflect101, Border::Symmetric, Border::Replicate};

struct Settings {
  double sigma = 1, scaleX = 0.5, scaleY = 0.5;
  int size = 0;
  Filter filter = Filter::Cubic;
  bool antialias = true;
  Border blurBorder = Border::Reflect101, resampleBorder = Border::Symmetric;
};

DegradeArgs arguments(const ConstRaster& src, const Raster& dst, const Settings& s) {
  DegradeArgs a;
  a.src = src;
  a.dst = dst;
  a.sigma = s.sigma;
  a.size = s.size;
  a.scaleX = s.scaleX;
  a.scaleY = s.scaleY;
  a.filter = s.filter;
  a.antialias = s.antialias;
  a.blurBorder = s.blurBorder;
  a.resampleBorder = s.resampleBorder;
  check(a);
  return a;
}

Picture degrade(const Picture& p, int width, int height, const Settings& s, const Exec& exec) {
  Picture out = p.blank(width, height);
  run(arguments(p.view(), out.raster(), s), exec);
  return out;
}

/// Values from the two steps, magnitudes from the composed weights. Every thread count to the bit.
void checkDegrade(const Picture& p, const Settings& s, const std::vector<int>& threads = {3}) {
  CAPTURE(p.width);
  CAPTURE(p.height);
  CAPTURE(p.channels);
  CAPTURE(p.floats.empty());
  CAPTURE(s.sigma);
  CAPTURE(s.size);
  CAPTURE(s.scaleX);
  CAPTURE(s.scaleY);
  CAPTURE(int(s.filter));
  CAPTURE(s.antialias);
  CAPTURE(int(s.blurBorder));
  CAPTURE(int(s.resampleBorder));
  const int width = scaled(p.width, s.scaleX), height = scaled(p.height, s.scaleY);
  const Matrix x =
      multiply(resampleMatrix(p.width, width, s.scaleX, s.filter, s.antialias, s.resampleBorder), blurMatrix(p.width, s.sigma, s.size, s.blurBorder));
  const Matrix y = multiply(resampleMatrix(p.height, height, s.scaleY, s.filter, s.antialias, s.resampleBorder),
                            blurMatrix(p.height, s.sigma, s.size, s.blurBorder));
  const Filtered expected = filter(p, x, y);
  for (const Variant v : variants()) {
    CAPTURE(std::string(variantName(v)));
    const Picture one = degrade(p, width, height, s, {v, 1, nullptr});
    CHECK(excess(one, expected, x.taps + y.taps + 4) <= 1);
    for (const int t : threads) CHECK(degrade(p, width, height, s, {v, t, nullptr}) == one);
  }
}

}  // namespace

TEST_CASE("degrade: every small size, pair of borders, channel count and sample type") {
  const double sigmas[] = {0.1, 0.6, 1, 2.2, 6}, scales[] = {0.25, 1.0 / 3, 0.5, 0.8, 1, 2};
  const Filter filters[] = {Filter::Cubic, Filter::Linear, Filter::Box, Filter::Lanczos3};
  uint32_t n = 0;
  for (int height = 1; height <= 12; ++height)
    for (int width = 1; width <= 12; ++width)
      for (const Border blurBorder : kBorders)
        for (const Border resampleBorder : kBorders) {
          const Settings s{sigmas[n % 5],      scales[n / 3 % 6], scales[n / 7 % 6], n % 11 == 0 ? 3 : 0,
                           filters[n / 2 % 4], n % 6 != 0,        blurBorder,        resampleBorder};
          checkDegrade(randomPicture(width, height, 1 + int(n % 4), n, n / 9 % 2 == 1), s);
          ++n;
        }
}

TEST_CASE("degrade: larger odd sizes, every thread count to the bit") {
  const std::vector<int> threads{2, 3, 7};
  for (const bool floats : {false, true})
    for (const Border blurBorder : kBorders) {
      checkDegrade(randomPicture(97, 61, 3, 1, floats), {2, 0.25, 0.25, 0, Filter::Cubic, true, blurBorder}, threads);
      checkDegrade(randomPicture(67, 131, 1, 2, floats), {1.3, 0.5, 0.3, 0, Filter::Lanczos3, true, blurBorder, Border::Reflect101}, threads);
      checkDegrade(randomPicture(5, 7, 2, 3, floats), {20, 0.5, 0.5, 121, Filter::Cubic, true, blurBorder, Border::Replicate}, threads);
    }
}

TEST_CASE("degrade: the bound holds where sums cancel") {
  for (const double sigma : {0.5, 1.0, 4.0})
    for (const double scale : {0.25, 0.5}) {
      checkDegrade(floatPicture(44, 36, 1, [](int, int x, int y) { return (x + y) % 2 ? 1.0 : -1.0; }), {sigma, scale, scale});
      checkDegrade(floatPicture(44, 36, 1, [](int, int x, int y) { return 4096 + (x / 3 + y) % 2; }), {sigma, scale, scale});
    }
}

TEST_CASE("degrade: flat bytes stay as they are") {
  for (const double sigma : {0.5, 2.0, 20.0})
    for (const double scale : {0.25, 0.5, 0.7})
      for (const int level : {0, 1, 128, 255}) {
        const auto flat = [level](int, int, int) { return level; };
        for (const Variant v : variants())
          CHECK(degrade(bytePicture(29, 31, 3, flat), scaled(29, scale), scaled(31, scale), {sigma, scale, scale}, {v, 2, nullptr}) ==
                bytePicture(scaled(29, scale), scaled(31, scale), 3, flat));
      }
}

TEST_CASE("degrade: refusals say what was expected") {
  const Picture p = randomPicture(8, 6, 3, 1, false);
  const auto with = [&](const Settings& s) {
    Picture out = p.blank(4, 3);
    return refusal([&] { arguments(p.view(), out.raster(), s); });
  };
  CHECK(with({}) == kAccepted);
  CHECK(with({0.01}) == Refusal{"IR_E_ARGUMENT", "expected sigma in 0.1..50 pixels, got 0.010000"});
  CHECK(with({1, 0.5, 0.5, 2}) == Refusal{"IR_E_ARGUMENT", "expected size to be 0 (by sigma) or an odd number of taps, got 2"});
  CHECK(with({1, 0, 0.5}) == Refusal{"IR_E_ARGUMENT", "expected scales in 1/4096..4096, got 0.000000"});
  CHECK(with({1, 0.5, 0.5, 0, Filter::CubicOpenCv}) ==
        Refusal{"IR_E_UNSUPPORTED", "expected a filter other than cubic-opencv; run gaussianBlur, then resample"});
  Picture grey = randomPicture(4, 3, 1, 1, false);
  CHECK(refusal([&] { arguments(p.view(), grey.raster(), {}); }).code == "IR_E_SHAPE");
}
