// PSNR's mean squared error and SSIM against the definition: two-dimensional windows, central moments, long double.
#include "ir/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/luma.h"
#include "pictures.h"

using namespace ir;
using namespace ir::test;

namespace {

constexpr double kSsimBound = 2e-11;  // 16 eps E[x^2 + y^2] / C2 for samples up to 255

struct Settings {
  Colour colour = Colour::Rgb;
  Window border = Window::Valid;
  int crop = 0;
  bool ssim = true, clamp = false;
  Weights window = Weights::Gauss11;
  bool volume = false;
  int scales = 1;
};

std::vector<double> compare(const Picture& a, const Picture& b, const Settings& s, const Exec& exec) {
  CompareArgs args;
  args.reference = a.view();
  args.image = b.view();
  args.colour = s.colour;
  args.border = s.border;
  args.crop = s.crop;
  args.ssim = s.ssim;
  args.clampContrast = s.clamp;
  args.window = s.window;
  args.volume = s.volume;
  args.scales = s.scales;
  std::vector<double> results(size_t(3 * args.planes() * args.scales));
  args.results = {results.data(), results.size()};
  check(args);
  run(args, exec);
  return results;
}

struct Expected {
  long double mse = 0, ssim = 0, contrast = 0;
};

/// `plane(x, y)` of either picture, already cropped.
template <class A, class B>
Expected reference(const A& a, const B& b, int width, int height, const Settings& s) {
  const bool gauss = s.window == Weights::Gauss11;
  const int side = gauss ? 11 : 7, half = side / 2;
  long double tap[11][11], sum = 0;
  for (int i = 0; i < side; ++i)
    for (int j = 0; j < side; ++j) sum += tap[i][j] = gauss ? std::exp(-((long double)((i - 5) * (i - 5) + (j - 5) * (j - 5))) / 4.5L) : 1;
  Expected e;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) e.mse += (a(x, y) - b(x, y)) * (a(x, y) - b(x, y));
  e.mse /= (long double)width * height;
  const int pad = s.border == Window::Valid ? 0 : half;
  const long double moments = gauss ? 1 : 49.0L / 48;
  const auto clamped = [](int i, int n) { return std::min(n - 1, std::max(0, i)); };
  const long double c1 = 2.55L * 2.55L, c2 = 7.65L * 7.65L;
  long count = 0;
  for (int v = -pad; v + side <= height + pad; ++v)
    for (int u = -pad; u + side <= width + pad; ++u) {
      const auto each = [&](auto body) {
        for (int i = 0; i < side; ++i)
          for (int j = 0; j < side; ++j) {
            if (s.border == Window::Replicate) {
              const int x = clamped(u + j, width), y = clamped(v + i, height);
              body(tap[i][j] / sum, a(x, y), b(x, y));
              continue;
            }
            const bool inside = v + i >= 0 && v + i < height && u + j >= 0 && u + j < width;
            body(tap[i][j] / sum, inside ? a(u + j, v + i) : 0, inside ? b(u + j, v + i) : 0);
          }
      };
      long double mx = 0, my = 0, sxx = 0, syy = 0, sxy = 0;
      each([&](long double w, long double p, long double q) { mx += w * p, my += w * q; });
      each([&](long double w, long double p, long double q) {
        sxx += w * (p - mx) * (p - mx), syy += w * (q - my) * (q - my), sxy += w * (p - mx) * (q - my);
      });
      long double cs = (2 * moments * sxy + c2) / (moments * (sxx + syy) + c2);
      if (s.clamp) cs = std::max(cs, 0.0L);
      e.ssim += (2 * mx * my + c1) / (mx * mx + my * my + c1) * cs;
      e.contrast += cs;
      ++count;
    }
  e.ssim /= count;
  e.contrast /= count;
  return e;
}

Expected referencePlane(const Picture& a, const Picture& b, int c, const Settings& s) {
  const PlaneSource p = planeSource(a.view(), s.colour, c), q = planeSource(b.view(), s.colour, c);
  const auto of = [&](const PlaneSource& source) {
    return [&source, &s](int x, int y) { return (long double)planeAt(source, x + s.crop, y + s.crop); };
  };
  return reference(of(p), of(q), a.width - 2 * s.crop, a.height - 2 * s.crop, s);
}

using Plane = std::vector<std::vector<long double>>;

Plane blankPlane(int width, int height) { return Plane(size_t(height), std::vector<long double>(size_t(width), 0)); }

Plane planeOf(const PlaneSource& source, int width, int height, int crop) {
  Plane p = blankPlane(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) p[size_t(y)][size_t(x)] = (long double)planeAt(source, x + crop, y + crop);
  return p;
}

/// Means of 2x2 samples, a zero row or column first where a side is odd.
Plane halved(const Plane& p) {
  const int height = int(p.size()), width = int(p[0].size());
  const auto at = [&](int x, int y) { return x < 0 || y < 0 ? 0 : p[size_t(y)][size_t(x)]; };
  Plane h = blankPlane((width + 1) / 2, (height + 1) / 2);
  for (int y = 0; y < int(h.size()); ++y)
    for (int x = 0; x < int(h[0].size()); ++x) {
      const int u = 2 * x - width % 2, v = 2 * y - height % 2;
      h[size_t(y)][size_t(x)] = (at(u, v) + at(u + 1, v) + at(u, v + 1) + at(u + 1, v + 1)) / 4;
    }
  return h;
}

/// MATLAB's three-dimensional SSIM by its definition: a window around every sample of the array, edges repeated in all three directions.
std::vector<long double> volumeReference(const Picture& a, const Picture& b) {
  const int w = a.width, h = a.height, n = a.channels;
  const auto clamped = [](int i, int size) { return std::min(size - 1, std::max(0, i)); };
  long double tap[11], sum = 0;
  for (int i = 0; i < 11; ++i) sum += tap[i] = std::exp(-(long double)((i - 5) * (i - 5)) / 4.5L);
  const long double c1 = 2.55L * 2.55L, c2 = 7.65L * 7.65L;
  std::vector<long double> means(size_t(n), 0);
  for (int c = 0; c < n; ++c)
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x) {
        const auto each = [&](auto body) {
          for (int k = 0; k < 11; ++k)
            for (int i = 0; i < 11; ++i)
              for (int j = 0; j < 11; ++j) {
                const int u = clamped(x + j - 5, w), v = clamped(y + i - 5, h), d = clamped(c + k - 5, n);
                body(tap[i] * tap[j] * tap[k] / (sum * sum * sum), (long double)a.at(d, u, v), (long double)b.at(d, u, v));
              }
        };
        long double mx = 0, my = 0, sxx = 0, syy = 0, sxy = 0;
        each([&](long double t, long double p, long double q) { mx += t * p, my += t * q; });
        each([&](long double t, long double p, long double q) {
          sxx += t * (p - mx) * (p - mx), syy += t * (q - my) * (q - my), sxy += t * (p - mx) * (q - my);
        });
        means[size_t(c)] += (2 * mx * my + c1) / (mx * mx + my * my + c1) * ((2 * sxy + c2) / (sxx + syy + c2)) / ((long double)w * h);
      }
  return means;
}

/// Every variant within the bound, every thread count to the bit.
void checkPair(const Picture& a, const Picture& b, const Settings& s = {}) {
  CAPTURE(a.width);
  CAPTURE(a.height);
  CAPTURE(int(s.border));
  CAPTURE(int(s.colour));
  const int planes = s.colour == Colour::Rgb ? a.channels : 1;
  std::vector<Expected> expected;
  for (int c = 0; c < planes; ++c) expected.push_back(referencePlane(a, b, c, s));
  for (const Variant v : variants()) {
    CAPTURE(std::string(variantName(v)));
    const std::vector<double> one = compare(a, b, s, {v, 1, nullptr});
    for (int c = 0; c < planes; ++c) {
      CHECK(std::fabs(one[c] - double(expected[c].mse)) <= 1e-13 * double(expected[c].mse));
      CHECK(std::fabs(one[planes + c] - double(expected[c].ssim)) <= kSsimBound);
      CHECK(std::fabs(one[2 * planes + c] - double(expected[c].contrast)) <= kSsimBound);
    }
    CHECK(compare(a, b, s, {v, 2, nullptr}) == one);
    CHECK(compare(a, b, s, {v, 5, nullptr}) == one);
  }
}

Picture noise(int width, int height, int channels, uint32_t seed, bool floats) {
  Random random(seed);
  if (floats) return floatPicture(width, height, channels, [&](int, int, int) { return random.unit(); });
  return bytePicture(width, height, channels, [&](int, int, int) { return random.below(256); });
}

Picture nearly(const Picture& p, int spread, uint32_t seed) {
  Random random(seed);
  Picture q = p;
  for (uint8_t& v : q.bytes) v = uint8_t(std::min(255, std::max(0, v + random.below(2 * spread + 1) - spread)));
  for (float& v : q.floats) v += float((random.unit() - 0.5) * spread / 128);
  return q;
}

}  // namespace

TEST_CASE("compare: every small size, padded windows") {
  for (int height = 1; height <= 14; ++height)
    for (int width = 1; width <= 14; ++width)
      for (const bool floats : {false, true}) {
        const Picture a = noise(width, height, 1, uint32_t(width * 31 + height), floats);
        checkPair(a, nearly(a, 20, 7), {Colour::Rgb, Window::Same});
      }
}

TEST_CASE("compare: every small size, valid windows") {
  for (int height = 11; height <= 21; ++height)
    for (int width = 11; width <= 21; ++width)
      for (const bool floats : {false, true}) {
        const Picture a = noise(width, height, 1, uint32_t(width * 31 + height), floats);
        checkPair(a, nearly(a, 20, 7));
      }
}

TEST_CASE("compare: around the edges of strips and bands") {
  const int sizes[][2] = {{127, 63}, {128, 64}, {129, 65}, {137, 73}, {138, 74}, {139, 75}, {140, 76}, {149, 129}, {267, 12}, {11, 139}};
  for (const auto& size : sizes)
    for (const Window border : {Window::Valid, Window::Same}) {
      const Picture a = noise(size[0], size[1], 1, 5, size[0] % 2 == 0);
      checkPair(a, nearly(a, 9, 3), {Colour::Rgb, border});
    }
}

TEST_CASE("compare: channels, lumas, crop, clamp") {
  for (const bool floats : {false, true})
    for (int channels = 1; channels <= 4; ++channels) {
      const Picture a = noise(33, 27, channels, 11, floats), b = noise(33, 27, channels, 12, floats);
      checkPair(a, b);
      checkPair(a, nearly(a, 30, 2), {Colour::Rgb, Window::Same, 3, true, true});
      if (channels == 2 || channels == 4) continue;
      for (const Colour c : {Colour::YStudio, Colour::YStudioRounded, Colour::YFullRounded, Colour::GrayRounded, Colour::Gray601Rounded})
        checkPair(a, nearly(a, 30, 2), {c, Window::Valid, 4, true, true});
    }
}

TEST_CASE("compare: equal weights with sample moments") {
  for (int height = 7; height <= 15; height += 2)
    for (int width = 7; width <= 16; ++width) {
      const Picture a = noise(width, height, 1, uint32_t(width + height), width % 2 == 0);
      checkPair(a, nearly(a, 20, 7), {Colour::Rgb, Window::Valid, 0, true, false, Weights::Uniform7});
    }
  for (const Window border : {Window::Valid, Window::Same, Window::Replicate}) {
    const Picture a = noise(139, 75, 3, 5, false);
    checkPair(a, nearly(a, 40, 3), {Colour::Rgb, border, 3, true, true, Weights::Uniform7});
  }
}

TEST_CASE("compare: edges repeated") {
  for (int height = 1; height <= 13; height += 2)
    for (int width = 1; width <= 14; width += 3) {
      const Picture a = noise(width, height, 1, uint32_t(width * 31 + height), height % 3 == 0);
      checkPair(a, nearly(a, 20, 7), {Colour::Rgb, Window::Replicate});
    }
  const Picture a = noise(139, 75, 1, 5, false);
  checkPair(a, nearly(a, 9, 3), {Colour::Rgb, Window::Replicate});
}

TEST_CASE("compare: channels as a third dimension") {
  const int sizes[][2] = {{1, 1}, {5, 3}, {14, 12}, {135, 6}, {4, 67}};
  for (const auto& size : sizes)
    for (int channels = 1; channels <= 4; ++channels) {
      const Picture a = noise(size[0], size[1], channels, uint32_t(channels), channels % 2 == 0), b = nearly(a, 60, 3);
      const std::vector<long double> expected = volumeReference(a, b);
      for (const Variant v : variants()) {
        const std::vector<double> got = compare(a, b, {Colour::Rgb, Window::Replicate, 0, true, false, Weights::Gauss11, true}, {v, 1, nullptr});
        for (int c = 0; c < channels; ++c) {
          CHECK(std::fabs(got[size_t(channels + c)] - double(expected[size_t(c)])) <= kSsimBound);
          CHECK(std::fabs(got[size_t(c)] - double(referencePlane(a, b, c, {Colour::Rgb, Window::Same}).mse)) <= 1e-13 * got[size_t(c)]);
        }
        CHECK(compare(a, b, {Colour::Rgb, Window::Replicate, 0, true, false, Weights::Gauss11, true}, {v, 3, nullptr}) == got);
      }
    }
}

TEST_CASE("compare: scale by scale") {
  const int sizes[][2] = {{161, 161}, {176, 163}, {165, 200}, {300, 170}};
  for (const auto& size : sizes)
    for (const Colour colour : {Colour::GrayRounded, Colour::Rgb}) {
      const int crop = 2, width = size[0], height = size[1], planes = colour == Colour::Rgb ? 3 : 1;
      const Picture a = noise(width + 2 * crop, height + 2 * crop, 3, 5, false), b = nearly(a, 200, 3);
      const Settings s{colour, Window::Valid, crop, true, true, Weights::Gauss11, false, 5};
      for (const Variant v : variants()) {
        const std::vector<double> got = compare(a, b, s, {v, 1, nullptr});
        CHECK(compare(a, b, s, {v, 3, nullptr}) == got);
        for (int c = 0; c < planes; ++c) {
          Plane p = planeOf(planeSource(a.view(), colour, c), width, height, crop),
                q = planeOf(planeSource(b.view(), colour, c), width, height, crop);
          for (int scale = 0; scale < 5; ++scale) {
            const auto of = [](const Plane& plane) { return [&plane](int x, int y) { return plane[size_t(y)][size_t(x)]; }; };
            if (scale > 1 || v == Variant::Base) {
              const Expected e = reference(of(p), of(q), int(p[0].size()), int(p.size()), s);
              const double* r = got.data() + scale * 3 * planes + c;
              CHECK(std::fabs(r[0] - double(e.mse)) <= 1e-12 * double(e.mse));
              CHECK(std::fabs(r[planes] - double(e.ssim)) <= kSsimBound);
              CHECK(std::fabs(r[2 * planes] - double(e.contrast)) <= kSsimBound);
            }
            p = halved(p), q = halved(q);
          }
        }
      }
    }
}

TEST_CASE("compare: floats of a known depth count as the whole numbers they stand for") {
  for (const int levels : {255, 65535}) {
    Picture bytes[2], floats[2];
    for (const int k : {0, 1}) {
      Random same(uint32_t(9 + k));
      bytes[k] = bytePicture(61, 40, 3, [&](int, int, int) { return same.below(256); });
      floats[k] = floatPicture(61, 40, 3, [&](int c, int x, int y) {
        return float(bytes[k].bytes[(size_t(y) * 61 + size_t(x)) * 3 + size_t(c)] * (levels / 255)) / float(levels);
      });
    }
    for (int colour = 0; colour <= int(Colour::Gray601Rounded); ++colour)
      for (const Variant v : variants()) {
        CompareArgs args;
        args.reference = floats[0].view();
        args.image = floats[1].view();
        args.colour = Colour(colour);
        args.referenceLevels = args.imageLevels = levels;
        std::vector<double> got(size_t(3 * args.planes()));
        args.results = {got.data(), got.size()};
        check(args);
        run(args, {v, 2, nullptr});
        CHECK(got == compare(bytes[0], bytes[1], {Colour(colour)}, {v, 2, nullptr}));
      }
  }
}

TEST_CASE("compare: where cancellation is worst") {
  const auto pair = [](auto x, auto y) {
    checkPair(bytePicture(40, 30, 1, x), bytePicture(40, 30, 1, y));
    checkPair(bytePicture(40, 30, 1, x), bytePicture(40, 30, 1, y), {Colour::Rgb, Window::Same});
  };
  const auto flat = [](int v) { return [v](int, int, int) { return v; }; };
  pair(flat(255), flat(255));
  pair(flat(255), flat(254));
  pair(flat(0), flat(255));
  pair([](int, int x, int y) { return 254 + (x + y) % 2; }, [](int, int x, int y) { return 255 - (x + y) % 2; });
  pair([](int, int x, int) { return x / 15 % 2 ? 255 : 0; }, [](int, int x, int) { return x / 15 % 2 ? 254 : 1; });
  pair([](int, int x, int) { return 6 * x; }, [](int, int, int y) { return 8 * y; });
}

TEST_CASE("compare: a picture against itself is exactly 1, and 0") {
  for (const bool floats : {false, true})
    for (const Window border : {Window::Valid, Window::Same}) {
      const Picture a = noise(150, 77, 3, 21, floats);
      for (const Variant v : variants())
        CHECK(compare(a, a, {Colour::Rgb, border}, {v, 2, nullptr}) == std::vector<double>{0, 0, 0, 1, 1, 1, 1, 1, 1});
    }
}

TEST_CASE("compare: the squared error of bytes is the exact integer over the pixels") {
  const Picture a = noise(1030, 131, 3, 1, false), b = noise(1030, 131, 3, 2, false);
  for (const bool ssim : {false, true})
    for (const Variant v : variants()) {
      const std::vector<double> got = compare(a, b, {Colour::Rgb, Window::Valid, 0, ssim}, {v, 2, nullptr});
      for (int c = 0; c < 3; ++c) {
        int64_t sum = 0;
        for (size_t i = size_t(c); i < a.bytes.size(); i += 3) sum += (a.bytes[i] - b.bytes[i]) * (a.bytes[i] - b.bytes[i]);
        CHECK(got[c] == double(sum) / (1030.0 * 131));
        CHECK(std::isnan(got[3 + c]) == !ssim);
        CHECK(std::isnan(got[6 + c]) == !ssim);
      }
    }
}

TEST_CASE("compare: without SSIM any size is enough") {
  for (int height = 1; height <= 3; ++height)
    for (int width = 1; width <= 40; ++width) {
      const Picture a = noise(width, height, 3, 3, false), b = noise(width, height, 3, 4, false);
      for (const Variant v : variants()) {
        const std::vector<double> got = compare(a, b, {Colour::YStudio, Window::Valid, 0, false}, {v, 1, nullptr});
        CHECK(std::fabs(got[0] - double(referencePlane(a, b, 0, {Colour::YStudio, Window::Same}).mse)) <= 1e-13 * got[0]);
      }
    }
}

TEST_CASE("compare: scikit-image's numbers on a generated picture") {
  // scikit-image 0.26.0 (numpy 2.4.6), 2026-11-24: structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
  // data_range=255) per channel, which is the mean over valid windows, and the mean squared error in float64.
  const double mse[] = {134.01497395833334, 133.26106770833334, 137.62158203125}, ssim[] = {0.7771967203844169, 0.7857405501781044, 0.79060226082859};
  uint32_t state = 2026;
  Picture a{96, 64, 3, {}, {}}, b = a;
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 96; ++x)
      for (int c = 0; c < 3; ++c) {
        state = state * 1664525u + 1013904223u;
        const int ramp = (x * (3 + c) + y * 5) % 256, v = (x / 16 + y / 16 + c) % 2 ? 255 - ramp : ramp / 2;
        a.bytes.push_back(uint8_t(v));
        b.bytes.push_back(uint8_t(std::min(255, std::max(0, v + int((state >> 8) % 41) - 20))));
      }
  for (const Variant v : variants()) {
    const std::vector<double> got = compare(a, b, {}, {v, 2, nullptr});
    for (int c = 0; c < 3; ++c) {
      CHECK(std::fabs(got[c] - mse[c]) <= 1e-12 * mse[c]);
      CHECK(std::fabs(got[3 + c] - ssim[c]) <= 1e-12);
    }
  }
}

TEST_CASE("compare: not-finite samples never give a plausible number") {
  const int width = 140, height = 70;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()})
    for (const size_t at : {size_t(0), size_t(width - 1), size_t(width) * height / 2 + 131, size_t(width) * height - 1})
      for (const bool first : {true, false})
        for (const Settings s : {Settings{}, Settings{Colour::Rgb, Window::Same, 0, true, true}, Settings{Colour::YStudioRounded}}) {
          Picture a = noise(width, height, 3, 8, true), b = nearly(a, 5, 9);
          (first ? a : b).floats[at] = bad;
          for (const Variant v : variants()) {
            const std::vector<double> got = compare(a, b, s, {v, 2, nullptr});
            const size_t planes = got.size() / 3;
            for (size_t k = 0; k < 3; ++k) CHECK_FALSE(std::isfinite(got[k * planes]));
          }
        }
}

TEST_CASE("compare: luma rows are planeAt to the bit, and exact rationals but for ties") {
  Random random(77);
  for (const bool floats : {false, true})
    for (int channels = 1; channels <= 4; ++channels)
      for (int width : {1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 70}) {
        const Picture p = noise(width, 3, channels, uint32_t(width), floats);
        for (int colour = 0; colour <= int(Colour::Gray601Rounded); ++colour) {
          if (colour != 0 && channels % 2 == 0) continue;
          const PlaneSource s = planeSource(p.view(), Colour(colour), colour == 0 ? channels - 1 : 0);
          const int x = random.below(width), y = random.below(3), n = width - x;
          for (const Variant v : variants()) {
            std::vector<double> row(size_t(n), -1.0);
            planeSamplesFor(v)(s, x, y, n, row.data());
            for (int i = 0; i < n; ++i) CHECK(row[size_t(i)] == planeAt(s, x + i, y));
          }
        }
      }
  const int weights[2][4] = {{65481, 128553, 24966, 255000}, {299, 587, 114, 1000}};
  for (const int which : {0, 1}) {
    const int* w = weights[which];
    long wrong = 0;
    for (int r = 0; r < 256; r += 3)
      for (int g = 0; g < 256; ++g) {
        const Picture p = bytePicture(256, 1, 3, [&](int c, int x, int) { return c == 0 ? r : c == 1 ? g : x; });
        double row[256];
        planeSamplesFor(bestVariant())(planeSource(p.view(), which ? Colour::YFullRounded : Colour::YStudioRounded, 0), 0, 0, 256, row);
        for (int b = 0; b < 256; ++b) {
          const long sum = long(w[0]) * r + long(w[1]) * g + long(w[2]) * b, rest = sum % w[3];
          const double up = double((2 * sum + w[3]) / (2 * w[3]) + (which ? 0 : 16));
          wrong += 2 * rest == w[3] ? (row[b] != up && row[b] != up - 1) : row[b] != up;
        }
      }
    CHECK(wrong == 0);
  }
}

TEST_CASE("compare: refusals say what was expected") {
  const Picture a = noise(20, 10, 3, 1, false), narrow = noise(19, 10, 3, 1, false), floats = noise(20, 10, 3, 1, true),
                two = noise(20, 20, 2, 1, false);
  const auto code = [](const Picture& p, const Picture& q, const Settings& s) {
    try {
      compare(p, q, s, {});
    } catch (const Error& e) {
      CHECK(std::string(e.what()).find("expected") == 0);
      return e.code();
    }
    return Code::Internal;
  };
  CHECK(code(a, a, {}) == Code::Shape);                              // ten rows: no valid window
  CHECK(code(a, a, {Colour::Rgb, Window::Same, 5}) == Code::Shape);  // nothing left
  CHECK(code(a, a, {Colour::Rgb, Window::Same, -1}) == Code::Shape);
  CHECK(code(a, a, {Colour::Rgb, Window::Same, INT32_MAX}) == Code::Shape);
  CHECK(code(a, narrow, {Colour::Rgb, Window::Same}) == Code::Shape);
  CHECK(code(a, floats, {Colour::Rgb, Window::Same}) == Code::Shape);
  CHECK(code(two, two, {Colour::YStudio}) == Code::Shape);
  const Picture large = noise(160, 161, 1, 1, false);
  CHECK(code(large, large, {Colour::Rgb, Window::Valid, 0, true, true, Weights::Gauss11, false, 5}) ==
        Code::Shape);  // ten columns at the fifth scale
  CHECK(code(a, a, {Colour::Rgb, Window::Same, 0, true, true, Weights::Gauss11, false, 6}) == Code::Argument);
  CHECK(code(a, a, {Colour::Rgb, Window::Same, 0, true, true, Weights::Gauss11, true}) == Code::Argument);
  CHECK(code(a, a, {Colour::Rgb, Window::Valid, 2, true, true, Weights::Uniform7}) == Code::Shape);  // six rows
  CHECK(code(a, a, {Colour::Rgb, Window::Same}) == Code::Internal);                                  // and this one runs
}
