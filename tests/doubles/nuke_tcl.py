"""As much of TCL as Nuke's knobs speak: how a text is evaluated, lists, and curves."""

from __future__ import annotations

import re
from collections.abc import Callable

Run = Callable[[list[str]], str]


def evaluated(text: str, run: Run) -> str:
    """A knob's text as Nuke reads it: brackets run, dollars are variables, a backslash quotes."""
    out, at = "", 0
    while at < len(text):
        letter = text[at]
        if letter == "\\" and at + 1 < len(text):
            out, at = out + text[at + 1], at + 2
        elif letter == "$":
            raise RuntimeError(f'can\'t read "{text[at + 1 :]}": no such variable')
        elif letter == "[":
            end = _closing(text, at)
            out += run(words(evaluated_words(text[at + 1 : end], run)))
            at = end + 1
        else:
            out, at = out + letter, at + 1
    return out


def evaluated_words(text: str, run: Run) -> str:
    """A command with the brackets in it run; what is in braces stays as it is."""
    return text if "{" in text else evaluated(text, run)


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        if not depth:
            return at
    raise RuntimeError("missing close-bracket")


def words(text: str) -> list[str]:
    """A list's elements; braces and quotes keep one together."""
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] == "{":
            end, depth = at, 0
            while True:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                if not depth:
                    break
                end += 2 if text[end] == "\\" else 1
            found.append(text[at + 1 : end])
            at = end + 1
        elif text[at] == '"':
            end = at + 1
            while text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            found.append(re.sub(r"\\(.)", r"\1", text[at + 1 : end]))
            at = end + 1
        else:
            end = at
            while end < len(text) and not text[end].isspace():
                end += 1
            found.append(text[at:end])
            at = end
    return found


class Curve:
    """Keys of one value. mode: K holds, L is linear; anything else Nuke smooths, we do not."""

    def __init__(self, mode: str = "") -> None:
        self.mode, self.keys = mode, {}

    @classmethod
    def read(cls, text: str) -> Curve:
        """'curve L x1001 1 x1003 2'."""
        kind, *rest = text.split()
        if kind != "curve":
            raise ValueError(f"{text!r} is no curve")
        made = cls(rest.pop(0) if rest[0].isalpha() else "")
        frame = 0.0
        for each in rest:
            if each.startswith("x"):
                frame = float(each[1:])
            else:
                made.keys[frame] = float(each)
                frame += 1
        return made

    def at(self, frame: float) -> float:
        before = [f for f in sorted(self.keys) if f <= frame]
        after = [f for f in sorted(self.keys) if f > frame]
        if not before or not after or self.mode == "K":
            return self.keys[before[-1] if before else after[0]]
        share = (frame - before[-1]) / (after[0] - before[-1])
        low, high = self.keys[before[-1]], self.keys[after[0]]
        return low + share * (high - low)
