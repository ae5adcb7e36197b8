"""The OpenColorIO configuration in force, and processors built from it.

`$OCIO` where it is set, else the built-in ACES studio config, pinned by name so that an
upgrade of the library changes no picture.

Convention
    pixels      float32, (..., 3); nothing clamps.
    NaN, Inf    stay in the channel they are in; the others are worked out as if it were 0.
    ownership   results are new arrays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import PurePath

import numpy as np
import PyOpenColorIO as ocio

from answerprint.errors import BadInput
from answerprint.frames import primaries

BUILT_IN = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"


def config() -> ocio.Config:
    """The configuration in force. Raises BadInput where `$OCIO` cannot be used."""
    return config_at(source())


def config_name() -> str:
    """What a report calls the configuration: its own name, else its file name."""
    return config().getName() or PurePath(source()).name


def source() -> str:
    """Where the configuration comes from; what everything remembered of it is filed under."""
    return os.environ.get("OCIO") or BUILT_IN


@lru_cache(maxsize=8)
def config_at(at: str) -> ocio.Config:
    """A configuration by its file or 'ocio://' name. Raises BadInput."""
    try:
        loaded = ocio.Config.CreateFromFile(at)
        loaded.validate()
    except (ocio.Exception, ocio.ExceptionMissingFile) as cause:
        raise BadInput(
            f"The OpenColorIO configuration $OCIO={at} cannot be used.",
            "Point OCIO at a working config, or unset it to use the built-in ACES studio config.",
            str(cause),
        ) from cause
    return loaded


@lru_cache(maxsize=8)
def _anchor(at: str) -> tuple[str, np.ndarray]:
    """The config's way to ACEScg: the name of one of its spaces, and the matrix from there."""
    loaded = config_at(at)
    if loaded.getColorSpace("ACEScg"):
        return "ACEScg", np.eye(3)
    name = "aces_interchange"
    if not loaded.getColorSpace(name):
        try:
            name = ocio.Config.IdentifyBuiltinColorSpace(loaded, config_at(BUILT_IN), "ACES2065-1")
        except ocio.Exception as cause:
            raise BadInput(
                f"The OpenColorIO configuration {config_name()} does not say which of its "
                "spaces is ACES.",
                "Add the role aces_interchange to it, or unset OCIO.",
                str(cause),
            ) from cause
    return name, np.reshape(primaries.to_acescg(primaries.KNOWN["ACES2065-1"]), (3, 3))


def processor(transform: ocio.Transform, at: str = "") -> ocio.CPUProcessor:
    """A CPU processor of any OpenColorIO transform, under the config in force.

    Without the optimisations that cost accuracy. Raises ocio.Exception as OpenColorIO does.
    """
    built = config_at(at or source()).getProcessor(transform)
    return built.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)


def to_acescg_transforms(name: str) -> list[ocio.Transform]:
    """The steps from a space of the config to linear ACEScg, to be joined with others."""
    start, onward = _anchor(source())
    return [ocio.ColorSpaceTransform(src=name, dst=start), matrix_transform(onward)]


def from_acescg_transforms(name: str) -> list[ocio.Transform]:
    """The steps from linear ACEScg to a space of the config."""
    start, onward = _anchor(source())
    back = matrix_transform(np.linalg.inv(onward))
    return [back, ocio.ColorSpaceTransform(src=start, dst=name)]


def matrix_transform(matrix: Sequence[float] | np.ndarray) -> ocio.MatrixTransform:
    """A 3x3 as OpenColorIO has it."""
    four = np.eye(4)
    four[:3, :3] = np.reshape(matrix, (3, 3))
    return ocio.MatrixTransform(four.ravel().tolist())


def into_acescg(at: str, name: str, rgb: np.ndarray) -> np.ndarray:
    """Pixels of a space of a configuration as linear ACEScg."""
    start, onward = _anchor(at)
    return _turned(onward, apply(_between(at, name, start), rgb))


def out_of_acescg(at: str, name: str, rgb: np.ndarray) -> np.ndarray:
    """Linear ACEScg pixels in a space of a configuration."""
    start, onward = _anchor(at)
    return apply(_between(at, start, name), _turned(np.linalg.inv(onward), rgb))


def shown(at: str, display: str, view: str, rgb: np.ndarray) -> np.ndarray:
    """Linear ACEScg pixels as code values of a display, unclamped."""
    start, onward = _anchor(at)
    return apply(_viewer(at, start, display, view), _turned(np.linalg.inv(onward), rgb))


@lru_cache(maxsize=64)
def _between(at: str, here: str, there: str) -> ocio.CPUProcessor:
    return processor(ocio.ColorSpaceTransform(src=here, dst=there), at)


@lru_cache(maxsize=16)
def _viewer(at: str, start: str, display: str, view: str) -> ocio.CPUProcessor:
    return processor(ocio.DisplayViewTransform(src=start, display=display, view=view), at)


def _turned(matrix: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    return rgb if np.array_equal(matrix, np.eye(3)) else apply_matrix(matrix, rgb)


def apply(cpu: ocio.CPUProcessor, rgb: np.ndarray) -> np.ndarray:
    """float32 (..., 3) through a processor; what is not finite is kept where it is."""

    def run(pixels: np.ndarray) -> np.ndarray:
        out = np.array(pixels, np.float32, order="C")
        cpu.applyRGB(out)
        return out

    return _contained(run, rgb)


def apply_matrix(matrix: Sequence[float] | np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """float32 (..., 3) through a 3x3; what is not finite is kept where it is."""
    turned = np.ascontiguousarray(np.reshape(matrix, (3, 3)).T, np.float32)
    return _contained(lambda pixels: pixels @ turned, rgb)


def _contained(run: Callable[[np.ndarray], np.ndarray], rgb: np.ndarray) -> np.ndarray:
    rgb = np.asarray(rgb, np.float32)
    usable = np.isfinite(rgb)
    if usable.all():
        return run(rgb)
    return np.where(usable, run(np.where(usable, rgb, np.float32(0))), rgb)
