// ir_floors FILTER THREADS [ROUNDS]: how near each kernel comes to the best its work allows on this machine (PERFORMANCE, "Least work per kernel").
// Kernel and yardstick alternate within one process, so that drifting machine speed cancels. One JSON object a line, for each kernel whose name
// contains FILTER: {"name","threads","ms","floorMs","share","yardstick"}; times are medians, share is the median of floor / kernel within a round.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>

#include "../kernels.h"
#include "common.h"
#include "yardsticks.h"

namespace {

using namespace ir;
using namespace ir::bench;

using Work = std::function<void()>;

struct Yardstick {
  std::string name;
  Work work;
};

/// Of `sets` sets of operands each call takes the next, so that they come from memory, as in a sampler between whose steps a network runs. One set of
/// 1 M elements would stay in the last cache of large processors, where both the step and its yardstick find it again.
struct DenoiseSize {
  const char* name;
  size_t size;
  int sets;
};
constexpr DenoiseSize kDenoiseSizes[] = {{"1M", size_t(1) << 20, 6}, {"4M", size_t(1) << 22, 1}, {"1M kept in the cache", size_t(1) << 20, 1}};

struct Options {
  std::string filter;
  Exec exec;
  int rounds;
};

/// One thread is timed by its own processor time, which other programs cannot lengthen by taking turns with it.
double millisecondsNow(int threads) {
  if (threads == 1) return 1e3 * double(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double millisecondsOf(const Work& work, int repeats, int threads) {
  const double begin = millisecondsNow(threads);
  for (int i = 0; i < repeats; ++i) work();
  return (millisecondsNow(threads) - begin) / repeats;
}

/// Repeats that fill about 20 ms, after a warm-up.
int repeatsOf(const Work& work, int threads) {
  millisecondsOf(work, 2, threads);
  return std::min(400, std::max(1, int(20 / std::max(1e-3, millisecondsOf(work, 2, threads)))));
}

void measure(const Options& options, const std::string& name, const Work& kernel, const std::vector<Yardstick>& yardsticks) {
  const int threads = options.exec.threads, repeats = repeatsOf(kernel, threads);
  // where work is bound both by memory and by arithmetic, the slower of the two is the floor
  size_t slowest = 0;
  std::vector<int> floorRepeats;
  std::vector<double> alone;
  for (const Yardstick& y : yardsticks) {
    floorRepeats.push_back(repeatsOf(y.work, threads));
    alone.push_back(millisecondsOf(y.work, floorRepeats.back(), threads));
    if (alone.back() > alone[slowest]) slowest = alone.size() - 1;
  }
  const Yardstick& yardstick = yardsticks[slowest];
  std::vector<double> ms, floorMs, share;
  for (int round = 0; round < options.rounds; ++round) {
    double k = 0, f = 0;
    for (const bool kernelNow : {round % 2 == 0, round % 2 != 0})
      kernelNow ? k = millisecondsOf(kernel, repeats, threads) : f = millisecondsOf(yardstick.work, floorRepeats[slowest], threads);
    ms.push_back(k), floorMs.push_back(f), share.push_back(f / k);
  }
  std::printf("{\"name\":\"%s\",\"threads\":%d,\"ms\":%.6g,\"floorMs\":%.6g,\"share\":%.4g,\"yardstick\":\"%s\"}\n", name.c_str(),
              options.exec.threads, median(ms), median(floorMs), median(share), yardstick.name.c_str());
  std::fflush(stdout);
}

/// A picture in either layout, with room for a result of the same size.
struct Photograph {
  bool isBytes;
  std::vector<uint8_t> u8;
  std::vector<float> f32;

  Photograph(bool b, int seed) : isBytes(b) { b ? u8 = bytes(size_t(kSamples), seed), void() : (f32 = floats(size_t(kSamples), seed), void()); }
  const void* data() const { return isBytes ? static_cast<const void*>(u8.data()) : f32.data(); }
  Pixel pixel() const { return isBytes ? Pixel::U8 : Pixel::F32; }
  ConstRaster view() const { return {data(), pixel(), kWidth, kHeight, kChannels}; }
  Raster raster(int width = kWidth, int height = kHeight) { return {const_cast<void*>(data()), pixel(), width, height, kChannels}; }
};

class Floors {
 public:
  explicit Floors(const Options& options) : o_(options) {}

  void all() {
    for (const DenoiseSize& size : kDenoiseSizes) {
      denoise("denoise plain", size, false, 0, false);
      denoise("denoise guided", size, true, 0, false);
      denoise("denoise guided + noise given", size, true, 0.13, true);
      denoise("denoise guided + noise made", size, true, 0.13, false);
    }
    for (const double sigma : {0.5, 1.0, 2.0, 5.0, 10.0, 20.0}) blur(sigma, false);
    for (const double sigma : {1.0, 2.0, 5.0}) blur(sigma, true);
    for (const int factor : {2, 4}) resize(factor), degrade(factor);
    noise();
    ssim(true), ssim(false);
    niqe();
  }

 private:
  bool wanted(const std::string& name) const { return name.find(o_.filter) != std::string::npos; }

  /// Moves `in` bytes read and `out` written; where they differ (reductions), as many in all, half of them each way.
  Yardstick copy(double in, double out) {
    const size_t size = size_t((in + out) / 8);
    if (source_.size() < size) source_ = floats(size, 1), target_ = floats(size, 2);
    return {"memory stream, 1 read : 1 write", [this, size] { bench::stream(o_.exec, {source_.data()}, target_.data(), size); }};
  }
  Yardstick multiplyAdds(double count, bool doubles) {
    return {doubles ? "multiply-adds, double" : "multiply-adds, float", [this, count, doubles] { bench::multiplyAdds(o_.exec, count, doubles); }};
  }

  /// What a step works on.
  struct Operands {
    std::vector<float> z, m, mu, n, out;
    explicit Operands(size_t size) : z(floats(size, 1)), m(floats(size, 2)), mu(floats(size, 3)), n(floats(size, 4)), out(floats(size, 5)) {}
  };

  void denoise(const std::string& kind, const DenoiseSize& how, bool guided, double sigma, bool given) {
    const std::string name = kind + " " + how.name;
    if (!wanted(name)) return;
    const size_t size = how.size;
    std::vector<Operands> sets(size_t(how.sets), Operands(size));
    std::vector<DenoiseStepArgs> steps;
    std::vector<std::vector<const float*>> reads;
    for (Operands& o : sets) {
      DenoiseStepArgs a;
      a.z = {o.z.data(), size}, a.m = {o.m.data(), size}, a.out = {o.out.data(), size};
      if (guided) a.mu = {o.mu.data(), size}, a.s = 4;
      if (given) a.n = {o.n.data(), size};
      a.a = 1.0009, a.b = -0.021, a.sigma = sigma, a.seed = 7;
      check(a);
      steps.push_back(a);
      reads.push_back({o.z.data(), o.m.data()});
      if (guided) reads.back().push_back(o.mu.data());
      if (given) reads.back().push_back(o.n.data());
    }
    size_t turn = 0, streamTurn = 0;
    measure(o_, name, [&] { run(steps[turn++ % sets.size()], o_.exec); },
            {{"memory stream, " + std::to_string(reads[0].size()) + " reads : 1 write", [&] {
                const size_t set = streamTurn++ % sets.size();
                bench::stream(o_.exec, reads[set], sets[set].out.data(), size);
              }}});
  }

  void blur(double sigma, bool u8) {
    char name[64];
    std::snprintf(name, sizeof name, "blur %s sigma %g", u8 ? "u8" : "f32", sigma);
    if (!wanted(name)) return;
    const Photograph in(u8, 1);
    Photograph out(u8, 2);
    GaussianBlurArgs a;
    a.src = in.view(), a.dst = out.raster(), a.sigma = sigma;
    check(a);
    const double size = kSamples * (u8 ? 1 : 4);
    measure(o_, name, [&] { run(a, o_.exec); }, {copy(size, size), multiplyAdds(2.0 * gaussianSize(sigma, 0) * kSamples, false)});
  }

  void resize(int factor) {
    const std::string name = "resize u8 cubic /" + std::to_string(factor);
    if (!wanted(name)) return;
    const Photograph in(true, 1);
    Photograph out(true, 2);
    ResampleArgs a;
    a.src = in.view(), a.dst = out.raster(kWidth / factor, kHeight / factor), a.scaleX = a.scaleY = 1.0 / factor;
    check(a);
    measure(o_, name, [&] { run(a, o_.exec); },
            {copy(kSamples, kSamples / (factor * factor)), multiplyAdds(separableWork(factor, 4 * factor), false)});
  }

  void degrade(int factor) {
    const std::string name = "degrade u8 sigma 2 /" + std::to_string(factor);
    if (!wanted(name)) return;
    const Photograph in(true, 1);
    Photograph out(true, 2);
    DegradeArgs a;
    a.src = in.view(), a.dst = out.raster(kWidth / factor, kHeight / factor), a.sigma = 2, a.scaleX = a.scaleY = 1.0 / factor;
    check(a);
    const int taps = gaussianSize(2, 0) + 4 * factor - 1;
    measure(o_, name, [&] { run(a, o_.exec); }, {copy(kSamples, kSamples / (factor * factor)), multiplyAdds(separableWork(factor, taps), false)});
  }

  void noise() {
    if (!wanted("noise f32 gaussian")) return;
    const Photograph in(false, 1);
    Photograph out(false, 2);
    AddNoiseArgs a;
    a.src = in.view(), a.dst = out.raster(), a.sigma = 0.1, a.seed = 7;
    check(a);
    measure(o_, "noise f32 gaussian", [&] { run(a, o_.exec); }, {copy(4 * kSamples, 4 * kSamples)});
  }

  void ssim(bool u8) {
    const std::string name = std::string("ssim rgb ") + (u8 ? "u8" : "f32");
    if (!wanted(name)) return;
    const Photograph x(u8, 1), y(u8, 2);
    double results[9];
    CompareArgs a;
    a.reference = x.view(), a.image = y.view(), a.results = {results, 9};
    check(a);
    measure(o_, name, [&] { run(a, o_.exec); }, {multiplyAdds(kSsimWork * kSamples, true)});
  }

  void niqe() {
    if (!wanted("niqe u8")) return;
    const Photograph in(true, 1);
    NiqeArgs a;
    a.image = in.view();
    std::vector<double> features(size_t(a.columns()) * size_t(a.rows()) * kNiqeFeatures);
    a.features = {features.data(), features.size()};
    check(a);
    const double pixels = double(a.columns()) * a.rows() * kNiqeBlock * kNiqeBlock;
    measure(o_, "niqe u8", [&] { run(a, o_.exec); }, {multiplyAdds(kNiqeWork * pixels, true)});
  }

  const Options& o_;
  std::vector<float> source_, target_;
};

int number(const char* text) {
  char* end = nullptr;
  const long n = std::strtol(text, &end, 10);
  return *text && !*end && n >= 1 && n <= 1024 ? int(n) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 2 ? number(argv[2]) : 0, rounds = argc > 3 ? number(argv[3]) : 11;
  if (argc < 3 || argc > 4 || threads == 0 || rounds == 0) {
    std::fprintf(stderr, "expected: ir_floors FILTER THREADS [ROUNDS], THREADS and ROUNDS in 1..1024\n");
    return 2;
  }
  try {
    const Options options{argv[1], {bestVariant(), threads, nullptr}, rounds};
    Floors(options).all();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
