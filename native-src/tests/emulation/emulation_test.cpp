// That the emulation sees what it claims to see; what only it can show of the CUDA files (every call failing in turn, no device); and the
// normals at words that no short sequence reaches.
#include <cmath>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../../kernels.h"
#include "cuda/normals.h"
#include "cuda/staging.h"
#include "cuda_runtime.h"
#include "pictures.h"

using namespace ir;
using namespace ir::test;

namespace {

struct Restore {
  emulation::State before = emulation::state();
  ~Restore() {
    const emulation::State now = emulation::state();
    emulation::state() = before;
    emulation::state().allocations = now.allocations;
    emulation::state().streams = now.streams;
  }
};

/// Each thread takes its neighbour's number, with the barrier that this needs or without.
template <bool Barrier>
void neighbours(int base, int* out) {
  __shared__ int numbers[cuda::kThreads];
  const int i = int(threadIdx.x);
  numbers[i] = base + i;
  if (Barrier) __syncthreads();
  out[i] = numbers[(i + 1) % cuda::kThreads] - base;
}

void unequalBarriers(int) {
  if (threadIdx.x % 2) __syncthreads();
}

void writeAt(char* p, long offset) {
  if (threadIdx.x == 0) p[offset] = 1;
}

std::vector<int> neighboursInOrder(bool barrier, bool descending) {
  const Restore restore;
  emulation::state().descending = descending;
  static int base = 0;
  base += 1000;
  std::vector<int> out(cuda::kThreads);
  IR_CUDA_LAUNCH((barrier ? &neighbours<true> : &neighbours<false>), dim3(1), nullptr, base, out.data());
  return out;
}

/// Every kernel once, small, by name.
std::vector<std::pair<std::string, std::function<void()>>> kernels() {
  static const Picture src = randomPicture(100, 97, 3, 1, true), small = randomPicture(12, 11, 3, 2, false);
  static Picture dst = src.blank(100, 97), half = src.blank(50, 49);
  static std::vector<double> results(9), features(kNiqeFeatures), words(4);
  GaussianBlurArgs narrow;
  narrow.src = src.view();
  narrow.dst = dst.raster();
  narrow.sigma = 1;
  GaussianBlurArgs wide = narrow;
  wide.sigma = 5;
  ResampleArgs resample;
  resample.src = src.view();
  resample.dst = half.raster();
  resample.scaleX = resample.scaleY = 0.5;
  DegradeArgs degrade;
  degrade.src = src.view();
  degrade.dst = half.raster();
  degrade.scaleX = degrade.scaleY = 0.5;
  degrade.sigma = 1;
  AddNoiseArgs noise;
  noise.src = src.view();
  noise.dst = dst.raster();
  noise.sigma = 0.1;
  NormalFieldArgs normals;
  normals.dst = {dst.floats.data(), 100};
  PhiloxWordsArgs philox;
  philox.words = {words.data(), 4};
  DenoiseStepArgs step;
  step.z = {src.floats.data(), 100};
  step.out = {dst.floats.data(), 100};
  step.sigma = 1;
  CompareArgs compare;
  compare.reference = compare.image = small.view();
  compare.results = {results.data(), 9};
  NiqeArgs niqe;
  niqe.image = src.view();
  niqe.features = {features.data(), features.size()};
  const auto runs = [](auto args) { return [args] { runOnDevice(args); }; };
  return {{"blur", runs(narrow)},     {"wide blur", runs(wide)}, {"resample", runs(resample)}, {"degrade", runs(degrade)}, {"noise", runs(noise)},
          {"normals", runs(normals)}, {"philox", runs(philox)},  {"step", runs(step)},         {"compare", runs(compare)}, {"niqe", runs(niqe)}};
}

}  // namespace

TEST_CASE("emulation: a missing barrier shows as a result that depends on the order of threads") {
  CHECK(neighboursInOrder(true, false) == neighboursInOrder(true, true));
  CHECK(neighboursInOrder(false, false) != neighboursInOrder(false, true));
}

TEST_CASE("emulation: a barrier that some threads miss is an error") {
  CHECK_THROWS_WITH_AS(IR_CUDA_LAUNCH(unequalBarriers, dim3(1), nullptr, 0), doctest::Contains("cudaErrorLaunchFailure"), Error);
}

TEST_CASE("emulation: writes outside an allocation are an error, and fresh memory is not-a-number") {
  for (const long offset : {-1L, 100L, 163L}) {
    const Restore restore;
    DeviceMemory memory(100);
    IR_CUDA_LAUNCH(writeAt, dim3(1), nullptr, static_cast<char*>(memory.data()), offset);
    CHECK_THROWS_WITH_AS(cuda::synchronize(nullptr), doctest::Contains("cudaErrorIllegalAddress"), Error);
  }
  float fresh = 0;
  DeviceMemory(4).download(&fresh, 4, nullptr);
  CHECK(std::isnan(fresh));
  CHECK_THROWS_AS(IR_CUDA(cudaMemcpyAsync(&fresh, &fresh, 4, cudaMemcpyHostToDevice, nullptr)), Error);
  CHECK_THROWS_WITH_AS(IR_CUDA_LAUNCH(writeAt, dim3(0), nullptr, nullptr, 0L), doctest::Contains("cudaErrorInvalidConfiguration"), Error);
}

/// Run by itself, with room for 1 MiB of kept memory.
TEST_CASE("cuda: the cache: the same size again, the oldest goes first, all goes where memory is short, nothing comes back from a call that failed") {
  const char* const told = std::getenv("IR_NATIVE_DEVICE_CACHE");
  if (!told || std::string(told) != "1") return;
  const auto allocations = [] { return emulation::state().allocations; };
  constexpr size_t kHalf = 512 << 10;
  const auto use = [](size_t bytes) { return DeviceMemory(bytes).data(); };  // and gives it back

  void* const first = use(kHalf);
  CHECK(use(kHalf) == first);
  CHECK(allocations() == 1);
  use(kHalf / 2);
  CHECK(allocations() == 2);  // another size is other memory
  use(kHalf + 1);
  CHECK(allocations() == 2);  // the first had to go
  use((1 << 20) + 1);
  CHECK(allocations() == 0);  // more than there is room for

  use(kHalf);
  {
    const Restore restore;
    emulation::state().failAt = 0;
    emulation::state().failure = cudaErrorMemoryAllocation;
    const DeviceMemory other(100);  // in the place of what was kept
    CHECK(allocations() == 1);
  }
  use(kHalf);
  CHECK(allocations() == 2);
  try {
    const DeviceMemory memory(kHalf);
    throw std::runtime_error("work may still be under way");
  } catch (const std::runtime_error&) {
  }
  CHECK(allocations() == 1);
}

TEST_CASE("cuda: whichever call fails, the error is typed, names the call, and nothing leaks") {
  for (const auto& kernel : kernels())
    for (const auto& [status, code] : {std::pair{cudaErrorMemoryAllocation, Code::Memory}, {cudaErrorLaunchFailure, Code::Backend}}) {
      CAPTURE(kernel.first);
      int calls = 0;
      for (;; ++calls) {
        const Restore restore;
        emulation::state().failAt = calls;
        emulation::state().failure = status;
        bool failed = false;
        try {
          kernel.second();
        } catch (const Error& e) {
          failed = true;
          CHECK(e.code() == code);
          CHECK(std::string(e.what()).find(cudaGetErrorName(status)) == 0);
          CHECK(std::string(e.what()).find(", in ") != std::string::npos);
        }
        CHECK(emulation::state().allocations == 0);
        CHECK(emulation::state().streams == 0);
        CHECK(emulation::state().damaged == 0);
        if (!failed) break;
      }
      CHECK(calls >= 4);  // at least a stream, memory, a launch, a synchronisation
    }
}

TEST_CASE("cuda: without a device every kernel is refused, with CUDA's own reason") {
  const Restore restore;
  emulation::state().present = false;
  const DeviceReport report = cudaReport();
  CHECK(report.compiled);
  CHECK(report.devices.empty());
  CHECK(report.reason.find("cudaErrorNoDevice") == 0);
  for (const auto& kernel : kernels()) {
    CAPTURE(kernel.first);
    try {
      kernel.second();
      FAIL_CHECK("expected a refusal");
    } catch (const Error& e) {
      CHECK(e.code() == Code::Backend);
    }
  }
}

TEST_CASE("cuda: normals within 24 eps of the definition, from the smallest word to the largest") {
  constexpr double kTwoPi = 6.283185307179586;
  double worst = 0;
  std::vector<uint32_t> words;
  for (int bit = 0; bit < 32; ++bit)
    for (int d = -2; d <= 2; ++d) words.push_back((uint32_t(1) << bit) + uint32_t(d)), words.push_back(~((uint32_t(1) << bit) + uint32_t(d)));
  Random random(1);
  for (int i = 0; i < 400; ++i) words.push_back(random.next() << 8 ^ random.next());
  for (const uint32_t a : words)
    for (const uint32_t b : words) {
      const double r = std::sqrt(-2 * std::log((a + 0.5) * 0x1p-32)), angle = kTwoPi * ((b + 0.5) * 0x1p-32);
      float c, s;
      cuda::turn(b, &c, &s);
      const float radius = cuda::radiusOf(a);
      worst = std::max({worst, std::fabs(double(radius * c) - r * std::cos(angle)), std::fabs(double(radius * s) - r * std::sin(angle))});
    }
  CHECK(worst <= 24 * 0x1p-24);
  CHECK(worst > 0);
}
