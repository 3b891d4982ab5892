// ir_normals_VARIANT: the largest deviation of Box-Muller from its definition in double precision, by search: every radius alone, then the radii that
// are worst, and the largest, with a few hundred thousand angles each, and the worst of those with 250 million. One JSON object; half a minute on two
// threads. It reads the kernel's own words-to-normals step, since through Philox's keys most words cannot be chosen at this rate.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

#include "kernels/normals.h"

namespace {

using namespace ir;
using namespace ir::IR_NS;

constexpr double kEps = 0x1p-24, kTurn = 6.283185307179586477;
constexpr uint64_t kWords = uint64_t(1) << 32;
constexpr size_t kWorst = 400, kLargest = 2600;
constexpr int kThreads = 2;

struct Found {
  double eps = 0;
  uint32_t radius = 0, angle = 0;
};
bool worse(const Found& a, const Found& b) { return a.eps > b.eps; }

double exactRadius(uint32_t x) {
  const double u = (double(x) + 0.5) * 0x1p-32;
  return u > 0.5 ? std::sqrt(-2 * std::log1p(-(double(~x) + 0.5) * 0x1p-32)) : std::sqrt(-2 * std::log(u));
}

/// The kWorst worst radii among words [begin, end).
std::vector<Found> worstRadii(uint64_t begin, uint64_t end) {
  std::vector<Found> worst;
  double least = 0;
  for (uint64_t at = begin; at < end; at += kF) {
    vu x[1];
    vf r[1];
    for (int i = 0; i < kF; ++i) x[0][i] = uint32_t(at) + uint32_t(i);
    radius(x, r);
    for (int i = 0; i < kF; ++i) {
      const double eps = std::fabs(double(r[0][i]) - exactRadius(x[0][i])) / kEps;
      if (eps > least) worst.push_back({eps, x[0][i], 0});
    }
    if (worst.size() < 2 * kWorst) continue;
    std::nth_element(worst.begin(), worst.begin() + kWorst - 1, worst.end(), worse);
    worst.resize(kWorst);
    least = worst.back().eps;
  }
  return worst;
}

/// A radius with every `step`th angle from `first` on.
Found withAngles(uint32_t word, uint64_t first, uint64_t step) {
  const double exact = exactRadius(word);
  Found worst;
  for (uint64_t at = first; at + step * kF <= kWords; at += step * kF) {
    vu x[1], y[1];
    vf n0[1], n1[1];
    for (int i = 0; i < kF; ++i) x[0][i] = word, y[0][i] = uint32_t(at + uint64_t(i) * step);
    boxMuller(x, y, n0, n1);
    for (int i = 0; i < kF; ++i) {
      const double angle = kTurn * (double(y[0][i]) + 0.5) * 0x1p-32;
      const double cosine = std::fabs(double(n0[0][i]) - exact * std::cos(angle)), sine = std::fabs(double(n1[0][i]) - exact * std::sin(angle));
      worst = std::min(worst, Found{std::max(cosine, sine) / kEps, word, y[0][i]}, worse);
    }
  }
  return worst;
}

/// The results of `each(thread)` on all threads, together, worst first.
template <class Each>
std::vector<Found> onThreads(Each each) {
  std::vector<std::vector<Found> > parts(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) threads.emplace_back([&, t] { parts[size_t(t)] = each(size_t(t)); });
  std::vector<Found> all;
  for (int t = 0; t < kThreads; ++t) {
    threads[size_t(t)].join();
    all.insert(all.end(), parts[size_t(t)].begin(), parts[size_t(t)].end());
  }
  std::sort(all.begin(), all.end(), worse);
  return all;
}

}  // namespace

int main() {
  std::vector<Found> radii = onThreads([](size_t t) { return worstRadii(kWords / kThreads * t, kWords / kThreads * (t + 1)); });
  const Found alone = radii.front();
  radii.resize(kWorst);
  for (uint32_t x = 0; x < kLargest; ++x) radii.push_back({0, x, 0});
  const std::vector<Found> sampled = onThreads([&](size_t t) {
    std::vector<Found> found;
    for (size_t i = t; i < radii.size(); i += kThreads) found.push_back(withAngles(radii[i].radius, 7 * i, 9973));
    return found;
  });
  const Found pair = onThreads([&](size_t t) { return std::vector<Found>{withAngles(sampled[0].radius, t, 17)}; }).front();
  std::printf("{\"radius\":{\"eps\":%.2f,\"word\":\"%#x\"},\"normal\":{\"eps\":%.2f,\"words\":[\"%#x\",\"%#x\"]}}\n", alone.eps, alone.radius,
              pair.eps, pair.radius, pair.angle);
  return 0;
}
