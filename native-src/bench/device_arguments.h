// The calls that are timed on a device, with operands on the host.
#pragma once
#include <vector>

#include "../kernels.h"
#include "common.h"

namespace ir::bench {

/// Calls share operands, as they do not run at once.
class Arguments {
 public:
  static constexpr size_t kLongestVector = size_t(1) << 24;

  DenoiseStepArgs denoise(size_t size, bool guided, double sigma, bool given) {
    DenoiseStepArgs a;
    a.z = {z_.data(), size}, a.m = {m_.data(), size}, a.out = {out_.data(), size};
    if (guided) a.mu = {mu_.data(), size}, a.s = 4;
    if (given) a.n = {n_.data(), size};
    a.a = 1.0009, a.b = -0.021, a.sigma = sigma, a.seed = 7;
    return a;
  }
  NormalFieldArgs normals(size_t size) {
    NormalFieldArgs a;
    a.dst = {out_.data(), size}, a.seed = 7;
    return a;
  }
  AddNoiseArgs noise() {
    AddNoiseArgs a;
    a.src = picture(Pixel::F32), a.dst = room(Pixel::F32), a.sigma = 0.1, a.seed = 7;
    return a;
  }
  GaussianBlurArgs blur(double sigma) {
    GaussianBlurArgs a;
    a.src = picture(Pixel::F32), a.dst = room(Pixel::F32), a.sigma = sigma;
    return a;
  }
  ResampleArgs resample(Pixel pixel, int factor) {
    ResampleArgs a;
    a.src = picture(pixel), a.dst = room(pixel, factor), a.scaleX = a.scaleY = 1.0 / factor;
    return a;
  }
  DegradeArgs degrade(int factor) {
    DegradeArgs a;
    a.src = picture(Pixel::U8), a.dst = room(Pixel::U8, factor), a.sigma = 2, a.scaleX = a.scaleY = 1.0 / factor;
    return a;
  }
  CompareArgs compare() {
    CompareArgs a;
    a.reference = picture(Pixel::U8), a.image = a.reference, a.image.data = otherBytes_.data(), a.results = {ssim_, kSsimResults};
    return a;
  }
  NiqeArgs niqe() {
    NiqeArgs a;
    a.image = picture(Pixel::U8);
    features_.resize(size_t(a.columns()) * size_t(a.rows()) * kNiqeFeatures);
    a.features = {features_.data(), features_.size()};
    return a;
  }

 private:
  static constexpr size_t kSsimResults = 3 * kChannels;

  ConstRaster picture(Pixel pixel) const {
    return {pixel == Pixel::U8 ? static_cast<const void*>(bytes_.data()) : z_.data(), pixel, kWidth, kHeight, kChannels};
  }
  Raster room(Pixel pixel, int factor = 1) { return {out_.data(), pixel, kWidth / factor, kHeight / factor, kChannels}; }

  std::vector<float> z_ = floats(kLongestVector, 1), m_ = floats(kLongestVector, 2), mu_ = floats(kLongestVector, 3), n_ = floats(kLongestVector, 4),
                     out_ = floats(kLongestVector, 5);
  std::vector<uint8_t> bytes_ = bytes(size_t(kSamples), 1), otherBytes_ = bytes(size_t(kSamples), 2);
  double ssim_[kSsimResults];
  std::vector<double> features_;
};
static_assert(Arguments::kLongestVector >= size_t(kSamples), "vectors are pictures, too");

}  // namespace ir::bench
