"""Values of the metrics by independent tools, for packages/metrics/goldens/everywhere.json. Not needed by any test.

    npm run build && node scripts/goldens/pictures.mjs FOLDER
    python -m venv V && V/bin/pip install numpy scipy scikit-image opencv-python-headless torch==2.14.1 torchvision==0.29.1 pyiqa==0.1.16
    V/bin/pip install --no-deps basicsr==1.4.2
    V/bin/python scripts/goldens/metrics.py FOLDER > packages/metrics/goldens/everywhere.json
"""
import datetime
import importlib.metadata
import json
import pathlib
import sys
import types

import cv2
import numpy as np
import torch
from scipy import ndimage
from skimage import color
from skimage.metrics import mean_squared_error, structural_similarity

cv2.setNumThreads(1)
torch.set_num_threads(1)
torch.set_grad_enabled(False)
WANG = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255)
MATLAB_GRAY = (0.298936021293775, 0.587043074451121, 0.114020904255103)


def version(package):
    return f"{package} {importlib.metadata.version(package)}"


SKIMAGE, SCIPY, PYIQA, BASICSR = (version(p) for p in ("scikit-image", "scipy", "pyiqa", "basicsr"))


def basicsr_niqe():
    """BasicSR's numpy NIQE. Its package initialisers import what fails with current torchvision: only the files needed are loaded."""
    root = list(importlib.util.find_spec("basicsr").submodule_search_locations)[0]
    for name in ("basicsr", "basicsr.metrics", "basicsr.utils"):
        module = types.ModuleType(name)
        module.__path__ = [root + name[len("basicsr"):].replace(".", "/")]
        sys.modules[name] = module
    sys.modules["basicsr.metrics.metric_util"] = types.ModuleType("metric_util")
    sys.modules["basicsr.metrics.metric_util"].reorder_image = lambda img, input_order: img
    sys.modules["basicsr.metrics.metric_util"].to_y_channel = None
    registry = types.ModuleType("registry")
    registry.METRIC_REGISTRY = types.SimpleNamespace(register=lambda: lambda f: f)
    sys.modules["basicsr.utils.registry"] = registry
    from basicsr.metrics import niqe

    parameters = np.load(root + "/metrics/niqe_pris_params.npz")
    return lambda plane: float(
        np.squeeze(niqe.niqe(plane.astype(np.float64), parameters["mu_pris_param"], parameters["cov_pris_param"], parameters["gaussian_window"]))
    )


NIQE = basicsr_niqe()
import pyiqa  # noqa: E402  after the stand-ins above, which it does not use


def read(path):
    """RGB on the 0..255 scale in float64, and whether the file has 8 bits."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, 2)
    return image[..., ::-1].astype(np.float64) / (257 if image.dtype == np.uint16 else 1), image.dtype == np.uint8


def psnr(a, b):
    return float(10 * np.log10(255**2 / mean_squared_error(a, b)))


def studio(image):
    return color.rgb2ycbcr(image / 255)[..., 0]


def luma(image, weights):
    return image @ np.array(weights)


def moments_ssim(a, b, blur):
    c1, c2 = 2.55**2, 7.65**2
    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    return float(np.mean((2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))))


def gaussian(mode):
    return lambda v: ndimage.gaussian_filter(v, 1.5, mode=mode, truncate=3.4, cval=0)


def by_pyiqa(name, a, b, **options):
    metric = pyiqa.create_metric(name, device="cpu", **options)
    tensor = lambda v: torch.from_numpy(v.transpose(2, 0, 1)[None] / 255)
    return float(metric(tensor(b), tensor(a)))


def everything(a, b, eight):
    gray_a, gray_b = (np.round(luma(v, MATLAB_GRAY)) for v in (a, b))
    full_a, full_b = (np.round(luma(v, (0.299, 0.587, 0.114))) for v in (a, b))
    repeat = lambda v: np.repeat(v[..., None], 3, 2)
    yield "psnr", psnr(a, b), f"{SKIMAGE} mean_squared_error"
    yield "psnr-y", psnr(studio(a), studio(b)), f"{SKIMAGE} rgb2ycbcr, mean_squared_error"
    yield "psnr-y-rounded", psnr(np.round(studio(a)), np.round(studio(b))), f"{SKIMAGE} rgb2ycbcr rounded, mean_squared_error"
    yield "psnr-y-full", psnr(full_a, full_b), f"numpy luma rounded, {SKIMAGE} mean_squared_error"
    yield "ssim", structural_similarity(a, b, channel_axis=2, **WANG), f"{SKIMAGE} structural_similarity, gaussian_weights, sigma 1.5, population"
    yield "ssim-y", structural_similarity(studio(a), studio(b), **WANG), f"{SKIMAGE} rgb2ycbcr, structural_similarity as above"
    yield "ssim-gray", structural_similarity(gray_a, gray_b, **WANG), f"{SKIMAGE} structural_similarity as above"
    yield "ssim-skimage", structural_similarity(a, b, channel_axis=2, data_range=255), f"{SKIMAGE} structural_similarity by default"
    planes = [moments_ssim(a[..., c], b[..., c], gaussian("constant")) for c in range(3)]
    yield "ssim-same", float(np.mean(planes)), f"{SCIPY} gaussian_filter, mode constant"
    yield "ssim-matlab3d", moments_ssim(a, b, gaussian("nearest")), f"{SCIPY} gaussian_filter in three dimensions, mode nearest"
    if eight:
        options = dict(test_y_channel=True, color_space="ycbcr")
        yield "ssim-y-pyiqa", by_pyiqa("ssim", a, b, **options), f"{PYIQA} ssim, test_y_channel, ycbcr, float64"
        yield "ms-ssim", by_pyiqa("ms_ssim", repeat(gray_a), repeat(gray_b)), f"{PYIQA} ms_ssim, float64, of MATLAB's gray as R = G = B"
        yield "niqe", NIQE(np.round(studio(b))), f"{BASICSR} niqe in float64, {SKIMAGE} rgb2ycbcr rounded"
        yield "niqe-gray", NIQE(np.round(luma(b, (0.299, 0.587, 0.114)))), f"{BASICSR} niqe in float64, numpy luma rounded"
        yield "niqe-pirm", NIQE(np.round(studio(b[4:-4, 4:-4]))), f"{BASICSR} niqe in float64, {SKIMAGE} rgb2ycbcr rounded, 4 pixels off"


def main(folder):
    hashes = json.loads((folder / "hashes.json").read_text())
    pairs = []
    for name, pinned in hashes.items():
        (a, eight), (b, _) = (read(folder / f"{name}.{which}.png") for which in ("reference", "image"))
        values = {alias: {"value": float(value), "tool": tool} for alias, value, tool in everything(a, b, eight)}
        pairs.append({"name": name, "reference": pinned["reference"], "image": pinned["image"], "values": values})
    print(json.dumps({
        "what": "values of metrics by independent tools on the pairs of packages/metrics/src/testing/golden-pairs.ts; hashes are imageHash of @ir/core",
        "command": "python scripts/goldens/metrics.py FOLDER",
        "date": datetime.date.today().isoformat(),
        "python": f"{sys.version.split()[0]}, numpy {np.__version__}, torch {torch.__version__}",
        "pairs": pairs,
    }, indent=1))


main(pathlib.Path(sys.argv[1]))
