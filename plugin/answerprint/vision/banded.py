"""Symmetric positive systems whose matrix is a narrow band, many of them at once.

Convention
    bands   (K + 1, N, M) float64: bands[k, i] is A[i, i + k] of each of M systems; what would lie
            beyond the last row is not looked at.

Source: A = L D L' without pivoting (Golub and Van Loan, Matrix Computations, 4.3).
"""

from __future__ import annotations

import numpy as np


class Factored:
    """A factored once, to be solved for several right sides."""

    def __init__(self, bands: np.ndarray) -> None:
        self._bands = bands = np.array(bands, np.float64)
        width, count = len(bands) - 1, bands.shape[1]
        for i in range(count):
            for k in range(1, min(width, count - 1 - i) + 1):
                share = bands[k, i] / bands[0, i]
                for j in range(k, min(width, count - 1 - i) + 1):
                    bands[j - k, i + k] -= share * bands[j, i]

    def solved(self, right: np.ndarray) -> np.ndarray:
        """x (N, M) of A x = right (N, M)."""
        bands, x = self._bands, np.array(right, np.float64)
        width, count = len(bands) - 1, bands.shape[1]
        for i in range(count):
            x[i] /= bands[0, i]
            for k in range(1, min(width, count - 1 - i) + 1):
                x[i + k] -= bands[k, i] * x[i]
        for i in reversed(range(count)):
            for k in range(1, min(width, count - 1 - i) + 1):
                x[i] -= bands[k, i] / bands[0, i] * x[i + k]
        return x

    def logarithm(self) -> np.ndarray:
        """Natural logarithm of each determinant (M,)."""
        found: np.ndarray = np.log(self._bands[0]).sum(axis=0)
        return found
