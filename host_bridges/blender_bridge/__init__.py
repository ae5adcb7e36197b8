# SPDX-License-Identifier: GPL-3.0-or-later
"""Answerprint inside Blender: panels, operators and menus that call the core."""
