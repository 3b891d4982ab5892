// An AxisMap on the device.
#pragma once
#include <algorithm>
#include <vector>

#include "cuda/launch.h"
#include "ir/device.h"
#include "kernels/taps.h"

namespace ir::cuda {

/// What kernels see of it: output i is the sum over k < count[i] of weights[i * stride + k] times input first[i] + k.
template <class Weight>
struct Axis {
  const int *first, *count;
  const Weight* weights;
  int in, out, stride;
};

template <class Weight>
class DeviceAxis {
 public:
  DeviceAxis(const AxisMap& map, CudaStream stream)
      : in_(map.in), out_(map.out), stride_(map.stride), runs_(2 * map.first.size() * sizeof(int)), weights_(map.weights.size() * sizeof(Weight)) {
    std::vector<int> runs(map.first);
    runs.insert(runs.end(), map.count.begin(), map.count.end());
    runs_.upload(runs.data(), runs_.bytes(), stream);
    const std::vector<Weight> weights(map.weights.begin(), map.weights.end());
    weights_.upload(weights.data(), weights_.bytes(), stream);
    synchronize(stream);  // before the vectors go
  }

  Axis<Weight> view() const {
    const int* first = static_cast<const int*>(runs_.data());
    return {first, first + out_, static_cast<const Weight*>(weights_.data()), in_, out_, stride_};
  }

 private:
  int in_, out_, stride_;
  DeviceMemory runs_, weights_;
};

}  // namespace ir::cuda
