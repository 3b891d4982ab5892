"""Weights back out of exported graphs."""
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper


def weights(path: Path, network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The graph's initialisers under the network's names. Some lose theirs in the export: they stand in the network's order, matrices transposed."""
    found = {t.name.removesuffix(".half"): numpy_helper.to_array(t) for t in onnx.load(str(path)).graph.initializer}
    unnamed = iter([value.T if "MatMul" in name else value for name, value in found.items() if name.startswith("onnx::")])
    state = {}
    for name, tensor in network.state_dict().items():
        value = found[name] if name in found else next(unnamed, None)
        if value is None or value.size != tensor.numel():
            raise SystemExit(f"{path}: expected {name} of shape {list(tensor.shape)}, got {'none' if value is None else list(value.shape)}")
        state[name] = torch.from_numpy(np.array(value, np.float32)).reshape(tensor.shape)
    return state


def difference(network: torch.nn.Module, path: Path, inputs: dict[str, torch.Tensor]) -> float:
    """Largest absolute difference between onnxruntime and PyTorch."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = network(*inputs.values()).numpy()
    return float(np.abs(session.run(None, {k: v.numpy() for k, v in inputs.items()})[0] - expected).max())


def adopt(network: torch.nn.Module, path: Path, inputs: dict[str, torch.Tensor], tolerance: float = 1e-4) -> torch.nn.Module:
    """The network with the graph's weights, ready to run; refused where it does not compute what the graph computes."""
    network.load_state_dict(weights(path, network))
    worst = difference(network.eval(), path, inputs)
    if worst > tolerance:
        raise SystemExit(f"{path}: expected PyTorch to agree with the graph to {tolerance}, got a difference of {worst:.1e}")
    return network
