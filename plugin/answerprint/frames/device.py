"""Where to compute: the CPU or a CUDA device, by the artist's choice."""

from __future__ import annotations

import os

from answerprint.errors import BadParameter


def choose(wanted: str = "auto") -> str:
    """'cpu' or 'cuda:0'. 'auto' takes $ANSWERPRINT_DEVICE, else a GPU where there is one.

    Raises BadParameter for an unknown name, and for 'cuda' where there is none: a device that
    was asked for is never replaced in silence.
    """
    if wanted == "auto":
        wanted = os.environ.get("ANSWERPRINT_DEVICE") or "auto"
    if wanted == "cpu":
        return "cpu"
    if wanted not in ("auto", "cuda"):
        raise BadParameter(f"device is '{wanted}'.", "Use one of: auto, cpu, cuda.")
    import torch

    if torch.cuda.is_available():
        return "cuda:0"
    if wanted == "cuda":
        raise BadParameter(
            "device is 'cuda', and torch sees no CUDA device.",
            "Use cpu, or install a CUDA build: python3 install.py --torch-index URL.",
            f"torch {torch.__version__}",
        )
    return "cpu"


def device_class(device: str) -> str:
    """'cpu' or 'cuda': results are the same bits within a class."""
    return device.partition(":")[0]
