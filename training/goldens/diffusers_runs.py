"""Whole sampling runs of diffusers with a toy model, for `ir sampler replay`: prediction types, spacings, laws of sigma, churn, cosine, zero
terminal SNR, orders, clipping, starts inside.

    pip install torch==2.13.0 diffusers==0.42.1 scipy
    python training/goldens/diffusers_runs.py > packages/core/goldens/diffusers_runs.json
    python training/goldens/diffusers_runs.py --double > double.json     # the library's own formulas without its float32: where do deviations come from?
    python training/goldens/diffusers_runs.py --many > many.json         # 3300 runs, to look for what is not repeated (docs/diffusion.md)

Noise and start are regenerable from their formulas (`meta`), so that a replay needs nothing but this file.
"""
import json
import sys
from datetime import date

import diffusers
import numpy as np
import torch
from scipy.special import erfinv

DOUBLE = "--double" in sys.argv[1:]
MANY = "--many" in sys.argv[1:]
DTYPE = torch.float64 if DOUBLE else torch.float32
SHAPE = (1, 4, 8, 8)
N = int(np.prod(SHAPE))
SD = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
COSINE = {"num_train_timesteps": 1000, "beta_schedule": "squaredcos_cap_v2"}
V = {"prediction_type": "v_prediction"}
X0 = {"prediction_type": "sample"}
ZERO = {"rescale_betas_zero_snr": True, **V}


def field(k: int) -> torch.Tensor:
    at = np.arange(1, N + 1) * 0.6180339887498949 + 0.7548776662466927 * (k + 1)
    u = np.clip(at - np.floor(at), 1e-6, 1 - 1e-6)
    return torch.tensor(np.sqrt(2) * erfinv(2 * u - 1), dtype=DTYPE).reshape(SHAPE)


class Draws:
    """Stands in for torch's generator: the k-th draw is the k-th field."""

    def __init__(self):
        self.k = 0

    def __call__(self, *_args, **_kwargs):
        self.k += 1
        return field(self.k - 1)


class Wide:
    """torch or numpy under which float32 is float64."""

    def __init__(self, library):
        self.library = library

    def __getattr__(self, name: str):
        return getattr(self.library, "float64" if name == "float32" else name)


def run(cls: str, config: dict, steps: int, step_kwargs: dict | None = None, start: int | None = None) -> dict:
    step_kwargs = step_kwargs or {}
    module = sys.modules[getattr(diffusers, cls).__module__]
    module.randn_tensor = Draws()
    if DOUBLE:
        module.torch, module.np = Wide(torch), Wide(np)
    scheduler = getattr(diffusers, cls)(**config)
    scheduler.set_timesteps(steps)
    x = (4 * torch.arange(N, dtype=DTYPE) / N - 2).reshape(SHAPE)
    times = scheduler.timesteps
    if start is None:
        x = x * scheduler.init_noise_sigma
    else:
        x = scheduler.add_noise(x, field(99), times[start : start + 1])
        times = times[start:]
    trajectory = []
    for t in times:
        seen = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        output = scheduler.step(seen * (t / (t + 1)), t, x, **step_kwargs)
        x = output.prev_sample
        clean = getattr(output, "pred_original_sample", None)
        trajectory.append({
            "t": float(t), "sum": float(x.double().sum()), "abs_mean": float(x.double().abs().mean()),
            "first": [float(v) for v in x.flatten()[:3]],
            "x0_abs_mean": None if clean is None else float(clean.double().abs().mean()),
        })
    return {"cls": cls, "config": config, "steps": steps, "step_kwargs": step_kwargs, "start_index": start, "trajectory": trajectory}


def runs():
    ddpm, ddim, euler = "DDPMScheduler", "DDIMScheduler", "EulerDiscreteScheduler"
    ancestral, heun, dpm = "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler", "DPMSolverMultistepScheduler"
    free = {"clip_sample": False}
    for spacing in ("leading", "trailing", "linspace"):
        space = {"timestep_spacing": spacing}
        yield ddpm, {**SD, **free, **space}, 7
        yield ddim, {**SD, **free, **space, "set_alpha_to_one": False}, 13, {"eta": 0.3}
        yield euler, {**SD, **space}, 7
        yield ancestral, {**SD, **space}, 7
        yield heun, {**SD, **space}, 6
        yield dpm, {**SD, **space}, 9
    for prediction in (V, X0):
        yield ddpm, {**SD, **free, **prediction}, 10
        yield ddim, {**SD, **free, **prediction}, 10, {"eta": 0.7}
        yield euler, {**SD, **prediction}, 10
        yield heun, {**SD, **prediction}, 10
        yield dpm, {**SD, **prediction}, 10
    yield ancestral, {**SD, **V}, 10
    yield ddpm, {**SD, **free, "variance_type": "fixed_large"}, 10
    yield ddpm, {**SD, **free, "variance_type": "fixed_small_log"}, 10
    yield ddpm, {**SD, "clip_sample": True}, 10
    yield ddpm, {**SD, "clip_sample": True, "clip_sample_range": 1.7, **V}, 10
    yield ddim, {**SD, "clip_sample": True}, 10, {"eta": 0.5}
    yield ddim, {**SD, "clip_sample": True}, 10, {"use_clipped_model_output": True}
    yield ddim, {**SD, "clip_sample": True, **V}, 10
    for law in ("use_karras_sigmas", "use_exponential_sigmas"):
        for cls in (euler, heun, dpm):
            yield cls, {**SD, law: True}, 12
        yield dpm, {**COSINE, law: True}, 12
        yield euler, {**COSINE, law: True, **V}, 12
    yield dpm, {**SD, "use_lu_lambdas": True}, 12
    for cls in (euler, ancestral, heun, dpm):
        yield cls, COSINE, 10
    yield ddpm, {**COSINE, **free}, 10
    yield ddim, {**COSINE, **free}, 10, {"eta": 1.0}
    yield ddpm, {**SD, "beta_schedule": "sigmoid", **free}, 10
    yield ddpm, {**SD, "beta_schedule": "linear", **free}, 25
    yield ddpm, {**SD, **free, **ZERO, "timestep_spacing": "trailing"}, 10
    yield ddim, {**SD, **free, **ZERO, "timestep_spacing": "trailing"}, 10, {"eta": 0.4}
    yield ddim, {**SD, **free, **ZERO, "timestep_spacing": "linspace"}, 10
    for cls in (euler, ancestral, dpm):
        yield cls, {**SD, **ZERO, "timestep_spacing": "trailing"}, 10
    for law in ("use_karras_sigmas", "use_exponential_sigmas"):
        yield euler, {**SD, **ZERO, law: True}, 12
        yield euler, {**ZERO, law: True, "timestep_spacing": "leading", "steps_offset": 1}, 7
        yield dpm, {**SD, **ZERO, law: True}, 12
    yield dpm, {**SD, **ZERO, "use_lu_lambdas": True}, 12
    yield euler, {**ZERO, **X0, "timestep_spacing": "trailing"}, 12
    yield ddim, {**free, **ZERO, **X0, "timestep_spacing": "trailing"}, 12, {"eta": 1.0}
    for more in ({}, {"use_karras_sigmas": True}, {"timestep_spacing": "trailing", **V}):
        yield euler, {**SD, "interpolation_type": "log_linear", **more}, 9
    for churn in ({"s_churn": 3.0}, {"s_churn": 40.0, "s_tmin": 0.2, "s_tmax": 8.0, "s_noise": 1.003}):
        yield euler, SD, 10, churn
        yield euler, {**SD, **V, "use_karras_sigmas": True}, 10, churn
        yield euler, {**SD, **X0}, 10, churn
    yield euler, {**SD, "final_sigmas_type": "sigma_min"}, 10
    yield euler, {**SD, "use_karras_sigmas": True, "sigma_min": 0.05, "sigma_max": 10.0}, 10
    yield euler, {**SD, **V, "timestep_type": "continuous"}, 10
    yield dpm, {**SD, "final_sigmas_type": "sigma_min"}, 10
    yield dpm, {**SD, "final_sigmas_type": "sigma_min", "lower_order_final": False}, 20
    yield dpm, {**SD, "euler_at_final": True, "final_sigmas_type": "sigma_min"}, 20
    for order in (1, 3):
        yield dpm, {**SD, "solver_order": order}, 10
        yield dpm, {**SD, "solver_order": order, **V}, 20
    yield dpm, {**SD, "solver_type": "heun"}, 20
    for solver in ("midpoint", "heun"):
        yield dpm, {**SD, "algorithm_type": "sde-dpmsolver++", "solver_type": solver}, 20
    yield dpm, {**SD, "algorithm_type": "sde-dpmsolver++", "solver_order": 1, **V}, 10
    yield ddpm, {**SD, **free}, 20, None, 7
    yield ddim, {**SD, **free, **V}, 20, {"eta": 0.5}, 11
    yield euler, SD, 20, None, 6
    yield euler, {**SD, "use_karras_sigmas": True}, 20, {"s_churn": 5.0}, 6
    yield ancestral, SD, 20, None, 6
    yield heun, SD, 10, None, 6
    yield dpm, SD, 20, None, 6
    yield dpm, {**SD, "solver_order": 3}, 12, None, 5
    for cls in (ddim, euler, heun, dpm):
        short = {**SD, "num_train_timesteps": 500, "timestep_spacing": "trailing"}
        yield cls, {**short, **(free if cls == ddim else {})}, 12, None, 2
    yield ddim, {**SD, **free}, 1
    yield euler, SD, 1
    yield dpm, SD, 1
    yield dpm, SD, 2
    for cls in (euler, heun, dpm):  # from sigma = 20291 and 4096: what the library's float32 makes of it
        yield cls, {**COSINE, **V}, 5
        yield cls, {**COSINE, "timestep_spacing": "trailing"}, 5
        yield cls, {**COSINE, **X0}, 10
    yield euler, {**SD, **ZERO, "timestep_spacing": "trailing"}, 2
    yield ancestral, {**COSINE, **V}, 20
    yield dpm, {**COSINE, "algorithm_type": "sde-dpmsolver++"}, 3


def many():
    """Every class by prediction, spacing, law and length, on the three kinds of schedules."""
    ddpm, ddim, dpm = "DDPMScheduler", "DDIMScheduler", "DPMSolverMultistepScheduler"
    exploding = ("EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler")
    for schedule in (SD, COSINE, {**SD, "rescale_betas_zero_snr": True}):
        for prediction in ("epsilon", "v_prediction", "sample"):
            base = {**schedule, "prediction_type": prediction}
            for n in (1, 2, 3, 5, 7, 10, 20, 50):
                for spacing in ("linspace", "trailing", "leading"):
                    spaced = {**base, "timestep_spacing": spacing}
                    for clip in (False, True):
                        yield ddpm, {**spaced, "clip_sample": clip}, n
                        for eta in (0.0, 0.5, 1.0):
                            yield ddim, {**spaced, "clip_sample": clip}, n, {"eta": eta}
                    for cls in exploding:
                        yield cls, spaced, n
                    for extra in ({}, {"algorithm_type": "sde-dpmsolver++"}, {"solver_order": 3}):
                        yield dpm, {**spaced, **extra}, n
                for law in ("use_karras_sigmas", "use_exponential_sigmas"):
                    for cls in (exploding[0], exploding[2], dpm):
                        yield cls, {**base, law: True}, n
                yield dpm, {**base, "use_lu_lambdas": True}, n


meta = {
    "library": "diffusers", "version": diffusers.__version__, "torch": torch.__version__, "dtype": "float64" if DOUBLE else "float32", "shape": SHAPE,
    "made by": "python training/goldens/diffusers_runs.py > packages/core/goldens/diffusers_runs.json", "date": date.today().isoformat(),
    "sample": "x[i] = 4 i / n - 2 over flat index i of n = 256, multiplied by init_noise_sigma unless started by add_noise",
    "noise": "k-th draw: u_i = frac(i 0.6180339887498949 + 0.7548776662466927 (k + 1)), i from 1, limited to [1e-6, 1 - 1e-6]; n_i = sqrt(2) erfinv(2 u_i - 1); k = 99 noises a start",
    "model": "m(x, t) = x t / (t + 1), after scale_model_input, read as the scheduler's prediction type",
}
done = []
for arguments in many() if MANY else runs():
    try:
        done.append(run(*arguments))
    # Equal rounded times: the library starts at the second of them and runs out; keys and predictions that a class does not know.
    except (IndexError, TypeError, ValueError, NotImplementedError) as error:
        if MANY:
            continue
        print(f"left out, the library itself fails: {arguments}: {error}", file=sys.stderr)
print(json.dumps({"meta": meta, "runs": done}))
print(f"{len(done)} runs", file=sys.stderr)
