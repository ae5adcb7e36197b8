"""Where to compute: the CPU or a CUDA device, by the artist's choice."""

from __future__ import annotations

import os
import re

from answerprint.errors import BadParameter


def choose(wanted: str = "auto") -> str:
    """'cpu', or a GPU such as 'cuda:0'. 'auto' takes $ANSWERPRINT_DEVICE, else a GPU if any.

    Raises BadParameter for an unknown name, and for 'cuda' where there is none: a device that
    was asked for is never replaced in silence.
    """
    if wanted == "auto":
        wanted = os.environ.get("ANSWERPRINT_DEVICE") or "auto"
    if wanted == "cpu":
        return "cpu"
    asked = re.fullmatch(r"cuda(?::([0-9]+))?", wanted)
    if wanted != "auto" and not asked:
        raise BadParameter(
            f"device is '{wanted}'.", "Use one of: auto, cpu, cuda (or cuda:1 for the second)."
        )
    import torch

    number, count = int((asked and asked[1]) or 0), torch.cuda.device_count()
    if number < count:
        return f"cuda:{number}"
    if wanted == "auto":
        return "cpu"
    if count:
        raise BadParameter(f"device is '{wanted}'.", f"There is cuda:0 to cuda:{count - 1}.")
    raise BadParameter(
        f"device is '{wanted}', and torch sees no CUDA device.",
        "Use cpu, or install a CUDA build: python3 install.py --torch-index URL.",
        f"torch {torch.__version__}",
    )


def device_class(device: str) -> str:
    """'cpu' or 'cuda': results are the same bits within a class."""
    return device.partition(":")[0]
