"""A measured value as passports and reports hold it: plain JSON."""

from __future__ import annotations

import math
from typing import Any

DIGITS = 6
"""Significant digits that are kept: no instrument of ours has more."""


def measured(
    value: float | None, uncertainty: float | None, unit: str, how: str, **more: Any
) -> dict[str, Any]:
    """A value with its standard uncertainty (one sigma), its unit and how it was measured.

    value None: it cannot be had, and `how` says why. A number that is not finite counts as None.
    """
    known = value is not None and math.isfinite(value)
    return {
        "value": brief(value) if known else None,
        "uncertainty": brief(uncertainty) if known else None,
        "unit": unit,
        "how": how,
        **more,
    }


def brief(value: float | None) -> float | None:
    """A number to six significant digits, None where it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}")
