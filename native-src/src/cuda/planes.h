// Both pixel layouts as planes, so that kernels know no layout: sample (x, y) of channel c stands at data[c * channel + y * row + x * column].
#pragma once
#include "cuda/launch.h"
#include "ir/raster.h"

namespace ir::cuda {

template <class T>
struct Planes {
  T* data;
  size_t channel, row;
  int column;

  __device__ T& at(int c, long long x, long long y) const { return data[size_t(c) * channel + size_t(y) * row + size_t(x) * size_t(column)]; }
};

/// Planes of float, or of uint8_t interleaved `channels` deep.
template <class T, class Void>
Planes<T> planesOf(Void* data, int width, int height, int channels) {
  const size_t w = size_t(width), h = size_t(height), c = size_t(channels);
  if (sizeof(T) == 1) return {static_cast<T*>(data), 1, w * c, channels};
  return {static_cast<T*>(data), w * h, w, 1};
}
template <class T, class Raster>
Planes<T> planesOf(const Raster& r) {
  return planesOf<T>(r.data, r.width, r.height, r.channels);
}

__device__ inline void store(float* p, float v) { *p = v; }
/// Rounded half up and clipped.
__device__ inline void store(uint8_t* p, float v) {
  v += 0.5f;
  *p = uint8_t(v <= 0 ? 0 : v >= 255 ? 255 : int(v));
}

/// A picture cut into tiles, one a block; the channels of a tile lie side by side, so that interleaved bytes are shared through the cache.
struct Tiling {
  long long columns, rows;  // of tiles
  int width, height, channels, tileWidth, tileHeight;

  long long count() const { return columns * rows * channels; }
};
inline Tiling tilingOf(int width, int height, int channels, int tileWidth, int tileHeight) {
  return {(width - 1) / tileWidth + 1, (height - 1) / tileHeight + 1, width, height, channels, tileWidth, tileHeight};
}

struct Tile {
  int channel;
  long long column, left, top;  // `column`: of the tile
};
__device__ inline Tile tileOf(const Tiling& t, unsigned block) {
  const long long tile = block / unsigned(t.channels), column = tile % t.columns;
  return {int(block % unsigned(t.channels)), column, column * t.tileWidth, tile / t.columns * t.tileHeight};
}

}  // namespace ir::cuda
