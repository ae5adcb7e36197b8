"""The kinds of result a tool hands back, and the fields each of them must have.

Positions are pixels of the source's display window: (0, 0) is the lower left corner of its
lower left pixel, y grows upwards, centres of pixels lie at .5. Frames are the source's numbers.
`resources/docs/conventions.md` says it at length. `frames`, `key`, `matte`, `stmap` and `take`
are files: the fields of a `scene.FrameSet`. A `key` is premultiplied with its alpha, and has the
straight foreground as a layer. A `take` of other media has `at`, the source's number at which its
first frame lies. `file` on a kind of data names the same for other programs.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, Callable, Dict, Mapping, Tuple

from .messages import HOST_REFUSED, WireError

Result = Mapping[str, Any]
Fits = Callable[[Any], bool]
Field = Tuple[str, Fits]
"""What a field is, in words that end 'which is not ...', and whether a value is that."""


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _whole(value: Any) -> bool:
    return type(value) is int


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _numbers(count: int) -> Fits:
    return lambda v: isinstance(v, (list, tuple)) and len(v) == count and all(map(_number, v))


def _some(each: Fits, count: int = 0) -> Fits:
    """A list that is not empty, or of so many, in which each fits."""
    return lambda v: (
        isinstance(v, (list, tuple))
        and (len(v) == count if count else len(v) > 0)
        and all(map(each, v))
    )


def _with(**fields: Fits) -> Fits:
    """An object that has these fields; it may have more."""
    return lambda v: (
        isinstance(v, Mapping) and all(n in v and fits(v[n]) for n, fits in fields.items())
    )


def _apart(value: Any) -> bool:
    mean: Any = value.get("mean") if isinstance(value, Mapping) else value
    return _number(mean) and bool(mean >= 0)


def _rising(value: Any) -> bool:
    """Rows whose first number, a frame, grows from each to the next."""
    return all(one[0] < other[0] for one, other in itertools.pairwise(value))


def _framed(value: Any) -> bool:
    """Objects whose `frame` grows from each to the next."""
    return _rising([(each["frame"],) for each in value])


def _shape(value: Any) -> bool:
    if not _with(name=_text, closed=lambda v: type(v) is bool, keys=_some(_KEY))(value):
        return False
    return _framed(value["keys"]) and len({len(key["points"]) for key in value["keys"]}) == 1


def _track(value: Any) -> bool:
    return _with(name=_text, points=_some(_AT))(value) and _rising(value["points"])


def _at(value: Any) -> bool:
    return _numbers(4)(value) and _whole(value[0]) and 0 <= value[3] <= 1


def _move(value: Any) -> bool:
    whole = _with(frame=_whole, matrix=_numbers(16), focal=_number)(value)
    return bool(whole and value["focal"] > 0 and list(value["matrix"][12:]) == [0, 0, 0, 1])


def _ordered(each: Fits) -> Fits:
    return lambda v: _some(each)(v) and _framed(v)


_KEY, _AT, _FOUR = _with(frame=_whole, points=_some(_numbers(6))), _at, _some(_numbers(2), 4)
_PIN, _MARK = _with(frame=_whole, points=_FOUR), _with(frame=_whole, text=_text)

TEXT: Field = ("a text", _text)
WHOLE: Field = ("a whole number", _whole)
NUMBER: Field = ("a number", _number)
SIZE: Field = ("a number over 0", lambda v: _number(v) and bool(v > 0))
THREE: Field = ("three numbers", _numbers(3))
APART: Field = ("a number, or one called 'mean', from 0 up", _apart)
SHAPES: Field = (
    "shapes with name, closed and keys: frame, and as many points of six numbers in each",
    _some(_shape),
)
TRACKS: Field = ("tracks with name and points: frame, x, y, confidence 0 to 1", _some(_track))
FOUR: Field = ("four points", _FOUR)
CORNERS: Field = ("frames with four points each, in order", _ordered(_PIN))
MOVES: Field = (
    "frames in order with a focal length and a matrix of 16 numbers, the last row 0 0 0 1",
    _ordered(_move),
)
CURVE: Field = (
    "pairs of a frame of the result and one of the source, in order",
    lambda v: _some(_numbers(2))(v) and _rising(v),
)
MARKS: Field = ("markers with frame and text", _some(_MARK))

_FRAMES: Dict[str, Field] = {"pattern": TEXT, "first": WHOLE, "last": WHOLE}

KINDS: Dict[str, Dict[str, Field]] = {
    "cdl": {
        "slope": THREE,
        "offset": THREE,
        "power": THREE,
        "saturation": NUMBER,
        "working_space": TEXT,
        "residual": APART,
    },
    "grade": {"gain": THREE, "offset": THREE, "working_space": TEXT},  # x * gain + offset
    "lut": {"path": TEXT, "space": TEXT},
    "frames": _FRAMES,
    "key": {**_FRAMES, "foreground": TEXT, "screen": THREE},  # its light, ACEScg
    "matte": {**_FRAMES, "name": TEXT},
    "roto": {"name": TEXT, "shapes": SHAPES},
    "tracks": {"tracks": TRACKS},
    "corner_pin": {"from": FOUR, "corners": CORNERS},
    "stmap": _FRAMES,
    "camera": {"haperture": SIZE, "vaperture": SIZE, "frames": MOVES},
    "retime": {"curve": CURVE},
    "take": _FRAMES,
    "markers": {"markers": MARKS},
    "note": {"text": TEXT},
}


def check(result: Any) -> str:
    """The kind of a result that is whole. WireError -32020 naming the field that is not."""
    kind = result.get("kind") if isinstance(result, Mapping) else None
    hint = "Run install.py repair: the host's files and the worker are of different versions."
    if not isinstance(kind, str) or kind not in KINDS:
        raise WireError(HOST_REFUSED, f"A result is of the unknown kind {kind!r}.", hint)
    for name, (words, fits) in KINDS[kind].items():
        if name not in result:
            raise WireError(HOST_REFUSED, f"The result '{kind}' lacks '{name}'.", hint)
        if not fits(result[name]):
            told = f"The result '{kind}' has {name} {result[name]!r:.80}, which is not {words}."
            raise WireError(HOST_REFUSED, told, hint)
    return kind
