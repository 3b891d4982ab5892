// Noise against its definition: words to the bit, normals over the whole range of words, their statistics, Poisson counts to the bit.
#include "ir/add_noise.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "philox_reference.h"
#include "reference.h"
#include "refusals.h"

using namespace ir;
using namespace ir::test;

namespace {

constexpr double kNormalUnits = 24;  // the stated error of a normal, in eps

std::vector<float> field(const NoiseKey& key, uint64_t offset, size_t size, const Exec& exec) {
  std::vector<float> n(size, -1e30f);
  NormalFieldArgs a;
  a.dst = {n.data(), n.size()};
  a.seed = key.seed;
  a.stream = key.stream;
  a.step = int(key.step);
  a.offset = offset;
  check(a);
  run(a, exec);
  return n;
}

struct Settings {
  Noise kind = Noise::Gaussian;
  double sigma = 0, peak = 0;
  bool grey = false, clip = true;
  int pictureWidth = 0, pictureHeight = 0, offsetX = 0, offsetY = 0;
  NoiseKey key{0x0123456789ABCDEF, 0xDEADBEEF, 7};
};

AddNoiseArgs arguments(const ConstRaster& src, const Raster& dst, const Settings& s) {
  AddNoiseArgs a;
  a.src = src;
  a.dst = dst;
  a.kind = s.kind;
  a.sigma = s.sigma;
  a.peak = s.peak;
  a.grey = s.grey;
  a.clip = s.clip;
  a.seed = s.key.seed;
  a.stream = s.key.stream;
  a.step = int(s.key.step);
  a.pictureWidth = s.pictureWidth;
  a.pictureHeight = s.pictureHeight;
  a.offsetX = s.offsetX;
  a.offsetY = s.offsetY;
  check(a);
  return a;
}

Picture noisy(const Picture& p, const Settings& s, const Exec& exec) {
  Picture out = p.blank(p.width, p.height);
  run(arguments(p.view(), out.raster(), s), exec);
  return out;
}

uint64_t positionOf(const Picture& p, const Settings& s, int c, int x, int y) {
  const uint64_t w = uint64_t(s.pictureWidth ? s.pictureWidth : p.width), h = uint64_t(s.pictureHeight ? s.pictureHeight : p.height);
  return (uint64_t(s.grey ? 0 : c) * h + uint64_t(y + s.offsetY)) * w + uint64_t(x + s.offsetX);
}

/// Poisson counts as add_noise.h defines them, with the library's exp, log and lgamma.
double poissonAt(double mean, const NoiseKey& key, uint64_t position) {
  const auto uniforms = [&](uint32_t attempt) {
    const Words w = philoxForward({uint32_t(position), uint32_t(position >> 32) + (attempt << 16), key.step, key.stream}, key.seed);
    const auto unit = [](uint32_t a, uint32_t b) { return (double((uint64_t(a >> 5) << 26) + (b >> 6)) + 0.5) * 0x1p-53; };
    return std::pair<double, double>{unit(w[0], w[1]), unit(w[2], w[3])};
  };
  if (mean <= 0) return 0;
  if (mean < 10) {
    double p = std::exp(-mean), sum = p, k = 0;
    for (const double u = uniforms(0).first; u > sum;) p *= mean / ++k, sum += p;
    return k;
  }
  const double b = 0.931 + 2.53 * std::sqrt(mean), a = -0.059 + 0.02483 * b;
  for (uint32_t attempt = 0;; ++attempt) {
    const auto [first, v] = uniforms(attempt);
    const double u = first - 0.5, us = 0.5 - std::fabs(u), k = std::floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (us * us) + b)) <= k * std::log(mean) - mean - std::lgamma(k + 1)) return k;
  }
}

/// The definition, within 24 eps of sigma for the normal and 4 eps of what is added up; counts exactly.
double excessNoise(const Picture& got, const Picture& p, const Settings& s) {
  double worst = 0;
  const double whole = p.floats.empty() ? 255 : 1;
  for (int c = 0; c < p.channels; ++c)
    for (int y = 0; y < p.height; ++y)
      for (int x = 0; x < p.width; ++x) {
        const uint64_t position = positionOf(p, s, c, x, y);
        const double in = p.sample(c, x, y) / whole;
        if (s.kind == Noise::Poisson) {
          double v = poissonAt(std::max(0.0, in) * s.peak, s.key, position) / s.peak;
          if (s.clip || whole == 255) v = std::min(v, 1.0);
          worst = std::max(worst, got.sample(c, x, y) == (whole == 255 ? std::floor(v * 255 + 0.5) : double(float(v))) ? 0.0 : 2.0);
          continue;
        }
        const double n = s.sigma * normalAt(s.key, position), sum = in + n;
        const double v = s.clip || whole == 255 ? std::min(1.0, std::max(0.0, sum)) : sum;
        const double allowed = whole * kEps * (kNormalUnits * s.sigma + 4 * (std::fabs(in) + std::fabs(n))) + (whole == 255 ? 0.5 : 0);
        const double error = std::fabs(got.sample(c, x, y) - whole * v);
        worst = std::max(worst, error == 0 ? 0.0 : error / allowed);
      }
  return worst;
}

/// Every variant within its bound; thread counts, and in place, to the bit.
void checkNoise(const Picture& p, const Settings& s, const std::vector<int>& threads = {3}) {
  CAPTURE(p.width);
  CAPTURE(p.height);
  CAPTURE(p.channels);
  CAPTURE(p.floats.empty());
  CAPTURE(int(s.kind));
  CAPTURE(s.sigma);
  CAPTURE(s.peak);
  CAPTURE(s.grey);
  CAPTURE(s.clip);
  for (const Variant v : variants()) {
    CAPTURE(std::string(variantName(v)));
    const Picture one = noisy(p, s, {v, 1, nullptr});
    CHECK(excessNoise(one, p, s) <= 1);
    for (const int t : threads) CHECK(noisy(p, s, {v, t, nullptr}) == one);
    Picture inPlace = p;
    run(arguments(inPlace.view(), inPlace.raster(), s), {v, threads.back(), nullptr});
    CHECK(inPlace == one);
  }
}

Settings gaussian(double sigma) {
  Settings s;
  s.sigma = sigma;
  return s;
}

Settings poisson(double peak) {
  Settings s;
  s.kind = Noise::Poisson;
  s.peak = peak;
  return s;
}

}  // namespace

TEST_CASE("noise: Philox's known answers") {
  // Random123's kat_vectors, philox4x32 with 10 rounds (the first two also in REFERENCE C.3)
  struct Answer {
    Words counter;
    uint64_t seed;
    Words words;
  };
  const Answer answers[] = {{{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
                            {{~0u, ~0u, ~0u, ~0u}, ~uint64_t{0}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
                            {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (const Answer& a : answers) {
    double words[4] = {};
    PhiloxWordsArgs args;
    args.words = {words, 4};
    args.seed = a.seed;
    args.low = a.counter[0] | uint64_t(a.counter[1]) << 32;
    args.high = a.counter[2] | uint64_t(a.counter[3]) << 32;
    check(args);
    run(args, {});
    for (int i = 0; i < 4; ++i) CHECK(words[i] == double(a.words[size_t(i)]));
    CHECK(philoxForward(a.counter, a.seed) == a.words);
    CHECK(philoxBackward(a.words, a.seed) == a.counter);
  }
}

TEST_CASE("noise: the layout never changes") {
  // Python 3.11.7, integers and math.log/sin/cos/exp/lgamma, written from REFERENCE C.3 and add_noise.h alone, 2026-11-24
  const NoiseKey key{0x0123456789ABCDEF, 0xDEADBEEF, 7};
  const double normals[] = {0.4154744150103957,  1.819356441290208,  -0.8109909544317795, -0.9623879794239526, -0.26676500465182335,
                            -1.0922006292789606, 0.8719251068581083, 0.36230246141324257, 0.1540082619054737};
  for (const Variant v : variants()) {
    const std::vector<float> n = field(key, (uint64_t{1} << 33) + 1, 9, {v, 1, nullptr});
    for (size_t i = 0; i < 9; ++i) CHECK(std::fabs(double(n[i]) - normals[i]) <= kNormalUnits * kEps);
  }
  const std::pair<double, std::vector<float>> counts[] = {{9.5, {8, 5, 6, 8, 7, 9, 7, 8, 4, 9, 10, 7}},
                                                          {10, {8, 5, 6, 8, 7, 10, 7, 9, 13, 9, 11, 6}},
                                                          {40, {36, 47, 33, 36, 34, 39, 34, 38, 46, 38, 41, 33}},
                                                          {255, {245, 228, 237, 245, 241, 253, 240, 250, 269, 250, 258, 238}},
                                                          {10000, {9935, 9834, 9888, 9940, 9913, 9988, 9907, 9968, 10089, 9972, 10018, 9895}}};
  for (const auto& [mean, expected] : counts) {
    Settings s = poisson(1);
    s.clip = false;
    CHECK(noisy(floatPicture(12, 1, 1, [m = mean](int, int, int) { return m; }), s, {}).floats == expected);
  }
}

TEST_CASE("noise: normals are within 24 eps of the definition over the whole range of words") {
  // Philox can be run backwards: for any output words there are keys whose counter the layout can reach.
  Random random(2026);
  const auto word = [&] { return uint32_t(random.next() & 0xffff) << 16 | (random.next() & 0xffff); };
  std::vector<uint32_t> special;
  for (uint32_t i = 0; i < 600; ++i)  // both ends, where ln u is steepest and flattest; the middle and the quarters, where branches meet
    for (const uint32_t base : {0u, 0x80000000u, 0x40000000u, 0xC0000000u, 0x20000000u, 0x60000000u, 0xA0000000u, 0xE0000000u, 0xB504F333u,
                                0x5A827999u, 0xB504F334u - 300u, 0x4AFB0CCCu})
      special.push_back(base + i), special.push_back(base - 1 - i);
  for (int bit = 0; bit < 32; ++bit)
    for (int i = -20; i <= 20; ++i) special.push_back((1u << bit) + uint32_t(i)), special.push_back(~((1u << bit) + uint32_t(i)));
  // the worst that bench/normals.cpp finds, of every variant
  const std::vector<std::pair<uint32_t, uint32_t>> found{{0x146, 0xaf407d44},   {0x146, 0xef637b54}, {0x146, 0x151aeb51}, {0x17c, 0xef35ae2c},
                                                         {0x17c, 0xef03ba64},   {0x17c, 0x6ec11c2d}, {0x17c, 0x57fe2343}, {0x1dd, 0xd0e05474},
                                                         {0x7f206, 0xf6f867ec}, {0xac, 0x1f494b91},  {0x22, 0x20097110}};
  double worst[3] = {};
  const size_t rounds = special.size() + 60000;
  for (size_t i = 0; i < rounds + found.size(); ++i) {
    Words w{word(), word(), word(), word()};
    if (i >= rounds)
      std::tie(w[0], w[1]) = found[i - rounds];
    else if (i < special.size())
      w[0] = w[3] = special[i];
    else if (i % 2)
      w[0] = uint32_t(i / 2 % 4), w[2] = special[size_t(random.next()) % special.size()];  // the far tail at any angle
    uint64_t seed = i;
    Words c = philoxBackward(w, seed);
    while (c[1] >> 30 || c[2] >> 31) c = philoxBackward(w, seed += 0x9E3779B97F4A7C15u);
    const uint64_t position = (c[0] | uint64_t(c[1]) << 32) << 2;
    for (const Variant v : variants()) {
      const std::vector<float> n = field({seed, c[3], c[2]}, position, 4, {v, 1, nullptr});
      for (int lane = 0; lane < 4; ++lane) worst[int(v)] = std::max(worst[int(v)], std::fabs(double(n[size_t(lane)]) - normalOf(w, lane)));
    }
  }
  for (const Variant v : variants()) {
    CAPTURE(std::string(variantName(v)));
    INFO("worst deviation in eps: " << worst[int(v)] / kEps);
    CHECK(worst[int(v)] > 0);
    CHECK(worst[int(v)] <= kNormalUnits * kEps);
  }
}

TEST_CASE("noise: a normal depends on its position alone, whatever the start, length, threads") {
  const NoiseKey key{99, 4, 2};
  for (const Variant v : variants()) {
    const std::vector<float> whole = field(key, 0, 70000, {v, 1, nullptr});
    for (const int threads : {2, 3, 8}) CHECK(field(key, 0, whole.size(), {v, threads, nullptr}) == whole);
    int wrong = 0;
    for (size_t offset = 0; offset < 70; ++offset)
      for (size_t size = 0; size < 140; ++size) {
        const std::vector<float> part = field(key, offset, size, {v, 1, nullptr});
        wrong += !std::equal(part.begin(), part.end(), whole.begin() + ptrdiff_t(offset));
      }
    CHECK(wrong == 0);
    for (const size_t offset : {1021, 1024, 32767, 32769, 65533}) {
      const std::vector<float> part = field(key, offset, 4000, {v, 2, nullptr});
      CHECK(std::equal(part.begin(), part.end(), whole.begin() + ptrdiff_t(offset)));
    }
    // across the carry into the second counter word, and up to the very last position
    for (const uint64_t start : {(uint64_t{1} << 34) - 37, ~uint64_t{0} - 98}) {
      const std::vector<float> n = field(key, start, 99, {v, 1, nullptr});
      for (size_t i = 0; i < n.size(); ++i) CHECK(std::fabs(double(n[i]) - normalAt(key, start + i)) <= kNormalUnits * kEps);
    }
  }
}

TEST_CASE("noise: moments, distribution and independence of a million normals") {
  const size_t n = 1 << 20;
  const double root = std::sqrt(double(n));
  for (const Variant v : variants()) {
    CAPTURE(std::string(variantName(v)));
    std::vector<float> x = field({5, 1, 0}, 0, n, {v, 2, nullptr});
    double m[5] = {}, lag[9] = {}, tail = 0;
    for (size_t i = 0; i < n; ++i) {
      double power = 1;
      for (int k = 1; k <= 4; ++k) m[k] += (power *= double(x[i])) / double(n);
      for (size_t k = 1; k <= 8 && i + k < n; ++k) lag[k] += double(x[i]) * double(x[i + k]) / double(n);
      tail += std::fabs(x[i]) > 4;
    }
    // four standard errors each; the seed is fixed
    CHECK(std::fabs(m[1]) <= 4 / root);
    CHECK(std::fabs(m[2] - 1) <= 4 * std::sqrt(2.0) / root);
    CHECK(std::fabs(m[3]) <= 4 * std::sqrt(15.0) / root);
    CHECK(std::fabs(m[4] - 3) <= 4 * std::sqrt(96.0) / root);
    for (int k = 1; k <= 8; ++k) CHECK(std::fabs(lag[k]) <= 4 / root);
    const double expectedTail = double(n) * std::erfc(4 / std::sqrt(2.0));
    CHECK(std::fabs(tail - expectedTail) <= 4 * std::sqrt(expectedTail));
    const NoiseKey others[] = {{6, 1, 0}, {5, 2, 0}, {5, 1, 1}, {5 + (uint64_t{1} << 32), 1, 0}};
    for (const NoiseKey& other : others) {
      const std::vector<float> y = field(other, 0, n, {v, 2, nullptr});
      double product = 0;
      for (size_t i = 0; i < n; ++i) product += double(x[i]) * double(y[i]) / double(n);
      CHECK(std::fabs(product) <= 4 / root);
    }
    // Kolmogorov-Smirnov: 1.95 is passed once in a thousand
    std::sort(x.begin(), x.end());
    double distance = 0;
    for (size_t i = 0; i < n; ++i) {
      const double cdf = 0.5 * std::erfc(-double(x[i]) / std::sqrt(2.0));
      distance = std::max({distance, std::fabs(cdf - double(i) / double(n)), std::fabs(cdf - double(i + 1) / double(n))});
    }
    CHECK(distance * root <= 1.95);
  }
}

TEST_CASE("noise: every small size, channel count and sample type") {
  uint32_t n = 0;
  for (int height = 1; height <= 9; ++height)
    for (int width = 1; width <= 20; ++width)
      for (const bool floats : {false, true}) {
        Settings s = gaussian(n % 3 ? 0.1 : 25.0 / 255);
        s.grey = n / 2 % 2;
        s.clip = n / 4 % 2;
        checkNoise(randomPicture(width, height, 1 + int(n / 3 % 4), n, floats), s);
        Settings counts = poisson(n % 3 == 0 ? 8 : n % 3 == 1 ? 60 : 4096);
        counts.grey = n / 2 % 2;
        counts.clip = n / 4 % 2;
        checkNoise(randomPicture(width, height, 1 + int(n / 3 % 4), n, floats), counts);
        ++n;
      }
}

TEST_CASE("noise: larger pictures, every thread count to the bit") {
  const std::vector<int> threads{2, 3, 7};
  for (const bool floats : {false, true}) {
    checkNoise(randomPicture(257, 301, 3, 1, floats), gaussian(0.05), threads);
    checkNoise(randomPicture(1100, 33, 2, 1, floats), gaussian(0.5), threads);
    checkNoise(randomPicture(131, 277, 3, 2, floats), poisson(100), threads);
  }
  checkNoise(floatPicture(40000, 1, 1, [](int, int x, int) { return x / 100.0 - 200; }), gaussian(3), threads);
}

TEST_CASE("noise: grey noise is channel 0's in all of them") {
  for (const Variant v : variants()) {
    Settings s = gaussian(0.1);
    s.clip = false;
    const Picture zero = floatPicture(33, 9, 3, [](int, int, int) { return 0; });
    const Picture each = noisy(zero, s, {v, 1, nullptr});
    s.grey = true;
    const Picture grey = noisy(zero, s, {v, 1, nullptr});
    const size_t plane = 33 * 9;
    for (size_t c = 0; c < 3; ++c) {
      CHECK(std::equal(grey.floats.begin(), grey.floats.begin() + ptrdiff_t(plane), grey.floats.begin() + ptrdiff_t(c * plane)));
      CHECK((c == 0) == std::equal(each.floats.begin(), each.floats.begin() + ptrdiff_t(plane), each.floats.begin() + ptrdiff_t(c * plane)));
    }
  }
}

TEST_CASE("noise: a tile has the noise of its place in the whole picture") {
  const int width = 61, height = 47;
  for (const bool floats : {false, true})
    for (const bool grey : {false, true})
      for (Settings s : {gaussian(0.1), poisson(30)})
        for (const Variant v : variants()) {
          s.grey = grey;
          const Picture whole = randomPicture(width, height, 3, 4, floats), expected = noisy(whole, s, {v, 1, nullptr});
          const int tiles[][4] = {{0, 0, 61, 47}, {0, 0, 1, 1}, {60, 46, 1, 1}, {13, 7, 31, 20}, {3, 40, 58, 7}, {33, 0, 17, 47}};
          for (const auto& t : tiles) {
            const auto cut = [&](const Picture& p) {
              const auto value = [&](int c, int x, int y) { return p.sample(c, x + t[0], y + t[1]); };
              return floats ? floatPicture(t[2], t[3], 3, value) : bytePicture(t[2], t[3], 3, value);
            };
            Settings part = s;
            part.pictureWidth = width, part.pictureHeight = height, part.offsetX = t[0], part.offsetY = t[1];
            CHECK(noisy(cut(whole), part, {v, 2, nullptr}) == cut(expected));
          }
        }
}

TEST_CASE("noise: none leaves the picture, clipping bounds it, not-a-number stays where it was") {
  for (const Variant v : variants()) {
    for (const bool floats : {false, true}) {
      const Picture p = randomPicture(39, 11, 3, 8, floats);
      CHECK(noisy(p, gaussian(0), {v, 1, nullptr}) == p);
      const Picture loud = noisy(p, gaussian(40), {v, 1, nullptr});
      const double top = floats ? 1 : 255;
      long ends = 0;
      for (int c = 0; c < 3; ++c)
        for (int y = 0; y < 11; ++y)
          for (int x = 0; x < 39; ++x) ends += loud.sample(c, x, y) == 0 || loud.sample(c, x, y) == top;
      CHECK(ends > 0.9 * 39 * 11 * 3);
      CHECK(excessNoise(loud, p, gaussian(40)) <= 1);
    }
    Picture bad = randomPicture(39, 11, 1, 8, true);
    bad.floats[100] = std::numeric_limits<float>::quiet_NaN();
    for (const Settings& s : {gaussian(0.1), poisson(20)}) {
      const Picture out = noisy(bad, s, {v, 1, nullptr});
      for (size_t i = 0; i < out.floats.size(); ++i) CHECK(std::isnan(out.floats[i]) == (i == 100));
    }
  }
}

TEST_CASE("noise: Poisson counts follow their distribution") {
  for (const double mean : {0.05, 0.7, 3.0, 9.99, 10.0, 30.0, 200.0, 3000.0}) {
    CAPTURE(mean);
    Settings s = poisson(1);
    s.clip = false;
    const int width = 1000, height = 200;
    const double n = double(width) * height;
    const Picture out = noisy(floatPicture(width, height, 1, [&](int, int, int) { return mean; }), s, {bestVariant(), 2, nullptr});
    const double exact = double(float(mean));
    std::vector<double> seen(size_t(exact + 12 * std::sqrt(exact) + 12), 0.0);
    bool counts = true;
    for (const float k : out.floats) {
      counts &= k >= 0 && k == std::floor(k) && size_t(k) < seen.size();
      if (counts) ++seen[size_t(k)];
    }
    REQUIRE(counts);
    // chi square over runs of counts that expect twenty or more
    double expected = 0, observed = 0, square = 0, bins = -1, all = 0;
    for (size_t k = 0; k < seen.size(); ++k) {
      const double p = std::exp(double(k) * std::log(exact) - exact - std::lgamma(double(k) + 1));
      expected += n * p, observed += seen[k], all += p;
      if (expected < 20 || n * (1 - all) < 20) continue;
      square += (observed - expected) * (observed - expected) / expected;
      expected = observed = 0, ++bins;
    }
    expected += n * (1 - all);
    if (expected > 5) square += (observed - expected) * (observed - expected) / expected, ++bins;
    CHECK(bins >= 1);
    CHECK(square <= bins + 4 * std::sqrt(2 * bins) + 4);
  }
}

TEST_CASE("noise: Poisson counts of huge means have their mean and variance") {
  for (const double mean : {1e6, 1e9, 1e12}) {
    CAPTURE(mean);
    Settings s = poisson(mean);
    s.clip = false;
    const Picture out = noisy(floatPicture(400, 250, 1, [](int, int, int) { return 1; }), s, {});
    // the float32 result keeps 24 bits of k / peak; its deviation from 1 is that of the count where sqrt(mean) spans many of them
    double first = 0, second = 0;
    for (const float v : out.floats) first += (double(v) - 1) * std::sqrt(mean), second += (double(v) - 1) * (double(v) - 1) * mean;
    const double n = double(out.floats.size()), step = 0x1p-23 * std::sqrt(mean);
    CHECK(std::fabs(first / n) <= 4 / std::sqrt(n) + step);
    CHECK(std::fabs(second / n - 1) <= 4 * std::sqrt(2 / n) + step * step);
  }
}

TEST_CASE("noise: refusals say what was expected") {
  const Picture p = randomPicture(6, 5, 3, 1, false);
  Picture out = p.blank(6, 5), narrow = p.blank(5, 5);
  const auto with = [&](const Settings& s) { return refusal([&] { arguments(p.view(), out.raster(), s); }); };
  CHECK(with(gaussian(0)) == kAccepted);
  CHECK(with(poisson(1e12)) == kAccepted);
  CHECK(with(gaussian(-1)) == Refusal{"IR_E_ARGUMENT", "expected sigma >= 0, got -1.000000"});
  CHECK(with(gaussian(std::nan(""))).code == "IR_E_ARGUMENT");
  CHECK(with(gaussian(INFINITY)).code == "IR_E_ARGUMENT");
  CHECK(with(poisson(0)) == Refusal{"IR_E_ARGUMENT", "expected peak in (0, 1e12] for poisson noise, got 0.000000"});
  for (const double peak : {-1.0, 2e12, std::nan("")}) CHECK(with(poisson(peak)).code == "IR_E_ARGUMENT");
  CHECK(refusal([&] { arguments(p.view(), narrow.raster(), gaussian(1)); }) ==
        Refusal{"IR_E_SHAPE", "expected dst to have the shape of src, 6x5x3 uint8, got 5x5x3 uint8"});
  AddNoiseArgs a = arguments(p.view(), out.raster(), gaussian(1));
  const auto changed = [&](auto change) {
    AddNoiseArgs b = a;
    change(b);
    return refusal([&] { check(b); });
  };
  CHECK(changed([](AddNoiseArgs& b) { b.stream = uint64_t{1} << 32; }) == Refusal{"IR_E_ARGUMENT", "expected stream below 2^32"});
  CHECK(changed([](AddNoiseArgs& b) { b.step = -1; }) == Refusal{"IR_E_ARGUMENT", "expected step >= 0, got -1"});
  const Refusal outside{"IR_E_SHAPE", "expected the tile to lie inside pictureWidth x pictureHeight"};
  CHECK(changed([](AddNoiseArgs& b) { b.pictureWidth = 5; }) == outside);
  CHECK(changed([](AddNoiseArgs& b) { b.offsetX = 1; }) == outside);
  CHECK(changed([](AddNoiseArgs& b) { b.offsetY = -1; }) == outside);
  CHECK(changed([](AddNoiseArgs& b) { b.offsetY = INT32_MAX, b.pictureHeight = INT32_MAX; }) == outside);
  CHECK(changed([](AddNoiseArgs& b) { b.offsetX = 4, b.pictureWidth = 10; }) == kAccepted);

  float n[8];
  NormalFieldArgs f;
  f.dst = {n, 8};
  const auto fieldWith = [&](uint64_t stream, int step, uint64_t offset) {
    f.stream = stream, f.step = step, f.offset = offset;
    return refusal([&] { check(f); });
  };
  CHECK(fieldWith(UINT32_MAX, INT32_MAX, ~uint64_t{0} - 7) == kAccepted);
  CHECK(fieldWith(uint64_t{1} << 32, 0, 0) == Refusal{"IR_E_ARGUMENT", "expected stream below 2^32"});
  CHECK(fieldWith(0, -5, 0) == Refusal{"IR_E_ARGUMENT", "expected step >= 0, got -5"});
  CHECK(fieldWith(0, 0, ~uint64_t{0} - 6) ==
        Refusal{"IR_E_ARGUMENT", "expected offset plus length to be at most 2^64, got 18446744073709551609 plus 8"});
  double words[3];
  PhiloxWordsArgs w;
  w.words = {words, 3};
  CHECK(refusal([&] { check(w); }) == Refusal{"IR_E_SHAPE", "expected words to have length 4, got 3"});
}
