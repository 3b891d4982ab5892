// How near each kernel comes to the best its work allows on the device. Kernel and yardstick alternate between CUDA events, operands on the device;
// times are medians, shares medians within a round. What a kernel does on the host (memory, tables, waiting, NIQE's fit) counts, as for its caller.
#pragma once
#include <cmath>
#include <cstdio>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "device_arguments.h"
#include "device_clock.h"
#include "device_options.h"
#include "device_yardsticks.h"

namespace ir::bench {

/// Work in several forms, of which the fastest counts.
struct Yardstick {
  std::string name;
  std::vector<Work> forms;
};

/// Six sets of 1 M elements, taken in turn, or vectors of 16 M, come from memory; one set of 1 M fits the second-level cache of large devices.
struct VectorSize {
  const char* name;
  size_t size;
  int sets;
};
constexpr VectorSize kVectorSizes[] = {
    {"16M", Arguments::kLongestVector, 2}, {"1M", size_t(1) << 20, 6}, {"1M kept in the cache", size_t(1) << 20, 1}};

class DeviceFloors {
 public:
  DeviceFloors(const Options& options, Arguments& arguments, Clock& clock) : o_(options), arguments_(arguments), clock_(clock) {}

  void all() {
    if (o_.rounds) std::printf("| kernel | ms | floor ms | share | GB/s | yardstick |\n|---|---|---|---|---|---|\n");
    for (const VectorSize& size : kVectorSizes) {
      denoise("denoise plain", size, false, 0, false);
      denoise("denoise guided", size, true, 0, false);
      denoise("denoise guided + noise given", size, true, 0.13, true);
      denoise("denoise guided + noise made", size, true, 0.13, false);
    }
    normals(kVectorSizes[2]);
    picture("noise f32 gaussian", arguments_.noise(), 8 * kSamples, {});
    for (const double sigma : {1.0, 4.0, 20.0})
      picture("blur f32 sigma " + std::to_string(int(sigma)), arguments_.blur(sigma), 8 * kSamples,
              {multiplyAdds(2.0 * gaussianSize(sigma, 0) * kSamples, false)});
    for (const int factor : {2, 4}) {
      const double reduced = kSamples * (1 + 1.0 / (factor * factor));
      const std::string by = " /" + std::to_string(factor);
      for (const Pixel pixel : {Pixel::U8, Pixel::F32})
        picture((pixel == Pixel::U8 ? "resize u8 cubic" : "resize f32 cubic") + by, arguments_.resample(pixel, factor),
                (pixel == Pixel::U8 ? 1 : 4) * reduced, {multiplyAdds(separableWork(factor, 4 * factor), false)});
      picture("degrade u8 sigma 2" + by, arguments_.degrade(factor), reduced,
              {multiplyAdds(separableWork(factor, gaussianSize(2, 0) + 4 * factor - 1), false)});
    }
    picture("ssim rgb u8", arguments_.compare(), 2 * kSamples, {multiplyAdds(kSsimWork * kSamples, true)});
    const NiqeArgs niqe = arguments_.niqe();
    const double pixels = double(niqe.columns()) * niqe.rows() * kNiqeBlock * kNiqeBlock;
    picture("niqe u8", niqe, kSamples, {multiplyAdds(kNiqeWork * pixels, true)});
  }

 private:
  Yardstick stream(const std::string& mix, const std::function<void(int)>& shaped) const {
    Yardstick y{"memory stream, " + mix, {}};
    for (const int shape : kStreamShapes) y.forms.push_back([shaped, shape] { shaped(shape); });
    return y;
  }
  Yardstick multiplyAdds(double count, bool doubles) const {
    return {doubles ? "multiply-adds, double" : "multiply-adds, float",
            {[this, count, doubles] { deviceMultiplyAdds(count, doubles, clock_.stream()); }}};
  }

  /// Of several sets of operands each call takes the next.
  void denoise(const std::string& kind, const VectorSize& how, bool guided, double sigma, bool given) {
    const std::string name = kind + " " + how.name;
    if (!o_.wants(name)) return;
    std::deque<Resident<DenoiseStepArgs>> steps;
    std::vector<std::vector<const float*>> reads;
    for (int set = 0; set < how.sets; ++set) {
      const DenoiseStepArgs& a = steps.emplace_back(clock_, arguments_.denoise(how.size, guided, sigma, given)).args();
      reads.push_back({a.z.data, a.m.data});
      if (guided) reads.back().push_back(a.mu.data);
      if (given) reads.back().push_back(a.n.data);
    }
    size_t turn = 0, streamTurn = 0;
    measure(name, 4.0 * double(how.size * (reads[0].size() + 1)), [&] { steps[turn++ % steps.size()](); },
            {stream(std::to_string(reads[0].size()) + " reads : 1 write", [&](int shape) {
              const size_t set = streamTurn++ % steps.size();
              deviceStream(reads[set], steps[set].args().out.data, how.size, shape, clock_.stream());
            })});
  }

  void normals(const VectorSize& how) {
    const std::string name = std::string("normals ") + how.name;
    if (!o_.wants(name)) return;
    const Resident<NormalFieldArgs> field(clock_, arguments_.normals(how.size));
    measure(name, 4.0 * double(how.size), [&] { field(); },
            {stream("1 write", [&](int shape) { deviceStream({}, field.args().dst.data, how.size, shape, clock_.stream()); })});
  }

  /// `bytes` are read and written at least; the stream reads half of them and writes half, whatever the kernel's own mix.
  template <class Args>
  void picture(const std::string& name, const Args& args, double bytes, std::vector<Yardstick> yardsticks) {
    if (!o_.wants(name)) return;
    const Resident<Args> kernel(clock_, args);
    const size_t size = size_t(bytes / 8) / 4 * 4;
    const DeviceMemory source(4 * size), target(4 * size);
    yardsticks.push_back(stream("1 read : 1 write", [&](int shape) {
      deviceStream({static_cast<const float*>(source.data())}, static_cast<float*>(target.data()), size, shape, clock_.stream());
    }));
    measure(
        name, bytes, [&] { kernel(); }, yardsticks);
  }

  /// The fastest form of a yardstick, and how long it takes alone.
  std::pair<Work, double> best(const Yardstick& yardstick) const {
    std::pair<Work, double> best{nullptr, INFINITY};
    for (const Work& form : yardstick.forms) {
      const double ms = clock_.millisecondsOf(form, clock_.repeatsOf(form));
      if (ms < best.second) best = {form, ms};
    }
    return best;
  }

  void measure(const std::string& name, double bytes, const Work& kernel, const std::vector<Yardstick>& yardsticks) {
    if (o_.rounds == 0) return kernel();
    // where work is bound both by memory and by arithmetic, the slower of the two is the floor
    std::pair<Work, double> floor{nullptr, 0};
    std::string floorName;
    for (const Yardstick& y : yardsticks)
      if (const auto b = best(y); b.second > floor.second) floor = b, floorName = y.name;
    const int repeats = clock_.repeatsOf(kernel), floorRepeats = clock_.repeatsOf(floor.first);
    std::vector<double> ms, floorMs, share;
    for (int round = 0; round < o_.rounds; ++round) {
      double k = 0, f = 0;
      for (const bool kernelNow : {round % 2 == 0, round % 2 != 0})
        kernelNow ? k = clock_.millisecondsOf(kernel, repeats) : f = clock_.millisecondsOf(floor.first, floorRepeats);
      ms.push_back(k), floorMs.push_back(f), share.push_back(f / k);
    }
    std::printf("| %s | %.3g | %.3g | %.2f | %.0f | %s |\n", name.c_str(), median(ms), median(floorMs), median(share), bytes / median(ms) / 1e6,
                floorName.c_str());
    std::fflush(stdout);
  }

  const Options& o_;
  Arguments& arguments_;
  Clock& clock_;
};

}  // namespace ir::bench
