"""Which nodes finish a key by hand: class, words for the artist, and knobs, from the Read down.

Not run in Nuke itself (see the package). The Read shows the key premultiplied; its own straight
foreground is a layer, so that the matte can be changed and the picture premultiplied again:

    Copy          the layer over R, G, B, so that they are straight; alpha is the Read's
    Grade         alpha: clip black and white with blackpoint and whitepoint
    FilterErode   alpha: erode by size, in pixels; a negative one grows it
    Blur          alpha: soften
    Expression    despill: `amount` from 0 to 1 takes off what the foreground has of the screen's
                  channel above the stronger other one; for a screen of a colour only
    Premult

All of them are neutral. blackpoint 0 and whitepoint 1 are Nuke's own defaults and not set: four
equal numbers would show as four fields.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from answerprint_bridge.results import Result, screen_channel

Tool = Tuple[str, str, Dict[str, Any]]
COLOURS = ("red", "green", "blue")


def tools(key: Result) -> List[Tool]:
    """The nodes for a key, in order; the first takes the Read in both its inputs."""
    alpha = {"channels": "alpha"}
    found: List[Tool] = [
        ("Copy", "straight foreground", _copied(key["foreground"])),
        ("Grade", "clip black / white", {**alpha, "black_clamp": True, "white_clamp": True}),
        ("FilterErode", "erode", {**alpha, "size": 0.0}),
        ("Blur", "soften", {**alpha, "size": 0.0}),
    ]
    channel = screen_channel(key)
    if channel is not None:
        words = f"despill {COLOURS[channel]}: amount 0 to 1"
        found.append(("Expression", words, _despill(channel)))
    return [*found, ("Premult", "", {})]


def _copied(layer: str) -> Dict[str, Any]:
    knobs = {}
    for number, colour in enumerate(COLOURS):
        knobs[f"from{number}"] = f"{layer}.{colour}"
        knobs[f"to{number}"] = f"rgba.{colour}"
    return knobs


def _despill(channel: int) -> Dict[str, Any]:
    own = "rgb"[channel]
    one, other = (each for each in "rgb" if each != own)
    less = f"{own} - amount * max(0, {own} - max({one}, {other}))"
    return {"temp_name0": "amount", "temp_expr0": "0", f"expr{channel}": less}
