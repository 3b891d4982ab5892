// Mean squared error (for PSNR) and SSIM in one pass over two pictures. Samples on the 0..255 scale (float [0, 1] times 255), L = 255.
//   SSIM (Wang et al. 2004), K1 = .01, K2 = .03: windows of weights w (sum 1) give means mu, variances and covariance s;
//     l = (2 mu_x mu_y + C1) / (mu_x^2 + mu_y^2 + C1),  cs = (2 s_xy + C2) / (s_x^2 + s_y^2 + C2),  SSIM = mean(l cs)
//   window `gauss11`: 11x11 Gaussian sigma 1.5, population moments; `uniform7`: 7x7 equal weights, sample moments (times 49 / 48), as scikit-image.
//   border `valid` keeps windows inside the picture; `same` pads with zeros and `replicate` with the edge's samples, and keep every pixel.
//   `volume` takes the channels for a third dimension, as MATLAB's ssim does a uint8 RGB array: the window is 11x11x11, replicated beyond the
//     channels on either side. Only with rgb, gauss11 and border replicate; one value for each channel's slice.
//   `clampContrast` limits cs to >= 0, as pyiqa does. Four moments suffice (x, y, x^2 + y^2, xy): only the sum of the variances enters.
//   `scales` > 1 (MS-SSIM) goes on with both planes reduced by means of 2x2 samples, scale by scale; where a side is odd, a zero is put before its
//     first sample, so that n samples become ceil(n / 2).
// Colours: rgb = each channel by itself; y-studio = 65.481 R + 128.553 G + 24.966 B + 16 (R, G, B in [0, 1]); y-full = .299 .587 .114 of 255;
//   gray = MATLAB's rgb2gray (0.298936021293775, 0.587043074451121, 0.114020904255103); `-rounded` half up. A grey picture counts as R = G = B.
//   Levels (255, 65535) say that float samples are multiples of 1 / levels: the whole numbers are recovered, and a luma is exactly that of integers.
// Results: for every scale [mse_0 .. mse_{P-1}, ssim_0 .., cs_0 ..] for P planes (channels for rgb, else 1); ssim and cs are means over windows.
// With `ssim` false the last two are NaN. Sums run in double precision in a fixed order (rows, then bands): equal for every thread count, and to
// 1e-12 across variants. Not-finite input gives not-finite results.
// Floor: 2 bytes (uint8) or 8 bytes (float) per sample; 88 FMA and about 25 further operations per sample, here in double precision
// (accuracy on flat and bright areas, where float cancels to 3e-5, is worth half the speed). Scales add a third.
#pragma once
#include "ir/contract.h"

namespace ir {

enum class Colour : int { Rgb = 0, YStudio = 1, YStudioRounded = 2, YFullRounded = 3, GrayRounded = 4, Gray601Rounded = 5 };
enum class Window : int { Valid = 0, Same = 1, Replicate = 2 };
enum class Weights : int { Gauss11 = 0, Uniform7 = 1 };

struct CompareArgs {
  ConstRaster reference, image;
  Colour colour = Colour::Rgb;
  Weights window = Weights::Gauss11;
  Window border = Window::Valid;
  int crop = 0, scales = 1, referenceLevels = 0, imageLevels = 0;
  bool ssim = true, clampContrast = false, volume = false;
  Results results;

  template <class V>
  void visit(V& v) {
    v.in("reference", reference);
    v.in("image", image);
    v.choice("colour", colour, {"rgb", "y-studio", "y-studio-rounded", "y-full-rounded", "gray-rounded", "gray601-rounded"}, Colour::Rgb);
    v.choice("window", window, {"gauss11", "uniform7"}, Weights::Gauss11);
    v.choice("border", border, {"valid", "same", "replicate"}, Window::Valid);
    v.integer("crop", crop, 0);
    v.integer("scales", scales, 1);
    v.integer("referenceLevels", referenceLevels, 0);
    v.integer("imageLevels", imageLevels, 0);
    v.flag("ssim", ssim, true);
    v.flag("clampContrast", clampContrast, false);
    v.flag("volume", volume, false);
    v.results("results", results);
  }

  int planes() const { return colour == Colour::Rgb ? reference.channels : 1; }
  /// Shorter side of the pictures at a scale, the first being 0.
  int shortSide(int scale) const {
    int side = (reference.width < reference.height ? reference.width : reference.height) - 2 * crop;
    for (; scale > 0; --scale) side = (side + 1) / 2;
    return side;
  }
};

constexpr int kMaxScales = 5;
constexpr int kSsimWindow = 11;

void check(const CompareArgs&);
void run(const CompareArgs&, const Exec&);
void runCuda(const CompareArgs&, CudaStream);

}  // namespace ir
