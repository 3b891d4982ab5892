"""BasicSR's NIQE features behind a line protocol, for bench/workloads/niqe.mjs.

Reads width x height x 3 bytes (RGB), prints {"version": ...} or {"skipped": why}, then answers every newline with the features of all
blocks and the processor time used so far. BasicSR's package initialiser imports torch vision code that fails with current releases, so only the files needed are loaded.
"""
import importlib.machinery
import importlib.util
import json
import sys
import time
import types


def load():
    import numpy as np

    spec = importlib.util.find_spec("basicsr")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("package basicsr is not installed")
    root = list(spec.submodule_search_locations)[0]
    for name in ("basicsr", "basicsr.metrics", "basicsr.utils"):
        module = types.ModuleType(name)
        module.__path__ = [root + name[len("basicsr"):].replace(".", "/")]
        sys.modules[name] = module
    sys.modules["basicsr.utils"].bgr2ycbcr = None  # imported by a neighbour, called by nothing here
    from basicsr.metrics import niqe as basic

    import basicsr.utils.matlab_functions as matlab
    from scipy.ndimage import convolve

    gaussian = np.load(root + "/metrics/niqe_pris_params.npz")["gaussian_window"]

    def features(luma):
        rows, columns = luma.shape[0] // 96, luma.shape[1] // 96
        luma = luma[: rows * 96, : columns * 96]
        parts = []
        for side in (96, 48):
            mean = convolve(luma, gaussian, mode="nearest")
            spread = np.sqrt(np.abs(convolve(np.square(luma), gaussian, mode="nearest") - np.square(mean)))
            coefficients = (luma - mean) / (spread + 1)
            blocks = [coefficients[y * side:(y + 1) * side, x * side:(x + 1) * side] for y in range(rows) for x in range(columns)]
            parts.append(np.array([basic.compute_feature(block) for block in blocks]))
            luma = matlab.imresize(luma / 255.0, scale=0.5, antialiasing=True) * 255.0
        return np.concatenate(parts, axis=1)

    return np, features


def main():
    width, height = int(sys.argv[1]), int(sys.argv[2])
    data = sys.stdin.buffer.read(width * height * 3)
    try:
        np, features = load()
    except Exception as error:  # any missing piece means: skip, and say which
        print(json.dumps({"skipped": f"{type(error).__name__}: {error}"}), flush=True)
        return
    rgb = np.frombuffer(data, np.uint8).reshape(height, width, 3).astype(np.float64)
    luma = np.round(rgb @ np.array([65.481, 128.553, 24.966]) / 255.0 + 16.0)
    print(json.dumps({"version": f"basicsr features, numpy {np.__version__}"}), flush=True)
    for _ in sys.stdin.buffer:
        answer = features(luma).ravel().tolist()
        print(json.dumps({"features": answer, "cpuMs": 1000 * time.process_time()}), flush=True)


main()
