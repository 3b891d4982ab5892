// Noise on the device: a thread makes the four normals of a Philox block, or one Poisson count. Normals are equal to the CPU's AVX2 variant to
// the bit; counts come from kernels/poisson.h itself, compiled without contraction, and are equal everywhere.
#include "ir/add_noise.h"

#include <algorithm>

#include "cuda/normals.h"
#include "cuda/planes.h"
#include "cuda/quads.h"
#include "ir/device.h"
#include "kernels/poisson.h"

namespace ir {
namespace {

using namespace cuda;

/// A picture as lines of samples at consecutive positions: its rows, or whole channels where the raster spans the picture's width.
struct Lines {
  int channels, fields;          // `fields`: channels that have noise of their own, 1 for grey
  long long rows, length;        // lines of a channel, samples of a line
  uint64_t field, pitch, start;  // positions from channel to channel and from line to line, and of the first sample
  NoiseKey key;

  __device__ uint64_t position(int c, long long row) const { return uint64_t(c) * field + uint64_t(row) * pitch + start; }
};

Lines linesOf(const AddNoiseArgs& a) {
  const bool whole = a.wholeWidth() == a.src.width;
  const uint64_t pitch = uint64_t(a.wholeWidth());
  return {a.src.channels,
          a.grey ? 1 : a.src.channels,
          whole ? 1 : a.src.height,
          whole ? (long long)a.src.plane() : a.src.width,
          pitch * uint64_t(a.wholeHeight()),
          pitch,
          uint64_t(a.offsetY) * pitch + uint64_t(a.offsetX),
          a.key()};
}

/// Blocks along a line, and lines: both are loops in the kernel.
dim3 gridFor(long long items, long long lines) {
  const dim3 along = cuda::gridFor(items);
  return dim3(along.x, unsigned(std::min(lines, std::max(1LL, 4096LL / along.x))));
}

/// x + sigma n, limited as asked; not-a-number stays.
__device__ inline float noisy(float x, float n, float sigma, bool clip) {
  const float v = fmaf(sigma, n, x);
  if (!clip) return v;
  return v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
}
__device__ inline uint8_t noisy(uint8_t x, float n, float sigma, bool) {
  const float v = fmaf(sigma, n, float(x)) + 0.5f;
  return uint8_t(int(v < 0.0f ? 0.0f : v > 255.0f ? 255.0f : v));
}

__device__ inline void addQuad(const Quad& quad, const float (&n)[4], float sigma, bool clip, const float* src, float* dst, int) {
  float x[4];
  quad.load(src, x);
  for (int j = 0; j < 4; ++j) x[j] = noisy(x[j], n[j], sigma, clip);
  quad.store(dst, x);
}
__device__ inline void addQuad(const Quad& quad, const float (&n)[4], float sigma, bool clip, const uint8_t* src, uint8_t* dst, int step) {
  for (int j = 0; j < 4; ++j)
    if (quad.has(j)) dst[(quad.first + j) * step] = noisy(src[(quad.first + j) * step], n[j], sigma, clip);
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    addNormals(const __grid_constant__ Lines lines, float sigma, bool clip, const Planes<const T> src, const Planes<T> dst) {
  const int repeats = lines.channels - lines.fields + 1;  // channels that share a field
  for (long long line = blockIdx.y; line < lines.rows * lines.fields; line += gridDim.y) {
    const int field = int(line / lines.rows);
    const long long row = line % lines.rows, at = row * lines.length;
    const uint64_t position = lines.position(field, row);
    const int shift = int(position & 3);
    for (long long i = globalThread(); i < (lines.length + shift + 3) / 4; i += globalThreads()) {
      float n[4];
      normalsOfBlock((position >> 2) + uint64_t(i), lines.key, n);
      for (int c = field; c < field + repeats; ++c) {
        const T* from = &src.at(c, at, 0);
        T* to = &dst.at(c, at, 0);
        addQuad(quadOf(i, shift, lines.length, aligned(from) && aligned(to)), n, sigma, clip, from, to, src.column);
      }
    }
  }
}

__device__ inline void scatter(float x, double peak, bool clip, uint64_t position, const NoiseKey& key, float* to) {
  const double v = poisson::count(x != x ? NAN : (x > 0 ? double(x) : 0.0) * peak, position, key) / peak;
  *to = float(clip && 1.0 < v ? 1.0 : v);
}
__device__ inline void scatter(uint8_t x, double peak, bool, uint64_t position, const NoiseKey& key, uint8_t* to) {
  const double v = poisson::count(x / 255.0 * peak, position, key) / peak;
  *to = uint8_t(floor((1.0 < v ? 1.0 : v) * 255 + 0.5));
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    addCounts(const __grid_constant__ Lines lines, double peak, bool clip, const Planes<const T> src, const Planes<T> dst) {
  for (long long line = blockIdx.y; line < lines.rows * lines.channels; line += gridDim.y) {
    const int c = int(line / lines.rows);
    const long long row = line % lines.rows, at = row * lines.length;
    const uint64_t position = lines.position(lines.fields == 1 ? 0 : c, row);
    for (long long i = globalThread(); i < lines.length; i += globalThreads())
      scatter(src.at(c, at + i, 0), peak, clip, position + uint64_t(i), lines.key, &dst.at(c, at + i, 0));
  }
}

template <class T>
void addNoise(const AddNoiseArgs& a, CudaStream stream) {
  const Lines lines = linesOf(a);
  const Planes<const T> src = planesOf<const T>(a.src);
  const Planes<T> dst = planesOf<T>(a.dst);
  if (a.kind == Noise::Poisson)
    return IR_CUDA_LAUNCH(addCounts<T>, gridFor(lines.length, lines.rows * lines.channels), stream, lines, a.peak, a.clip, src, dst);
  const float sigma = float(sizeof(T) == 1 ? a.sigma * 255 : a.sigma);
  IR_CUDA_LAUNCH(addNormals<T>, gridFor((lines.length + 6) / 4, lines.rows * lines.fields), stream, lines, sigma, a.clip, src, dst);
}

__global__ void __launch_bounds__(kThreads) fillNormals(float* dst, long long size, uint64_t offset, NoiseKey key, bool aligned) {
  const int shift = int(offset & 3);
  for (long long i = globalThread(); i < (size + shift + 3) / 4; i += globalThreads()) {
    float n[4];
    normalsOfBlock((offset >> 2) + uint64_t(i), key, n);
    quadOf(i, shift, size, aligned).store(dst, n);
  }
}

__global__ void __launch_bounds__(kThreads) philoxOnce(uint64_t low, uint64_t high, uint64_t seed, PhiloxWords* words) {
  if (globalThread() == 0) *words = philox(uint32_t(low), uint32_t(low >> 32), uint32_t(high), uint32_t(high >> 32), seed);
}

}  // namespace

void runCuda(const AddNoiseArgs& a, CudaStream stream) { a.src.pixel == Pixel::U8 ? addNoise<uint8_t>(a, stream) : addNoise<float>(a, stream); }

void runCuda(const NormalFieldArgs& a, CudaStream stream) {
  const long long size = (long long)a.dst.size;
  if (size == 0) return;
  IR_CUDA_LAUNCH(fillNormals, cuda::gridFor((size + 6) / 4), stream, a.dst.data, size, a.offset, a.key(), aligned(a.dst.data));
}

void runCuda(const PhiloxWordsArgs& a, CudaStream stream) {
  DeviceMemory memory(sizeof(PhiloxWords));
  IR_CUDA_LAUNCH(philoxOnce, dim3(1), stream, a.low, a.high, a.seed, static_cast<PhiloxWords*>(memory.data()));
  PhiloxWords words;
  memory.download(&words, sizeof words, stream);
  synchronize(stream);
  for (int i = 0; i < 4; ++i) a.words.data[i] = words.w[i];
}

}  // namespace ir
