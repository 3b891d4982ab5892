// Mean squared error and SSIM on the device: the same planes and windows as the CPU, in double precision. Every block writes one partial sum,
// and one block per plane adds them in a fixed tree: no atomics, equal results on every run.
#include "ir/compare.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <vector>

#include "cuda/launch.h"
#include "ir/device.h"
#include "kernels/luma.h"
#include "kernels/ssim_windows.h"

namespace ir {
namespace {

using namespace cuda;

constexpr int kTileX = kWarp, kTileY = kWarps, kReach = kSsimWindow - 1;
constexpr int kLoadX = kTileX + kReach, kLoadY = kTileY + kReach;
constexpr int kSums = 3;  // squared error, SSIM, contrast

struct Task {
  PlaneSource reference[4], image[4];
  double weights[4][4];  // of channel b in the moments of plane a
  double taps[kSsimWindow], c2;
  int planes, crop, width, height, pad, windowColumns, windowRows;  // windowRows is 0 without SSIM
  long long tilesX, tiles;
  bool clamp, replicate, volume;
};

__device__ inline long long within(long long i, int n) { return i < 0 ? 0 : i < n ? i : n - 1; }

/// One tile of pixels, and of windows with the same indices, of plane blockIdx.y.
__global__ void __launch_bounds__(kThreads) compareTile(const __grid_constant__ Task task, double* partial) {
  __shared__ double x[kLoadY][kLoadX], y[kLoadY][kLoadX], moments[4][kTileY][kLoadX], scratch[kThreads];
  const int plane = int(blockIdx.y), thread = int(threadIdx.x), tx = thread % kTileX, ty = thread / kTileX;
  const int left = int(blockIdx.x % task.tilesX) * kTileX, top = int(blockIdx.x / task.tilesX) * kTileY;

  // The plane itself; of a volume all channels, the plane's own last, so that its samples stay.
  for (int k = task.volume ? 1 : task.planes; k <= task.planes; ++k) {
    const int channel = (plane + k) % task.planes;
    const bool first = k == 1 || !task.volume;
    for (int i = thread; i < kLoadY * kLoadX; i += kThreads) {
      long long u = (long long)left + i % kLoadX - task.pad, v = (long long)top + i / kLoadX - task.pad;
      if (task.replicate) u = within(u, task.width), v = within(v, task.height);
      const bool inside = u >= 0 && u < task.width && v >= 0 && v < task.height;
      x[i / kLoadX][i % kLoadX] = inside ? planeAt(task.reference[channel], int(u) + task.crop, int(v) + task.crop) : 0;
      y[i / kLoadX][i % kLoadX] = inside ? planeAt(task.image[channel], int(u) + task.crop, int(v) + task.crop) : 0;
    }
    __syncthreads();

    for (int i = thread; i < kTileY * kLoadX; i += kThreads) {  // along y first, as the CPU: windows equal to its fused variants to the bit
      const int row = i / kLoadX, column = i % kLoadX;
      double m[4] = {};
      for (int j = 0; j < kSsimWindow; ++j) {
        const double p = x[row + j][column], q = y[row + j][column], t = task.taps[j];
        m[0] = fma(t, p, m[0]);
        m[1] = fma(t, q, m[1]);
        m[2] = fma(t, p * p + q * q, m[2]);
        m[3] = fma(t, p * q, m[3]);
      }
      for (int j = 0; j < 4; ++j)
        moments[j][row][column] = first ? task.weights[plane][channel] * m[j] : fma(task.weights[plane][channel], m[j], moments[j][row][column]);
    }
    __syncthreads();
  }

  double ssim = 0, contrast = 0, squared = 0;
  if (left + tx < task.windowColumns && top + ty < task.windowRows) {
    double m[4] = {};
    for (int k = 0; k < kSsimWindow; ++k)
      for (int j = 0; j < 4; ++j) m[j] = fma(task.taps[k], moments[j][ty][tx + k], m[j]);
    const double c1 = 0.01 * 255 * 0.01 * 255, c2 = task.c2;
    const double means = m[0] * m[0] + m[1] * m[1], product = m[0] * m[1];
    contrast = (2.0 * (m[3] - product) + c2) / ((m[2] - means) + c2);
    if (task.clamp && contrast < 0) contrast = 0;
    ssim = (2.0 * product + c1) / (means + c1) * contrast;
  }
  if (left + tx < task.width && top + ty < task.height) {
    const double d = x[ty + task.pad][tx + task.pad] - y[ty + task.pad][tx + task.pad];
    squared = d * d;
  }
  double* out = partial + ((long long)plane * task.tiles + (long long)blockIdx.x) * kSums;
  const double sums[kSums] = {blockSum(squared, scratch), blockSum(ssim, scratch), blockSum(contrast, scratch)};
  if (thread == 0)
    for (int k = 0; k < kSums; ++k) out[k] = sums[k];
}

/// Adds the partial sums of plane blockIdx.x.
__global__ void __launch_bounds__(kThreads) addTiles(const double* partial, long long tiles, double* totals) {
  __shared__ double scratch[kThreads];
  for (int k = 0; k < kSums; ++k) {
    double sum = 0;
    for (long long i = threadIdx.x; i < tiles; i += kThreads) sum += partial[((long long)blockIdx.x * tiles + i) * kSums + k];
    sum = blockSum(sum, scratch);
    if (threadIdx.x == 0) totals[blockIdx.x * kSums + k] = sum;
  }
}

/// Means of 2x2 samples of a plane, a zero first where a side is odd (contract: `scales`).
__global__ void __launch_bounds__(kThreads) halvePlane(const __grid_constant__ PlaneSource source, int crop, int width, int height, double* dst) {
  const int columns = (width + 1) / 2, rows = (height + 1) / 2;
  const auto at = [&](int x, int y) { return x < 0 || y < 0 ? 0.0 : planeAt(source, crop + x, crop + y); };
  for (long long i = globalThread(); i < (long long)columns * rows; i += globalThreads()) {
    const int x = 2 * int(i % columns) - width % 2, y = 2 * int(i / columns) - height % 2;
    dst[i] = ((at(x, y) + at(x + 1, y)) + (at(x, y + 1) + at(x + 1, y + 1))) * 0.25;
  }
}

Task taskOf(const CompareArgs& a) {
  const SsimWindows windows = ssimWindows(a);
  Task task{};
  task.planes = a.planes();
  task.volume = a.volume;
  for (int p = 0; p < task.planes; ++p) {
    task.reference[p] = planeSource(a.reference, a.colour, p, a.referenceLevels);
    task.image[p] = planeSource(a.image, a.colour, p, a.imageLevels);
    for (int c = 0; c < task.planes; ++c) task.weights[p][c] = a.volume ? volumeWeight(windows, p, c, task.planes) : 1;
  }
  std::copy(windows.taps.begin(), windows.taps.end(), task.taps);
  task.c2 = windows.c2;
  task.pad = windows.pad;
  task.crop = a.crop;
  task.clamp = a.clampContrast;
  task.replicate = a.border == Window::Replicate;
  task.width = a.reference.width - 2 * a.crop;
  task.height = a.reference.height - 2 * a.crop;
  return task;
}

/// All planes of one scale: results in the contract's order.
void compareScale(Task& task, bool ssim, double* results, CudaStream stream) {
  const int planes = task.planes;
  task.windowColumns = task.width + 2 * task.pad - kReach;
  task.windowRows = ssim ? task.height + 2 * task.pad - kReach : 0;
  task.tilesX = (task.width - 1) / kTileX + 1;
  task.tiles = task.tilesX * ((task.height - 1) / kTileY + 1);
  DeviceMemory partial(size_t(planes) * size_t(task.tiles) * kSums * sizeof(double)), totals(size_t(planes) * kSums * sizeof(double));
  IR_CUDA_LAUNCH(compareTile, dim3(blocksFor(task.tiles).x, unsigned(planes)), stream, task, static_cast<double*>(partial.data()));
  IR_CUDA_LAUNCH(addTiles, dim3(unsigned(planes)), stream, static_cast<double*>(partial.data()), task.tiles, static_cast<double*>(totals.data()));
  std::vector<double> sums(size_t(planes) * kSums);
  totals.download(sums.data(), totals.bytes(), stream);
  synchronize(stream);

  const double pixels = double(task.width) * task.height, windows = double(task.windowColumns) * task.windowRows;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int p = 0; p < planes; ++p) {
    const double* s = sums.data() + size_t(p) * kSums;
    results[p] = s[0] / pixels;
    results[planes + p] = ssim ? s[1] / windows : nan;
    results[2 * planes + p] = ssim ? s[2] / windows : nan;
  }
}

}  // namespace

void runCuda(const CompareArgs& a, CudaStream stream) {
  Task task = taskOf(a);
  std::deque<DeviceMemory> planes;  // of the scale at hand
  for (int scale = 0;; ++scale) {
    compareScale(task, a.ssim, a.results.data + size_t(scale) * 3 * size_t(task.planes), stream);
    if (scale + 1 == a.scales) return;
    const int width = (task.width + 1) / 2, height = (task.height + 1) / 2;
    std::deque<DeviceMemory> halves;
    for (int p = 0; p < task.planes; ++p)
      for (PlaneSource* source : {&task.reference[p], &task.image[p]}) {
        halves.emplace_back(size_t(width) * size_t(height) * sizeof(double));
        double* const half = static_cast<double*>(halves.back().data());
        IR_CUDA_LAUNCH(halvePlane, gridFor((long long)width * height), stream, *source, task.crop, task.width, task.height, half);
        *source = planeOfDoubles(half, width, height);
      }
    synchronize(stream);  // before the planes of this scale go
    planes = std::move(halves);
    task.width = width;
    task.height = height;
    task.crop = 0;
  }
}

}  // namespace ir
