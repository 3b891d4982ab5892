// Both passes sum as the CPU does (ascending, fused, float32 in between): equal to its AVX2 and AVX-512 variants to the bit.
#include "cuda/separable.h"

#include "cuda/axis.h"
#include "cuda/planes.h"

namespace ir::cuda {
namespace {

constexpr int kColumns = 4;                             // of one thread along y, a warp apart: a weight read once serves four sums
constexpr int kWide = kColumns * kWarp;                 // tile along y: kWide x kWarps
constexpr int kOutputs = 4, kSide = kOutputs * kWarps;  // of one thread along x; tile: kSide x kWarp
constexpr int kSpan = 160;                              // inputs along x at a time: those of a tile at scale 1/4, antialiased

/// Along y: a warp makes one output row of a tile, its lanes side by side.
template <class In, class Out>
__global__ void __launch_bounds__(kThreads)
    mixColumns(const __grid_constant__ Tiling tiling, const Axis<float> axis, const Planes<In> src, const Planes<Out> dst) {
  const Tile tile = tileOf(tiling, blockIdx.x);
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  const long long y = tile.top + warp;
  if (y >= tiling.height) return;
  long long x[kColumns];
  for (int v = 0; v < kColumns; ++v) {
    x[v] = tile.left + v * kWarp + lane;
    if (x[v] >= tiling.width) x[v] = tiling.width - 1;
  }
  const int first = axis.first[y], count = axis.count[y];
  const float* weights = axis.weights + size_t(y) * size_t(axis.stride);
  float sum[kColumns] = {};
  for (int k = 0; k < count; ++k)
    for (int v = 0; v < kColumns; ++v) sum[v] = fmaf(weights[k], float(src.at(tile.channel, x[v], first + k)), sum[v]);
  for (int v = 0; v < kColumns; ++v)
    if (tile.left + v * kWarp + lane < tiling.width) store(&dst.at(tile.channel, x[v], y), sum[v]);
}

/// Along x: the lanes of a warp take a row each and share every weight; the inputs of the tile pass through shared memory kSpan at a time.
template <class In, class Out>
__global__ void __launch_bounds__(kThreads) mixRows(const __grid_constant__ Tiling tiling, const Axis<float> axis, const int* low, const int* high,
                                                    const Planes<In> src, const Planes<Out> dst) {
  __shared__ float inputs[kWarp][kSpan + 1], outputs[kWarp][kSide + 1];  // odd pitches: lanes in one column meet no bank twice
  const Tile tile = tileOf(tiling, blockIdx.x);
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  float sum[kOutputs] = {};
  for (int start = low[tile.column]; start < high[tile.column]; start += kSpan) {
    const int n = high[tile.column] - start < kSpan ? high[tile.column] - start : kSpan;
    for (int row = warp; row < kWarp; row += kWarps) {
      const long long y = tile.top + row < tiling.height ? tile.top + row : tiling.height - 1;
      for (int i = lane; i < n; i += kWarp) inputs[row][i] = float(src.at(tile.channel, start + i, y));
    }
    __syncthreads();
    for (int v = 0; v < kOutputs; ++v) {
      const long long x = tile.left + warp * kOutputs + v;
      if (x >= tiling.width) break;
      const int first = axis.first[x] - start, begin = first < 0 ? -first : 0, end = axis.count[x] < n - first ? axis.count[x] : n - first;
      const float* weights = axis.weights + size_t(x) * size_t(axis.stride);
      for (int k = begin; k < end; ++k) sum[v] = fmaf(weights[k], inputs[lane][first + k], sum[v]);
    }
    __syncthreads();
  }
  for (int v = 0; v < kOutputs; ++v) outputs[lane][warp * kOutputs + v] = sum[v];
  __syncthreads();
  for (int row = warp; row < kWarp; row += kWarps)
    if (tile.left + lane < tiling.width && tile.top + row < tiling.height)
      store(&dst.at(tile.channel, tile.left + lane, tile.top + row), outputs[row][lane]);
}
static_assert(kSide == kWarp, "a row of a tile is stored by one warp");

/// The inputs that each tile of kSide outputs reaches: the lows of all tiles, then the highs.
std::vector<int> reachOfTiles(const AxisMap& map) {
  const size_t tiles = size_t(map.out - 1) / kSide + 1;
  std::vector<int> reach(2 * tiles, 0);
  std::fill_n(reach.begin(), tiles, map.in);
  for (size_t i = 0; i < size_t(map.out); ++i) {
    int &low = reach[i / kSide], &high = reach[tiles + i / kSide];
    low = std::min(low, map.first[i]);
    high = std::max(high, map.first[i] + map.count[i]);
  }
  return reach;
}

class Separable {
 public:
  Separable(const AxisMap& alongX, const AxisMap& alongY, int channels, CudaStream stream)
      : x_(alongX, stream), y_(alongY, stream), hostReach_(reachOfTiles(alongX)), reach_(hostReach_.size() * sizeof(int)), channels_(channels),
        stream_(stream) {
    reach_.upload(hostReach_.data(), reach_.bytes(), stream);
  }

  template <class T>
  void run(const ConstRaster& src, const Raster& dst, bool columnsFirst) const {
    const int width = columnsFirst ? src.width : dst.width, height = columnsFirst ? dst.height : src.height;
    DeviceMemory memory(size_t(width) * size_t(height) * size_t(channels_) * sizeof(float));
    const Planes<float> middle = planesOf<float>(memory.data(), width, height, channels_);
    if (columnsFirst) {
      columns(width, planesOf<const T>(src), middle);
      rows(height, middle, planesOf<T>(dst));
    } else {
      rows(height, planesOf<const T>(src), middle);
      columns(width, middle, planesOf<T>(dst));
    }
    synchronize(stream_);
  }

 private:
  template <class In, class Out>
  void columns(int width, const Planes<In>& src, const Planes<Out>& dst) const {
    const Tiling tiling = tilingOf(width, y_.view().out, channels_, kWide, kWarps);
    IR_CUDA_LAUNCH((mixColumns<In, Out>), blocksFor(tiling.count()), stream_, tiling, y_.view(), src, dst);
  }
  template <class In, class Out>
  void rows(int height, const Planes<In>& src, const Planes<Out>& dst) const {
    const Tiling tiling = tilingOf(x_.view().out, height, channels_, kSide, kWarp);
    const int* low = static_cast<const int*>(reach_.data());
    IR_CUDA_LAUNCH((mixRows<In, Out>), blocksFor(tiling.count()), stream_, tiling, x_.view(), low, low + tiling.columns, src, dst);
  }

  DeviceAxis<float> x_, y_;
  std::vector<int> hostReach_;
  DeviceMemory reach_;
  int channels_;
  CudaStream stream_;
};

}  // namespace

void applySeparable(const ConstRaster& src, const Raster& dst, const AxisMap& alongX, const AxisMap& alongY, bool columnsFirst, CudaStream stream) {
  const Separable filter(alongX, alongY, src.channels, stream);
  src.pixel == Pixel::U8 ? filter.run<uint8_t>(src, dst, columnsFirst) : filter.run<float>(src, dst, columnsFirst);
}

}  // namespace ir::cuda
