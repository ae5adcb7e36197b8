# SPDX-License-Identifier: GPL-3.0-or-later
"""Classes that are given to Blender together, and taken back as far as it has them."""

from __future__ import annotations

from typing import Iterable, List

import bpy


class Classes:
    """Those that Blender has of a part, in their order."""

    def __init__(self) -> None:
        self.there: List[type] = []

    def add(self, classes: Iterable[type]) -> None:
        for each in classes:
            bpy.utils.register_class(each)
            self.there.append(each)

    def drop(self) -> None:
        while self.there:
            bpy.utils.unregister_class(self.there.pop())
