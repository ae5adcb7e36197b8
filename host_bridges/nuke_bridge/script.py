"""The open script, as a bridge sees it: its nodes by name, its colour spaces, texts kept in it.

Not run in Nuke itself (see the package). Colour spaces are named plainly ('ACEScct'), whatever
the script's config calls them ('ACES - ACEScct').
"""

from __future__ import annotations

import base64
import json
import os
import re
from fractions import Fraction
from typing import Any, Dict, Mapping

import nuke

from answerprint_bridge.messages import HOST_REFUSED, WireError

TAGS = "answerprint_tags"  # the knob that holds what we keep with a node
SETTINGS = "answerprint_settings"  # the tag of the root: what the artist told this host
OWN = {  # Nuke's own colour management: what is certain to be a space of a config
    "linear": "Linear Rec.709 (sRGB)",
    "sRGB": "sRGB Encoded Rec.709 (sRGB)",
    "rec709": "Camera Rec.709",
}
FAMILY = "ACES - "  # how older ACES configs begin a space's name
SHOWN = re.compile(r"(?:default|scene_linear|compositing_linear|rendering) \((.+)\)")
VERSION = re.compile(r"[._-]v\d+$", re.IGNORECASE)


def node(ref: str) -> Any:
    """The node of this full name. WireError -32020 where there is none."""
    there = found(ref)
    if there is None:
        hint = "Choose another, or bring it back."
        raise WireError(HOST_REFUSED, f"There is no '{ref}' in the script.", hint)
    return there


def found(ref: str) -> Any:
    """The node of this full name, None where there is none."""
    with nuke.root():  # names are looked for in the group that is open
        return nuke.toNode(ref) if ref else None


def group_of(where: Any) -> Any:
    """The group a node stands in, the root for None. A node without knobs is not true: ask None."""
    parent = None if where is None else where.parent()
    return nuke.root() if parent is None else parent


def put(where: Any, knob: str, value: Any) -> None:
    """Set a knob and look whether it took: Nuke may leave one as it was and say nothing.

    WireError -32020 where the knob, or this entry of its list, does not exist.
    """
    found = where.knob(knob)
    if found is None:
        title = f"This Nuke's {where.Class()} has no '{knob}'."
        raise WireError(HOST_REFUSED, title, "Use a Nuke from 15 to 17.")
    found.setValue(value)
    if isinstance(found, nuke.Enumeration_Knob) and chosen(found) != value:
        title = f"'{knob}' of {where.Class()} cannot be '{value}'."
        raise WireError(HOST_REFUSED, title, "Choose another colour config or Nuke version.")


def chosen(knob: Any) -> str:
    """The entry of a list that is chosen, without what Nuke shows around its name."""
    value = str(knob.value()).split("\t")[0]
    around = SHOWN.fullmatch(value)
    return around[1] if around else value


def plain_space(name: str) -> str:
    return name[len(FAMILY) :] if name.startswith(FAMILY) else name


def managed() -> bool:
    """Whether the script's colour is OCIO's, not Nuke's own."""
    return chosen(nuke.root()["colorManagement"]) == "OCIO"


def spaces() -> Dict[str, str]:
    """Plain name -> what a Read of this script calls it, of every space that is certain."""
    if not managed():
        return {space: name for name, space in OWN.items()}
    knob: Any = nuke.root()["workingSpaceLUT"]  # the stubs know the general Knob only
    listed = [str(each).split("\t")[0] for each in knob.values()]
    return {plain_space(each): each for each in listed if not SHOWN.fullmatch(each)}


def working() -> str:
    """Plain name of the script's working space, '' without OCIO colour management."""
    return plain_space(chosen(nuke.root()["workingSpaceLUT"])) if managed() else ""


def light() -> str:
    """Plain name of the space that the script's pictures are computed in."""
    return working() or OWN["linear"]


def read_space(knob: Any) -> str:
    """Plain name of the space that a Read is set to, '' where nobody outside of Nuke knows it."""
    return plain_space(chosen(knob)) if managed() else OWN.get(chosen(knob), "")


def lacks(space: str) -> str:
    """Why nothing in this script can be in a space, '' where it can."""
    if space in spaces():
        return ""
    if managed():
        return f"the script's colour config has no '{space}': choose one that has it"
    return f"Nuke's own colours have no '{space}': choose OCIO in Project Settings > Color"


def named(space: str) -> str:
    """What the script calls a space. WireError -32020 where it has none of this name."""
    if why := lacks(space):
        raise WireError(HOST_REFUSED, f"{why[0].upper()}{why[1:]}.")
    return spaces()[space]


def config() -> str:
    """Path of the script's own OCIO config, or the name of a built-in one."""
    root = nuke.root()
    name = chosen(root["OCIO_config"])
    return str(root["customOCIOConfigPath"].value()) if name == "custom" else name


def rate() -> Fraction:
    """Frames per second; 23.976 is 24000/1001."""
    told = float(nuke.root()["fps"].value())
    film = Fraction(round(told) * 1000, 1001)
    return film if abs(told - film) < 0.005 else Fraction(told).limit_denominator(1000)


def view() -> str:
    """The view that is worked on: the one that was chosen, else the script's first."""
    there = list(nuke.views())
    kept = tags(nuke.root()).get(SETTINGS, {}).get("view")
    return str(kept if kept in there else there[0])


def path() -> str:
    """The script's file, '' while it has none."""
    name = str(nuke.root().name())
    return name if os.path.isabs(name) else ""


def shot() -> str:
    """The script's name without its version: 'sc010' of 'sc010_v012.nk'."""
    return VERSION.sub("", os.path.splitext(os.path.basename(path()))[0])


def spoken(text: str) -> str:
    """A text as a label may hold it, with nothing in it that Nuke would run."""
    return re.sub(r"([\\\[\]$])", r"\\\1", text)


def tags(where: Any) -> Dict[str, Any]:
    """What is kept with a node: in base64, because Nuke runs brackets and dollars in a text."""
    knob = where.knob(TAGS)
    told = str(knob.value()) if knob is not None else ""
    return dict(json.loads(base64.b64decode(told))) if told else {}


def keep(where: Any, key: str, value: Mapping[str, Any]) -> None:
    kept = {**tags(where), key: dict(value)}
    if where.knob(TAGS) is None:
        knob = nuke.String_Knob(TAGS, "")
        knob.setFlag(nuke.INVISIBLE)
        where.addKnob(knob)
    where[TAGS].setValue(base64.b64encode(json.dumps(kept).encode()).decode("ascii"))
