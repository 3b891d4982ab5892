// Gaussian blur on the device, with the sums of the CPU (ascending taps, fused): equal to its AVX2 and AVX-512 variants to the bit.
// Up to a radius of kFusedRadius both axes are done in one tile and the picture crosses memory once; wider kernels, and blurs in place, go
// through a float picture, in chunks of taps, so that any radius fits.
#include "ir/gaussian_blur.h"

#include <vector>

#include "cuda/planes.h"
#include "ir/border.h"
#include "ir/device.h"
#include "kernels/taps.h"

namespace ir {
namespace {

using namespace cuda;

constexpr int kRun = 8;               // outputs of one thread, side by side: a sample read once serves up to eight sums
constexpr int kLong = kRun * kWarps;  // side of a tile along the filtered axis; across it lie the lanes of a warp
constexpr int kChunk = 32;            // taps at a time
constexpr int kFusedRadius = 8, kFusedTaps = 2 * kFusedRadius + 1, kFusedRows = 32;

struct Task {
  Tiling tiling;
  Border border;
  int size;
  const float* taps;
};

/// sum[j] += taps[k] * samples[(j + k) * pitch], k ascending; reads `count` + kRun - 1 samples, each once.
__device__ inline void accumulate(const float* samples, int pitch, const float* taps, int count, float (&sum)[kRun]) {
  float window[kRun];
  for (int j = 0; j < kRun - 1; ++j) window[j] = samples[j * pitch];
  for (int base = 0; base < count; base += kRun) {
#pragma unroll
    for (int u = 0; u < kRun; ++u) {  // sample i lives in window[i % kRun]
      if (base + u >= count) break;
      window[(u + kRun - 1) % kRun] = samples[(base + u + kRun - 1) * pitch];
      const float tap = taps[base + u];
#pragma unroll
      for (int j = 0; j < kRun; ++j) sum[j] = fmaf(tap, window[(u + j) % kRun], sum[j]);
    }
  }
}

/// Along x: kLong columns, 32 rows; the lanes of a warp take a row each.
template <class T>
__global__ void __launch_bounds__(kThreads) blurRows(const __grid_constant__ Task task, const Planes<const T> src, const Planes<float> dst) {
  constexpr int kWide = kLong + kChunk - 1;  // odd: lanes that read one column meet no bank twice
  __shared__ float samples[kWarp][kWide], taps[kChunk];
  const Tiling& t = task.tiling;
  const Tile tile = tileOf(t, blockIdx.x);
  const int thread = int(threadIdx.x), lane = thread % kWarp, warp = thread / kWarp, radius = task.size / 2;
  float sum[kRun] = {};
  for (int first = 0; first < task.size; first += kChunk) {
    const int count = task.size - first < kChunk ? task.size - first : kChunk;
    for (int row = warp; row < kWarp; row += kWarps)
      for (int column = lane; column < kLong + count - 1; column += kWarp)
        samples[row][column] = src.at(tile.channel, fold(tile.left + column + first - radius, t.width, task.border),
                                      tile.top + row < t.height ? tile.top + row : t.height - 1);
    if (thread < count) taps[thread] = task.taps[first + thread];
    __syncthreads();
    accumulate(&samples[lane][warp * kRun], 1, taps, count, sum);
    __syncthreads();
  }
  for (int j = 0; j < kRun; ++j) samples[lane][warp * kRun + j] = sum[j];
  __syncthreads();
  for (int row = warp; row < kWarp; row += kWarps)
    for (int column = lane; column < kLong; column += kWarp)
      if (tile.left + column < t.width && tile.top + row < t.height) dst.at(tile.channel, tile.left + column, tile.top + row) = samples[row][column];
}

/// Along y: 32 columns, kLong rows; the lanes of a warp take a column each.
template <class T>
__global__ void __launch_bounds__(kThreads) blurColumns(const __grid_constant__ Task task, const Planes<float> src, const Planes<T> dst) {
  __shared__ float samples[kLong + kChunk - 1][kWarp], taps[kChunk];
  const Tiling& t = task.tiling;
  const Tile tile = tileOf(t, blockIdx.x);
  const int thread = int(threadIdx.x), lane = thread % kWarp, warp = thread / kWarp, radius = task.size / 2;
  const long long x = tile.left + lane;
  float sum[kRun] = {};
  for (int first = 0; first < task.size; first += kChunk) {
    const int count = task.size - first < kChunk ? task.size - first : kChunk;
    for (int row = warp; row < kLong + count - 1; row += kWarps)
      samples[row][lane] = src.at(tile.channel, x < t.width ? x : t.width - 1, fold(tile.top + row + first - radius, t.height, task.border));
    if (thread < count) taps[thread] = task.taps[first + thread];
    __syncthreads();
    accumulate(&samples[warp * kRun][lane], kWarp, taps, count, sum);
    __syncthreads();
  }
  for (int j = 0; j < kRun; ++j) {
    const long long y = tile.top + warp * kRun + j;
    if (x < t.width && y < t.height) store(&dst.at(tile.channel, x, y), sum[j]);
  }
}

/// Both axes of a tile of kLong x kFusedRows: rows into shared memory, with those that the columns reach, then columns.
template <class T>
__global__ void __launch_bounds__(kThreads) blurTile(const __grid_constant__ Task task, const Planes<const T> src, const Planes<T> dst) {
  __shared__ float samples[kFusedRows + kFusedTaps - 1][kLong + kFusedTaps], middle[kFusedRows + kFusedTaps - 1][kLong + 1];  // odd pitches
  __shared__ float taps[kFusedTaps];
  const Tiling& t = task.tiling;
  const Tile tile = tileOf(t, blockIdx.x);
  const int thread = int(threadIdx.x), lane = thread % kWarp, warp = thread / kWarp, radius = task.size / 2;
  const int rows = kFusedRows + task.size - 1, columns = kLong + task.size - 1;
  for (int row = warp; row < rows; row += kWarps) {
    const int y = fold(tile.top + row - radius, t.height, task.border);
    for (int column = lane; column < columns; column += kWarp)
      samples[row][column] = src.at(tile.channel, fold(tile.left + column - radius, t.width, task.border), y);
  }
  if (thread < task.size) taps[thread] = task.taps[thread];
  __syncthreads();

  for (int i = thread; i < rows * (kLong / kRun); i += kThreads) {  // neighbouring threads, neighbouring rows
    const int row = i % rows, run = i / rows * kRun;
    float sum[kRun] = {};
    accumulate(&samples[row][run], 1, taps, task.size, sum);
    for (int j = 0; j < kRun; ++j) middle[row][run + j] = sum[j];
  }
  __syncthreads();

  static_assert(kThreads == kLong * (kFusedRows / kRun), "a run of a column a thread");
  const int column = thread % kLong, run = thread / kLong * kRun;
  float sum[kRun] = {};
  accumulate(&middle[run][column], kLong + 1, taps, task.size, sum);
  for (int j = 0; j < kRun; ++j) {
    const long long x = tile.left + column, y = tile.top + run + j;
    if (x < t.width && y < t.height) store(&dst.at(tile.channel, x, y), sum[j]);
  }
}

template <class T>
void blur(const GaussianBlurArgs& a, CudaStream stream) {
  const int width = a.src.width, height = a.src.height, channels = a.src.channels, size = gaussianSize(a.sigma, a.size);
  const std::vector<double> exact = gaussianTaps(a.sigma, size);
  const std::vector<float> rounded(exact.begin(), exact.end());
  DeviceMemory taps(rounded.size() * sizeof(float));
  taps.upload(rounded.data(), taps.bytes(), stream);
  const auto taskOf = [&](int tileWidth, int tileHeight) {
    return Task{tilingOf(width, height, channels, tileWidth, tileHeight), a.border, size, static_cast<const float*>(taps.data())};
  };
  const Planes<const T> src = planesOf<const T>(a.src);
  const Planes<T> dst = planesOf<T>(a.dst);
  if (size <= kFusedTaps && a.src.data != a.dst.data) {
    const Task task = taskOf(kLong, kFusedRows);
    IR_CUDA_LAUNCH(blurTile<T>, blocksFor(task.tiling.count()), stream, task, src, dst);
    return synchronize(stream);
  }
  DeviceMemory middle(a.src.samples() * sizeof(float));
  const Planes<float> blurred = planesOf<float>(middle.data(), width, height, channels);
  const Task rows = taskOf(kLong, kWarp), columns = taskOf(kWarp, kLong);
  IR_CUDA_LAUNCH(blurRows<T>, blocksFor(rows.tiling.count()), stream, rows, src, blurred);
  IR_CUDA_LAUNCH(blurColumns<T>, blocksFor(columns.tiling.count()), stream, columns, blurred, dst);
  synchronize(stream);
}

}  // namespace

void runCuda(const GaussianBlurArgs& a, CudaStream stream) { a.src.pixel == Pixel::U8 ? blur<uint8_t>(a, stream) : blur<float>(a, stream); }

}  // namespace ir
