// NIQE's features on the device: planes, halved planes and normalised coefficients by the operations of the CPU, in its order and without
// contraction, hence equal to the bit; the sums of a block in a fixed tree. The fit of the 18 parameters from the sums is the CPU's own.
#include "ir/niqe.h"

#include <algorithm>
#include <vector>

#include "cuda/axis.h"
#include "kernels/aggd.h"
#include "kernels/luma.h"
#include "kernels/niqe_window.h"

namespace ir {
namespace {

using namespace cuda;

constexpr int kSide = 2 * kNiqeRadius + 1;
constexpr int kTileX = kWarp, kTileY = kWarps;
constexpr int kProducts = 5;  // the block, and its products with four shifts

__global__ void __launch_bounds__(kThreads) lumaPlane(const __grid_constant__ PlaneSource source, int crop, int width, int height, double* plane) {
  for (long long i = globalThread(); i < (long long)width * height; i += globalThreads())
    plane[i] = planeAt(source, int(i % width) + crop, int(i / width) + crop);
}

/// sum_k w[k] (x[k] - x[0]) + x[0]: exact on flat areas.
__device__ inline double mixFlat(const double* x, long long pitch, const double* w, int count) {
  double sum = 0;
  for (int k = 1; k < count; ++k) sum += w[k] * (x[k * pitch] - x[0]);
  return sum + x[0];
}

__global__ void __launch_bounds__(kThreads) halveColumns(Axis<double> axis, int width, const double* src, double* dst) {
  for (long long i = globalThread(); i < (long long)width * axis.out; i += globalThreads()) {
    const long long y = i / width;
    dst[i] = mixFlat(src + (long long)axis.first[y] * width + i % width, width, axis.weights + y * axis.stride, axis.count[y]);
  }
}

__global__ void __launch_bounds__(kThreads) halveRows(Axis<double> axis, int height, const double* src, double* dst) {
  for (long long i = globalThread(); i < (long long)axis.out * height; i += globalThreads()) {
    const long long x = i % axis.out;
    dst[i] = mixFlat(src + i / axis.out * axis.in + axis.first[x], 1, axis.weights + x * axis.stride, axis.count[x]);
  }
}

/// The CPU's weights, row by row.
struct Weights {
  double at[kSide * kSide];
};

/// Normalised coefficients (I - mu) / (sigma + 1) of a tile of kTileX x kTileY, border replicate; sums in raster order.
__global__ void __launch_bounds__(kThreads)
    normalise(const __grid_constant__ Weights weights, int width, int height, const double* plane, double* out) {
  __shared__ double samples[kTileY + kSide - 1][kTileX + kSide - 1];
  const int tilesX = (width - 1) / kTileX + 1, left = int(blockIdx.x) % tilesX * kTileX, top = int(blockIdx.x) / tilesX * kTileY;
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  for (int row = warp; row < kTileY + kSide - 1; row += kWarps)
    for (int column = lane; column < kTileX + kSide - 1; column += kWarp) {
      const int x = left + column - kNiqeRadius, y = top + row - kNiqeRadius;
      samples[row][column] = plane[(long long)(y < 0 ? 0 : y < height ? y : height - 1) * width + (x < 0 ? 0 : x < width ? x : width - 1)];
    }
  __syncthreads();
  if (left + lane >= width || top + warp >= height) return;
  const double centre = samples[warp + kNiqeRadius][lane + kNiqeRadius];
  double first = 0, second = 0;
  for (int i = 0; i < kSide; ++i)
    for (int j = 0; j < kSide; ++j) {
      const double d = samples[warp + i][lane + j] - centre, w = weights.at[kSide * i + j] * d;
      first += w;
      second += w * d;
    }
  const double spread = sqrt(fabs(second - first * first));
  out[(long long)(top + warp) * width + left + lane] = -first / (spread + 1.0);
}

/// Sums of block blockIdx.x, of `side` samples a side, and of its products with itself shifted circularly.
__global__ void __launch_bounds__(kThreads) sumBlock(const double* map, int side, int columns, AggdSums* sums) {
  __shared__ double scratch[kThreads];
  const long long pitch = (long long)columns * side;
  const double* const block = map + blockIdx.x / unsigned(columns) * side * pitch + blockIdx.x % unsigned(columns) * unsigned(side);
  AggdSums mine[kProducts];
  for (int i = int(threadIdx.x); i < side * side; i += kThreads) {
    const int x = i % side, y = i / side, left = x == 0 ? side - 1 : x - 1, right = x == side - 1 ? 0 : x + 1, above = y == 0 ? side - 1 : y - 1;
    const double v = block[y * pitch + x];
    const double values[kProducts] = {v, v * block[y * pitch + left], v * block[above * pitch + x], v * block[above * pitch + left],
                                      v * block[above * pitch + right]};
#pragma unroll
    for (int k = 0; k < kProducts; ++k) {
      const double value = values[k], square = value * value;
      if (value < 0) mine[k].leftSquares += square, mine[k].left += 1;
      if (value > 0) mine[k].rightSquares += square, mine[k].right += 1;
      mine[k].absolute += fabs(value);
    }
  }
#pragma unroll
  for (int k = 0; k < kProducts; ++k) {
    AggdSums total;
    total.leftSquares = blockSum(mine[k].leftSquares, scratch);
    total.rightSquares = blockSum(mine[k].rightSquares, scratch);
    total.absolute = blockSum(mine[k].absolute, scratch);
    total.left = blockSum(mine[k].left, scratch);
    total.right = blockSum(mine[k].right, scratch);
    total.count = side * side;
    if (threadIdx.x == 0) sums[blockIdx.x * kProducts + k] = total;
  }
}

/// One call: the plane at both scales, and from each 18 features a block.
class Niqe {
 public:
  Niqe(const NiqeArgs& args, CudaStream stream)
      : args_(args), stream_(stream), width_(args.columns() * kNiqeBlock), height_(args.rows() * kNiqeBlock), full_(bytes(width_, height_)),
        map_(bytes(width_, height_)), sums_(size_t(args.columns()) * size_t(args.rows()) * kProducts * sizeof(AggdSums)) {
    const std::vector<double> weights = niqeWindow();
    std::copy(weights.begin(), weights.end(), weights_.at);
  }

  void operator()() const {
    const PlaneSource source = planeSource(args_.image, args_.colour, 0, args_.levels);
    IR_CUDA_LAUNCH(lumaPlane, gridFor((long long)width_ * height_), stream_, source, args_.crop, width_, height_, doubles(full_));
    features(full_, kNiqeBlock, 0);
    const DeviceAxis<double> x(halving(width_), stream_), y(halving(height_), stream_);
    const DeviceMemory between(bytes(width_, height_ / 2)), half(bytes(width_ / 2, height_ / 2));
    IR_CUDA_LAUNCH(halveColumns, gridFor((long long)width_ * height_ / 2), stream_, y.view(), width_, doubles(full_), doubles(between));
    IR_CUDA_LAUNCH(halveRows, gridFor((long long)width_ * height_ / 4), stream_, x.view(), height_ / 2, doubles(between), doubles(half));
    features(half, kNiqeBlock / 2, kNiqeFeatures / 2);
  }

 private:
  static size_t bytes(int width, int height) { return size_t(width) * size_t(height) * sizeof(double); }
  static double* doubles(const DeviceMemory& m) { return static_cast<double*>(m.data()); }
  static AxisMap halving(int n) { return resampleAxis(n, n / 2, 0.5, Filter::Cubic, true, Border::Symmetric); }

  /// Features of every block of a plane into columns `at`.. of the results; waits.
  void features(const DeviceMemory& plane, int side, int at) const {
    const int width = args_.columns() * side, height = args_.rows() * side, blocks = args_.columns() * args_.rows();
    const long long tiles = ((long long)(width - 1) / kTileX + 1) * ((height - 1) / kTileY + 1);
    IR_CUDA_LAUNCH(normalise, blocksFor(tiles), stream_, weights_, width, height, doubles(plane), doubles(map_));
    IR_CUDA_LAUNCH(sumBlock, blocksFor(blocks), stream_, doubles(map_), side, args_.columns(), static_cast<AggdSums*>(sums_.data()));
    std::vector<AggdSums> sums(size_t(blocks) * kProducts);
    sums_.download(sums.data(), sums_.bytes(), stream_);
    synchronize(stream_);
    for (size_t i = 0; i < size_t(blocks); ++i) aggdFeatures(&sums[i * kProducts], args_.features.data + i * kNiqeFeatures + at);
  }

  const NiqeArgs& args_;
  CudaStream stream_;
  int width_, height_;
  Weights weights_;
  DeviceMemory full_, map_, sums_;
};

}  // namespace

void runCuda(const NiqeArgs& a, CudaStream stream) { Niqe(a, stream)(); }

}  // namespace ir
