"""The CDL that an edit has on a clip, in any of the ways in which systems write it down.

An EDL's comments, an ALE's columns, an AAF's user comments and the metadata of an OTIO end up as
metadata of the clip or of its media, under names of their own:

    cdl        {asc_sop: {slope, offset, power}, asc_sat}, as OpenTimelineIO's adapters have it;
               or {slope, offset, power, saturation} without a level in between
    ASC_SOP    '(1 1 1)(0 0 0)(1 1 1)', with ASC_SAT beside it: in small or large letters, alone
               or below `cdl`, `ALE`, `AAF.UserComments`, `fcp_xml.colorinfo`, `Resolve_OTIO`, ...
    comments   'ASC_SOP (...)' as lines of `cmx_3600`
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import opentimelineio as otio

from answerprint.edit.edl import cdl_of

_DEEPEST = 8
_COMMENT = re.compile(r"\W*(ASC_SOP|ASC_SAT)\W*?\s*:?\s*(.*)", re.IGNORECASE)
_NEUTRAL = {"slope": (1, 1, 1), "offset": (0, 0, 0), "power": (1, 1, 1)}


def cdl_on(clip: otio.schema.Clip) -> tuple[dict[str, Any] | None, str]:
    """A clip's CDL as {slope, offset, power, saturation}, and the beginning of one that cannot be
    read. The clip's own goes before its effects' and its media's, `cdl` before other names."""
    places = [clip.metadata, *(each.metadata for each in clip.effects)]
    places += [clip.media_reference.metadata] if clip.media_reference else []
    odd = ""
    for told in (each for place in places for each in _said(place)):
        found = _read(told)
        if found is not None:
            return found, ""
        odd = odd or " ".join(map(str, told.values() if hasattr(told, "values") else [told]))[:60]
    return None, odd


def _said(metadata: Any, depth: int = 0) -> Iterator[Any]:
    """Everything in metadata that looks like a CDL, the nearest first."""
    if depth > _DEEPEST or not hasattr(metadata, "items"):
        return
    small = {str(name).casefold(): value for name, value in metadata.items()}
    if small.get("cdl"):
        yield small["cdl"]
    if small.get("asc_sop") or small.get("asc_sat") not in (None, ""):
        yield {name: small[name] for name in ("asc_sop", "asc_sat") if name in small}
    lines = small.get("comments")
    if isinstance(lines, Sequence) and not isinstance(lines, str):
        matches = filter(None, (_COMMENT.match(str(line)) for line in lines))
        if words := {each[1].casefold(): each[2] for each in matches}:
            yield words
    for name, value in small.items():
        if name not in ("cdl", "asc_sop", "answerprint"):
            yield from _said(value, depth + 1)


def _read(told: Any) -> dict[str, Any] | None:
    if isinstance(told, str):
        return _of_texts(told, told.rpartition("(")[2] if told.count("(") == 4 else "")
    if not hasattr(told, "items"):
        return None
    small = {str(name).casefold(): value for name, value in told.items()}
    sop, sat = small.get("asc_sop"), small.get("asc_sat", small.get("saturation"))
    if isinstance(sop, str):
        return _of_texts(sop, "" if sat is None else str(sat))
    if sop is None and set(_NEUTRAL) <= set(small):
        sop = small
    if sop is None and sat is not None:
        sop = {}
    if sop is None or not hasattr(sop, "get"):
        return None
    numbers = {name: _numbers(sop.get(name, there)) for name, there in _NEUTRAL.items()}
    saturation = _numbers([1.0 if sat is None else sat])
    if [len(each) for each in (*numbers.values(), saturation)] != [3, 3, 3, 1]:
        return None
    return {**numbers, "saturation": saturation[0]}


def _of_texts(sop: str, sat: str) -> dict[str, Any] | None:
    found = cdl_of(sop, sat)
    return None if found is None else _read(found)


def _numbers(values: Any) -> list[float]:
    """A list's numbers, none where it is no list of numbers."""
    if isinstance(values, (str, Mapping)) or not isinstance(values, Sequence):
        return []
    try:
        found = [float(each) for each in values]
    except (TypeError, ValueError):
        return []
    return found if all(map(math.isfinite, found)) else []
