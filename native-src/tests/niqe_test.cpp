// NIQE's features against the definition (REFERENCE D.5), one sample at a time: windows in two dimensions, gamma functions in long double.
#include "ir/niqe.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/aggd.h"
#include "kernels/luma.h"
#include "reference.h"
#include "refusals.h"

/// As in niqe.cpp: the coefficients themselves are no argument of the kernel.
IR_VARIANTS(void, normaliseRow, (const double* const* rows, const double* weights, double* out, int n))

using namespace ir;
using namespace ir::test;

namespace {

struct Settings {
  Colour colour = Colour::YStudioRounded;
  int crop = 0;
};

std::vector<double> features(const Picture& p, const Settings& s, const Exec& exec) {
  NiqeArgs a;
  a.image = p.view();
  a.colour = s.colour;
  a.crop = s.crop;
  const bool inside = s.crop >= 0 && s.crop < std::min(p.width, p.height) / 2;
  std::vector<double> values(inside ? size_t(a.columns()) * size_t(a.rows()) * kNiqeFeatures : 36, -1e30);
  a.features = {values.data(), values.size()};
  check(a);
  run(a, exec);
  return values;
}

/// Equal, not-a-number included.
bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

struct Plane {
  int width, height;
  std::vector<double> values;
  double at(int x, int y) const { return values[size_t(y) * size_t(width) + size_t(x)]; }
};

Plane normalised(const Plane& p) {
  double tap[7][7], sum = 0;
  for (int i = 0; i < 7; ++i)
    for (int j = 0; j < 7; ++j) sum += tap[i][j] = std::exp(-((i - 3) * (i - 3) + (j - 3) * (j - 3)) / (2 * (7.0 / 6) * (7.0 / 6)));
  Plane out{p.width, p.height, {}};
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x < p.width; ++x) {
      double first = 0, second = 0;
      for (int i = 0; i < 7; ++i)
        for (int j = 0; j < 7; ++j) {
          const int u = std::min(p.width - 1, std::max(0, x + j - 3)), v = std::min(p.height - 1, std::max(0, y + i - 3));
          const double d = p.at(u, v) - p.at(x, y);
          first += tap[i][j] / sum * d, second += tap[i][j] / sum * d * d;
        }
      out.values.push_back(-first / (std::sqrt(std::fabs(second - first * first)) + 1));
    }
  return out;
}

/// MATLAB's antialiased bicubic x0.5, by dense matrices.
Plane halved(const Plane& p) {
  const Matrix x = resampleMatrix(p.width, p.width / 2, 0.5, Filter::Cubic, true, Border::Symmetric);
  const Matrix y = resampleMatrix(p.height, p.height / 2, 0.5, Filter::Cubic, true, Border::Symmetric);
  Plane rows{x.rows, p.height, {}}, out{x.rows, y.rows, {}};
  for (int v = 0; v < p.height; ++v)
    for (int i = 0; i < x.rows; ++i) {
      double sum = 0;
      for (int u = 0; u < p.width; ++u)
        if (x.at(i, u) != 0) sum += x.at(i, u) * p.at(u, v);
      rows.values.push_back(sum);
    }
  for (int j = 0; j < y.rows; ++j)
    for (int i = 0; i < x.rows; ++i) {
      double sum = 0;
      for (int v = 0; v < p.height; ++v)
        if (y.at(j, v) != 0) sum += y.at(j, v) * rows.at(i, v);
      out.values.push_back(sum);
    }
  return out;
}

long double shape(int i) { return 0.2L + 0.001L * i; }

const std::vector<double>& ratios() {
  static const std::vector<double> table = [] {
    std::vector<double> r;
    for (int i = 0; i <= 9800; ++i)
      r.push_back(double(std::exp(2 * std::lgamma(2 / shape(i)) - std::lgamma(1 / shape(i)) - std::lgamma(3 / shape(i)))));
    return r;
  }();
  return table;
}

struct Fit {
  double alpha, left, right;
  bool tied;  // two grid points lie equally near
};

Fit fit(const std::vector<double>& samples) {
  long double left = 0, right = 0, absolute = 0;
  double lefts = 0, rights = 0;
  for (const double v : samples) {
    absolute += std::fabs(v);
    if (v < 0) left += (long double)v * v, ++lefts;
    if (v > 0) right += (long double)v * v, ++rights;
  }
  const double n = double(samples.size()), sl = std::sqrt(double(left) / lefts), sr = std::sqrt(double(right) / rights), g = sl / sr;
  const double mean = double(absolute) / n,
               target = mean * mean / (double(left + right) / n) * (g * g * g + 1) * (g + 1) / ((g * g + 1) * (g * g + 1));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (std::isnan(target)) return {nan, nan, nan, false};
  int best = 0, second = 1;
  const auto distance = [&](int i) { return std::fabs(ratios()[size_t(i)] - target); };
  for (int i = 1; i <= 9800; ++i)
    if (distance(i) < distance(best)) second = best, best = i;
  for (const int i : {best - 1, best + 1})
    if (i >= 0 && i <= 9800 && distance(i) < distance(second)) second = i;
  const double a = double(shape(best)), scale = std::sqrt(std::tgamma(1 / a) / std::tgamma(3 / a));
  return {a, sl * scale, sr * scale, distance(second) - distance(best) < 1e-11};
}

/// 18 features of one block of `side` at column, row of blocks; a tie in alpha leaves its features free (marked by infinity).
void blockFeatures(const Plane& p, int column, int row, int side, double* out) {
  const auto at = [&](int x, int y) { return p.at(column * side + (x + side) % side, row * side + (y + side) % side); };
  const auto product = [&](int dy, int dx) {
    std::vector<double> v;
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) v.push_back(dy || dx ? at(x, y) * at(x - dx, y - dy) : at(x, y));
    return fit(v);
  };
  const double free = std::numeric_limits<double>::infinity();
  const Fit block = product(0, 0);
  out[0] = block.tied ? free : block.alpha;
  out[1] = block.tied ? free : (block.left + block.right) / 2;
  const int shifts[4][2] = {{0, 1}, {1, 0}, {1, 1}, {1, -1}};
  for (int k = 0; k < 4; ++k) {
    const Fit f = product(shifts[k][0], shifts[k][1]);
    double* o = out + 2 + 4 * k;
    o[0] = f.alpha, o[1] = (f.right - f.left) * std::tgamma(2 / f.alpha) / std::tgamma(1 / f.alpha), o[2] = f.left, o[3] = f.right;
    if (f.tied) std::fill(o, o + 4, free);
  }
}

std::vector<double> reference(const Picture& p, const Settings& s) {
  const PlaneSource source = planeSource(p.view(), s.colour, 0);
  const int columns = (p.width - 2 * s.crop) / 96, rows = (p.height - 2 * s.crop) / 96;
  Plane full{columns * 96, rows * 96, {}};
  for (int y = 0; y < full.height; ++y)
    for (int x = 0; x < full.width; ++x) full.values.push_back(planeAt(source, x + s.crop, y + s.crop));
  const Plane fine = normalised(full), coarse = normalised(halved(full));
  std::vector<double> out;
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column) {
      double block[36];
      blockFeatures(fine, column, row, 96, block);
      blockFeatures(coarse, column, row, 48, block + 18);
      out.insert(out.end(), block, block + 36);
    }
  return out;
}

void checkNiqe(const Picture& p, const Settings& s = {}) {
  CAPTURE(p.width);
  CAPTURE(p.height);
  CAPTURE(int(s.colour));
  CAPTURE(s.crop);
  const std::vector<double> expected = reference(p, s);
  for (const Variant v : variants()) {
    CAPTURE(std::string(variantName(v)));
    const std::vector<double> one = features(p, s, {v, 1, nullptr});
    REQUIRE(one.size() == expected.size());
    for (size_t i = 0; i < one.size(); ++i) {
      if (std::isinf(expected[i])) continue;
      CAPTURE(i);
      if (std::isnan(expected[i])) {
        CHECK(std::isnan(one[i]));
        continue;
      }
      // the mean of a product is a difference of bl and br, hence an absolute part
      CHECK(std::fabs(one[i] - expected[i]) <= 1e-10 * std::fabs(expected[i]) + 1e-11);
    }
    for (const int threads : {2, 5}) CHECK(same(features(p, s, {v, threads, nullptr}), one));
  }
}

/// Texture with edges, so that blocks differ.
Picture texture(int width, int height, int channels, uint32_t seed, bool floats) {
  Random random(seed);
  const auto value = [&](int c, int x, int y) {
    const double wave = 60 * std::sin(x * 0.11 + c) * std::cos(y * 0.07), edge = (x / 37 + y / 29) % 2 ? 40 : 0;
    return std::min(255.0, std::max(0.0, 110 + wave + edge + (random.unit() - 0.5) * 40));
  };
  if (floats) return floatPicture(width, height, channels, [&](int c, int x, int y) { return value(c, x, y) / 255; });
  return bytePicture(width, height, channels, value);
}

}  // namespace

TEST_CASE("niqe: sizes from one block on, with remainders that are cut") {
  checkNiqe(texture(96, 96, 1, 1, false));
  checkNiqe(texture(191, 97, 3, 2, false));
  checkNiqe(texture(100, 287, 1, 3, true));
  checkNiqe(texture(201, 195, 3, 4, true));
}

TEST_CASE("niqe: lumas and crop") {
  for (const Colour colour : {Colour::YStudio, Colour::YStudioRounded, Colour::YFullRounded, Colour::GrayRounded, Colour::Gray601Rounded})
    checkNiqe(texture(110, 105, 3, 5, colour == Colour::YStudio), {colour, colour == Colour::YStudio ? 0 : 4});
}

TEST_CASE("niqe: a flat picture has no features") {
  for (const bool floats : {false, true})
    for (const double level : {0.0, 1.0, 100.0, 254.0, 255.0}) {
      const auto value = [&](int, int, int) { return floats ? level / 255 : level; };
      const Picture p = floats ? floatPicture(192, 96, 3, value) : bytePicture(192, 96, 3, value);
      for (const Variant v : variants())
        for (const Colour colour : {Colour::YStudio, Colour::YStudioRounded, Colour::Gray601Rounded}) {
          const std::vector<double> f = features(p, {colour}, {v, 1, nullptr});
          CHECK(std::all_of(f.begin(), f.end(), [](double x) { return std::isnan(x); }));
        }
    }
}

TEST_CASE("niqe: a block is flat only with all its windows, at both scales, and its neighbours keep theirs") {
  // the middle block of three, with a margin beyond the reach of windows (3, at half size 6) and of the reduction (4)
  const Picture noise = texture(288, 96, 1, 6, false);
  const auto flatFrom = [&](int left, int right) {
    return bytePicture(288, 96, 1, [&](int c, int x, int y) { return x >= left && x < right ? 77.0 : noise.sample(c, x, y); });
  };
  for (const Variant v : variants()) {
    const std::vector<double> wide = features(flatFrom(84, 204), {}, {v, 1, nullptr}), exact = features(flatFrom(96, 192), {}, {v, 1, nullptr});
    for (size_t i = 0; i < 36; ++i) {
      CHECK(std::isnan(wide[36 + i]));
      CHECK(std::isfinite(wide[i]));
      CHECK(std::isfinite(wide[72 + i]));
    }
    CHECK(std::isfinite(exact[36]));
  }
  checkNiqe(flatFrom(60, 250));
}

TEST_CASE("niqe: coefficients of flat windows are exactly 0, of others within 1e-13 on every variant") {
  std::vector<double> weights;
  double sum = 0;
  for (int i = -3; i <= 3; ++i)
    for (int j = -3; j <= 3; ++j) weights.push_back(std::exp(-(i * i + j * j) / (2 * (7.0 / 6) * (7.0 / 6)))), sum += weights.back();
  for (double& w : weights) w /= sum;
  CHECK(std::fabs(weights[24] - 0.1173963554) <= 5e-11);  // REFERENCE D.5
  CHECK(std::fabs(weights[0] - 1.5775861e-4) <= 5e-11);   // from a window kept in float32
  Random random(8);
  const int n = 96, pitch = n + 6 + 16;
  for (const double flat : {0.1, 1.0 / 3, 235.0, 254.99999999999997}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<double> data(7 * size_t(pitch), flat);
      for (double& d : data)
        if (round && random.below(round < 10 ? 40 : 2) == 0) d = random.below(256) * (round % 2 ? 1 : 1.0000001);
      const double* rows[7];
      for (int i = 0; i < 7; ++i) rows[i] = data.data() + i * pitch;
      for (const Variant v : variants()) {
        double out[n];
        normaliseRowFor(v)(rows, weights.data(), out, n);
        for (int x = 0; x < n; ++x) {
          long double first = 0, second = 0;
          bool level = true;
          for (int i = 0; i < 7; ++i)
            for (int j = 0; j < 7; ++j) {
              const long double d = (long double)rows[i][x + j] - rows[3][x + 3], w = weights[size_t(7 * i + j)];
              first += w * d, second += w * d * d, level &= d == 0;
            }
          const double expected = double(-first / (std::sqrt(std::fabs(second - first * first)) + 1));
          if (level) CHECK(out[x] == 0);
          CHECK(std::fabs(out[x] - expected) <= 1e-13);
        }
      }
    }
  }
}

TEST_CASE("niqe: not-a-number samples spoil their blocks and no other") {
  Picture p = texture(300, 200, 1, 9, true);
  p.floats[size_t(40) * 300 + 150] = std::numeric_limits<float>::quiet_NaN();  // the middle of the second block
  for (const Variant v : variants()) {
    const std::vector<double> f = features(p, {}, {v, 2, nullptr});
    for (size_t block = 0; block < 6; ++block)
      for (size_t i = 0; i < 36; ++i) CHECK(std::isnan(f[36 * block + i]) == (block == 1));
  }
}

TEST_CASE("niqe: the nearest shape is the first minimum over the whole grid") {
  CHECK(shapeRatio(0) == doctest::Approx(ratios()[0]).epsilon(1e-12));
  double worst = 0;
  for (int i = 0; i <= 9800; ++i) worst = std::max(worst, std::fabs(shapeRatio(i) / ratios()[size_t(i)] - 1));
  CHECK(worst <= 1e-12);
  const auto brute = [](double target) {
    int best = 0;
    for (int i = 1; i <= 9800; ++i)
      if ((shapeRatio(i) - target) * (shapeRatio(i) - target) < (shapeRatio(best) - target) * (shapeRatio(best) - target)) best = i;
    return best;
  };
  Random random(3);
  for (int i = 0; i < 400; ++i) {
    const double target = random.unit() * 1.1 - 0.1;
    if (nearestShape(target) != brute(target)) FAIL_CHECK("target " << target);
  }
  for (int i = 0; i < 9800; i += 97) {
    const double a = shapeRatio(i), b = shapeRatio(i + 1);
    for (const double target : {a, (a + b) / 2, std::nextafter((a + b) / 2, 0), std::nextafter((a + b) / 2, 1)})
      if (nearestShape(target) != brute(target)) FAIL_CHECK("target " << target);
  }
  CHECK(nearestShape(-INFINITY) == 0);
  CHECK(nearestShape(INFINITY) == 9800);
}

TEST_CASE("niqe: a symmetric Gaussian field has shape 2") {
  Random random(12);
  std::vector<double> samples;
  AggdSums sums[5];
  for (AggdSums& s : sums)
    for (int i = 0; i < 200000; ++i) {
      const double v = std::sqrt(-2 * std::log(random.unit() + 0x1p-25)) * std::cos(6.283185307179586 * random.unit());
      (v < 0 ? s.left : s.right) += 1, (v < 0 ? s.leftSquares : s.rightSquares) += v * v, s.absolute += std::fabs(v), s.count += 1;
    }
  double f[18];
  aggdFeatures(sums, f);
  CHECK(std::fabs(f[0] - 2) <= 0.03);
  CHECK(std::fabs(f[1] - std::sqrt(2.0)) <= 0.01);  // bl = br = sigma sqrt(Gamma(1/2) / Gamma(3/2)) = sqrt 2
}

TEST_CASE("niqe: refusals say what was expected") {
  const Picture p = texture(96, 96, 3, 1, false), small = texture(95, 200, 3, 1, false), two = texture(96, 96, 2, 1, false);
  const auto with = [](const Picture& q, const Settings& s) { return refusal([&] { features(q, s, {}); }); };
  CHECK(with(p, {}) == kAccepted);
  CHECK(with(p, {Colour::Rgb}) == Refusal{"IR_E_ARGUMENT", "expected a luma for colour, got rgb"});
  CHECK(with(two, {}) == Refusal{"IR_E_SHAPE", "expected 1 or 3 channels, got 2"});
  CHECK(with(small, {}) == Refusal{"IR_E_SHAPE", "expected at least one block of 96x96 in image, got 95x200x3 uint8 with crop 0"});
  CHECK(with(p, {Colour::YStudio, 1}) == Refusal{"IR_E_SHAPE", "expected at least one block of 96x96 in image, got 96x96x3 uint8 with crop 1"});
  for (const int crop : {-1, 48, INT32_MAX, INT32_MIN}) CHECK(with(p, {Colour::YStudio, crop}).code == "IR_E_SHAPE");
  NiqeArgs a;
  a.image = p.view();
  double few[35];
  a.features = {few, 35};
  CHECK(refusal([&] { check(a); }) == Refusal{"IR_E_SHAPE", "expected features to have length 36, got 35"});
}
