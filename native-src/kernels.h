// Every kernel's contract, for those that walk kernels.def.
#pragma once
#include "ir/add_noise.h"
#include "ir/compare.h"
#include "ir/degrade.h"
#include "ir/denoise_step.h"
#include "ir/gaussian_blur.h"
#include "ir/niqe.h"
#include "ir/resample.h"
