// Mean squared error and SSIM on the device: the same planes and windows as the CPU, in double precision. Every block writes one partial sum,
// and one block per plane adds them in a fixed tree: no atomics, equal results on every run.
#include "ir/compare.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "cuda/check.h"
#include "ir/device.h"
#include "kernels/luma.h"
#include "kernels/taps.h"

namespace ir {
namespace {

constexpr int kTileX = 32, kTileY = 8, kReach = kSsimWindow - 1, kHalf = kSsimWindow / 2;
constexpr int kLoadX = kTileX + kReach, kLoadY = kTileY + kReach;
constexpr int kThreads = kTileX * kTileY;
constexpr int kSums = 3;  // squared error, SSIM, contrast

struct Task {
  PlaneSource reference[4], image[4];
  double taps[kSsimWindow];
  int crop, width, height, pad, windowColumns, windowRows;  // windowRows is 0 without SSIM
  long long tilesX, tiles;
  bool clamp;
};

/// Sum over the block in a fixed tree; valid in thread 0.
__device__ double blockSum(double value, double* scratch) {
  const int t = int(threadIdx.x);
  scratch[t] = value;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (t < half) scratch[t] += scratch[t + half];
    __syncthreads();
  }
  const double sum = scratch[0];
  __syncthreads();  // scratch may be used again
  return sum;
}

/// One tile of pixels, and of windows with the same indices, of plane blockIdx.y.
__global__ void __launch_bounds__(kThreads) compareTile(const __grid_constant__ Task task, double* partial) {
  __shared__ double x[kLoadY][kLoadX], y[kLoadY][kLoadX], moments[4][kLoadY][kTileX], scratch[kThreads];
  const int plane = int(blockIdx.y), thread = int(threadIdx.x), tx = thread % kTileX, ty = thread / kTileX;
  const int left = int(blockIdx.x % task.tilesX) * kTileX, top = int(blockIdx.x / task.tilesX) * kTileY;

  for (int i = thread; i < kLoadY * kLoadX; i += kThreads) {
    const long long u = (long long)left + i % kLoadX - task.pad, v = (long long)top + i / kLoadX - task.pad;
    const bool inside = u >= 0 && u < task.width && v >= 0 && v < task.height;
    x[i / kLoadX][i % kLoadX] = inside ? planeAt(task.reference[plane], int(u) + task.crop, int(v) + task.crop) : 0;
    y[i / kLoadX][i % kLoadX] = inside ? planeAt(task.image[plane], int(u) + task.crop, int(v) + task.crop) : 0;
  }
  __syncthreads();

  for (int i = thread; i < kLoadY * kTileX; i += kThreads) {
    const int row = i / kTileX, column = i % kTileX;
    double mx = 0, my = 0, mq = 0, mp = 0;
    for (int k = 0; k < kSsimWindow; ++k) {
      const double p = x[row][column + k], q = y[row][column + k], t = task.taps[k];
      mx = fma(t, p, mx);
      my = fma(t, q, my);
      mq = fma(t, p * p + q * q, mq);
      mp = fma(t, p * q, mp);
    }
    moments[0][row][column] = mx;
    moments[1][row][column] = my;
    moments[2][row][column] = mq;
    moments[3][row][column] = mp;
  }
  __syncthreads();

  double ssim = 0, contrast = 0, squared = 0;
  if (left + tx < task.windowColumns && top + ty < task.windowRows) {
    double m[4] = {};
    for (int k = 0; k < kSsimWindow; ++k)
      for (int j = 0; j < 4; ++j) m[j] = fma(task.taps[k], moments[j][ty + k][tx], m[j]);
    const double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
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

}  // namespace

void runCuda(const CompareArgs& a, CudaStream opaque) {
  const cudaStream_t stream = static_cast<cudaStream_t>(opaque);
  const int planes = a.planes();
  Task task{};
  for (int p = 0; p < planes; ++p) {
    task.reference[p] = planeSource(a.reference, a.colour, p);
    task.image[p] = planeSource(a.image, a.colour, p);
  }
  const std::vector<double> taps = gaussianTaps(1.5, kSsimWindow);
  std::copy(taps.begin(), taps.end(), task.taps);
  task.crop = a.crop;
  task.clamp = a.clampContrast;
  task.width = a.reference.width - 2 * a.crop;
  task.height = a.reference.height - 2 * a.crop;
  task.pad = a.border == Window::Same ? kHalf : 0;
  task.windowColumns = task.width + 2 * task.pad - kReach;
  task.windowRows = a.ssim ? task.height + 2 * task.pad - kReach : 0;
  task.tilesX = (task.width - 1) / kTileX + 1;
  task.tiles = task.tilesX * ((task.height - 1) / kTileY + 1);
  require(task.tiles <= INT32_MAX, Code::Unsupported, "expected a picture of at most 2^31 tiles of 32x8 pixels for backend cuda");

  DeviceMemory partial(size_t(planes) * size_t(task.tiles) * kSums * sizeof(double)), totals(size_t(planes) * kSums * sizeof(double));
  compareTile<<<dim3(unsigned(task.tiles), unsigned(planes)), kThreads, 0, stream>>>(task, static_cast<double*>(partial.data()));
  IR_CUDA_LAUNCHED();
  addTiles<<<unsigned(planes), kThreads, 0, stream>>>(static_cast<const double*>(partial.data()), task.tiles, static_cast<double*>(totals.data()));
  IR_CUDA_LAUNCHED();
  std::vector<double> sums(size_t(planes) * kSums);
  totals.download(sums.data(), totals.bytes(), opaque);
  IR_CUDA(cudaStreamSynchronize(stream));

  const double pixels = double(task.width) * task.height, windows = double(task.windowColumns) * task.windowRows;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int p = 0; p < planes; ++p) {
    const double* s = sums.data() + size_t(p) * kSums;
    a.results.data[p] = s[0] / pixels;
    a.results.data[planes + p] = a.ssim ? s[1] / windows : nan;
    a.results.data[2 * planes + p] = a.ssim ? s[2] / windows : nan;
  }
}

}  // namespace ir
