"""Weights of the networks that are shipped: `models/<name>/`, each with its card.

A card says what the weights do, how and on what they were trained, their licence, how well they
do, and their hash. Weights that are not those of the card are not used.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import torch
from safetensors.torch import load

from answerprint.errors import InternalError

PACKAGE = "answerprint_models"
FILE, CARD = "weights.safetensors", "card.toml"
MEND = "Run install.py repair."


@dataclass(frozen=True)
class Weights:
    """name -> tensor, and the hash that recipes and frames name them by."""

    tensors: dict[str, torch.Tensor]
    sha256: str


@cache
def weights(name: str) -> Weights:
    """The weights of that name. Raises InternalError where they are missing or others."""
    folder = resources.files(PACKAGE) / name
    try:
        card = tomllib.loads((folder / CARD).read_text(encoding="utf-8"))
        stored = (folder / FILE).read_bytes()
    except FileNotFoundError as cause:
        raise InternalError(f"The weights '{name}' are not installed.", MEND, str(cause)) from cause
    sha256 = hashlib.sha256(stored).hexdigest()
    if sha256 != card["sha256"]:
        raise InternalError(f"The weights '{name}' are not those that their card names.", MEND)
    return Weights(load(stored), sha256)
