// What the device is worth to a caller whose operands are on the host: whole calls, with allocation and transfers, beside the processor's best.
#pragma once
#include <chrono>
#include <cstdio>
#include <set>
#include <string>
#include <thread>

#include "device_arguments.h"
#include "device_clock.h"
#include "device_options.h"

namespace ir::bench {

class DeviceTransfers {
 public:
  DeviceTransfers(const Options& options, Arguments& arguments, Clock& clock) : o_(options), arguments_(arguments), clock_(clock) {}

  void all() {
    std::printf(
        "\n| work | CPU, 2 threads, ms | CPU, %d threads, ms | device with transfers, ms | without, ms | CPU, 2 threads / device with transfers |\n",
        allThreads());
    std::printf("|---|---|---|---|---|---|\n");
    const size_t size = size_t(1) << 22;
    print("denoise plain 4M", arguments_.denoise(size, false, 0, false));
    print("denoise guided + noise made 4M", arguments_.denoise(size, true, 0.13, false));
    print("normals 4M", arguments_.normals(size));
    print("noise f32 gaussian", arguments_.noise());
    print("blur f32 sigma 4", arguments_.blur(4));
    print("blur f32 sigma 20", arguments_.blur(20));
    print("resize u8 cubic /2", arguments_.resample(Pixel::U8, 2));
    print("degrade u8 sigma 2 /4", arguments_.degrade(4));
    print("ssim rgb u8", arguments_.compare());
    print("niqe u8", arguments_.niqe());
  }

 private:
  static int allThreads() { return std::max(1, int(std::thread::hardware_concurrency())); }

  template <class Args>
  void print(const std::string& name, const Args& args) {
    if (!o_.wants(name)) return;
    const Resident<Args> resident(clock_, args);
    const auto onCpu = [&](int threads) { return millisecondsOf([&] { run(args, {bestVariant(), threads, nullptr}); }); };
    const double two = onCpu(2), all = onCpu(allThreads()), staged = millisecondsOf([&] { runOnDevice(args); });
    std::vector<double> alone;
    for (int round = 0; round < o_.rounds; ++round) alone.push_back(clock_.millisecondsOf([&] { resident(); }, 1));
    std::printf("| %s | %.3g | %.3g | %.3g | %.3g | %.2f |\n", name.c_str(), two, all, staged, median(alone), two / staged);
    std::fflush(stdout);
  }

  /// Median of whole calls, by the wall.
  double millisecondsOf(const Work& work) const {
    work();
    std::vector<double> ms;
    for (int round = 0; round < o_.rounds; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      work();
      ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
    return median(ms);
  }

  const Options& o_;
  Arguments& arguments_;
  Clock& clock_;
};

}  // namespace ir::bench
