# SPDX-License-Identifier: GPL-3.0-or-later
"""The strips of a scene as OpenTimelineIO's JSON, written without OpenTimelineIO.

    image and movie strips   clips of their files, cut where their speed changes (`edit_shown`)
    cross, gamma cross, wipe a transition; what it joins comes to stand on one track
    meta strips              stacks; what they cut off stays cut off
    colour, text, scene, ... generated clips of their kind: they cover, and are not looked at
    sound                    clips of sound, which a check counts and leaves: not where they begin
    other effects, modifiers named on the clip they change: a check says that it does not read them

Frame 0 of the edit is the first that a strip shows; its timecode is what Blender shows there. One
track for each channel, from the bottom up, and more where a transition needs room. A picture that
lets one under it through (its blending, its opacity, or it covers less than half of that) is left
with the generated ones, so that the shot under it is not taken for hidden.
"""

from __future__ import annotations

import json
import os
import re
from fractions import Fraction
from pathlib import PurePath
from typing import Any, Dict, List, Sequence

import bpy

from answerprint_bridge.messages import HOST_REFUSED, WireError

from . import colour, compat, edit_lay, edit_shown, files, script, sizes

Json = Dict[str, Any]
SOUND = "SOUND"
_TOKEN = re.compile(r"%0?(\d*)d")
OPAQUE = ("REPLACE", "ALPHA_OVER", "CROSS", "GAMMA_CROSS")
KINDS = {"COLOR": "SolidColor", "MOVIECLIP": "MovieClip"}  # others as Blender calls them
COVERS = 0.5  # of what lies under it: less is a picture in the picture


def write(scene: Any, path: str) -> None:
    """Write the edit of a scene. WireError where there is none."""
    whole = json.dumps(Writer(scene).timeline(), indent=1, ensure_ascii=False, allow_nan=False)
    with open(path, "w", encoding="utf-8") as file:
        file.write(whole)


def first_of(scene: Any) -> int:
    """The scene's frame that is frame 0 of its edit."""
    there = list(compat.top_strips(scene)) if scene.sequence_editor else []
    shown = [int(each.frame_final_start) for each in there if each.type != SOUND]
    if not shown:
        title = f"The sequencer of the scene '{scene.name}' has no pictures."
        raise WireError(HOST_REFUSED, title, "Add shots to it, or choose another scene.")
    return min(shown)


class Writer:
    def __init__(self, scene: Any) -> None:
        self.scene, self.first = scene, first_of(scene)
        self.rate = script.rate(scene)

    def timeline(self) -> Json:
        top, editor = compat.top_strips(self.scene), self.scene.sequence_editor
        return {
            "OTIO_SCHEMA": "Timeline.1",
            "name": script.shot() or self.scene.name,
            "metadata": {},
            "global_start_time": self.time(max(self.first, 0)),
            "tracks": self.stack("tracks", list(top), editor.channels, self.first),
        }

    def stack(self, name: str, strips: Sequence[Any], channels: Any, first: int) -> Json:
        """Strips that lie beside each other; their time 0 is at `first`."""
        tracks = edit_lay.layout(strips)
        for laid in (edit_lay.of(each) for each in strips if each.type == SOUND):
            laid.first = max(laid.first, first)
            if laid.end > first:
                tracks.append(edit_lay.Track(laid.strip.channel, "Audio", [laid]))
        made = [self.track(each, channels, first) for each in tracks]
        return _item("Stack.1", name, children=made)

    def track(self, track: edit_lay.Track, channels: Any, at: int) -> Json:
        channel = channels[track.channel]
        children: List[Json] = []
        for each in track.laid:
            if each.first > at:
                children.append(_item("Gap.1", "", self.range(0, each.first - at)))
            children += self.clips(each)
            at = each.end
            if each.joined:
                before, after = each.joined
                kind = "SMPTE_Dissolve" if each.dissolves else "Custom_Transition"
                told = {"transition_type": kind, "in_offset": self.time(before)}
                told["out_offset"] = self.time(after)
                children.append({"OTIO_SCHEMA": "Transition.1", "name": "", "metadata": {}, **told})
        effects = [_effect(name) for name in track.effects]
        named = _item("Track.1", channel.name, effects=effects, enabled=not channel.mute)
        return {**named, "kind": track.kind, "children": children}

    def clips(self, laid: edit_lay.Laid) -> List[Json]:
        """What stands for a strip on its track."""
        strip, lasts = laid.strip, laid.end - laid.first
        enabled = not strip.mute
        names = [*laid.effects, *_own_effects(strip)]
        effects = [_effect(name) for name in names]
        if strip.type == "META":
            inner = list(compat.inner(strip))
            first = min([laid.first, *(int(each.frame_final_start) for each in inner)])
            made = self.stack(strip.name, inner, strip.channels, first)
            more = {"source_range": self.range(laid.first - first, lasts), "effects": effects}
            return [{**made, **more, "enabled": enabled}]
        if strip.type == SOUND:
            path = os.path.abspath(bpy.path.abspath(strip.sound.filepath)) if strip.sound else ""
            media = _media(_external(path, None) if path else {"OTIO_SCHEMA": "MissingReference.1"})
            return [_item("Clip.2", strip.name, self.range(0, lasts), enabled=enabled, **media)]
        shot = strip.type in ("IMAGE", "MOVIE")
        if not shot or self.lets_through(laid):
            kind = "Overlay" if shot else KINDS.get(strip.type, strip.type.title())
            told = {"OTIO_SCHEMA": "GeneratorReference.1", "generator_kind": kind}
            media = _media({**told, "parameters": {}})
            return [_item("Clip.2", strip.name, self.range(0, lasts), enabled=enabled, **media)]
        shown = edit_shown.of(strip, laid.first, laid.end, laid.speed)
        if shown.lost:
            effects.append(_effect(shown.lost, "TimeEffect.1"))
        rows = [self.clip(strip, piece, shown) for piece in shown.pieces]
        return [{**r, "effects": [*r["effects"], *effects], "enabled": enabled} for r in rows]

    def clip(self, strip: Any, piece: edit_shown.Piece, shown: edit_shown.Shown) -> Json:
        rate = shown.rate or self.rate
        first, last = shown.held[piece.path]
        available = _range(first, last - first + 1, rate, rate)
        if strip.type == "IMAGE" and last:  # 0 is the only number of a still
            media = _sequence(piece.path, first, available)
        else:
            media = _external(piece.path, available)
        if space := colour.cores(files.space_of(strip)):
            media["metadata"] = {"answerprint": {"space": space}}
        speed = Fraction(piece.taken * piece.turn, piece.frames) * self.rate / rate
        warps = [] if speed == 1 else [_warp(speed)]
        range_ = _range(piece.low, piece.frames, rate, self.rate)
        return _item("Clip.2", strip.name, range_, effects=warps, **_media(media))

    def lets_through(self, laid: edit_lay.Laid) -> bool:
        """Whether a picture lies under a strip that is seen beside it or through it."""
        strip, under = laid.strip, laid.under()
        if not under:
            return False
        mixed = strip.blend_type not in OPAQUE
        faint = strip.blend_alpha < 1 and not _is_keyed(strip, "blend_alpha")
        return mixed or faint or self.share(strip) < COVERS * max(map(self.share, under))

    def share(self, strip: Any) -> float:
        """How much of the frame a strip covers; all of it where nobody looked at its size yet."""
        own = next(iter(getattr(strip, "elements", ())), None)
        if own is None or not own.orig_width:
            return 1.0
        width, height = sizes.rendered(self.scene)
        across = min(abs(strip.transform.scale_x) * own.orig_width / width, 1.0)
        down = min(abs(strip.transform.scale_y) * own.orig_height / height, 1.0)
        return float(across * down)

    def time(self, frames: int) -> Json:
        return _time(frames, self.rate)

    def range(self, first: int, lasts: int) -> Json:
        return _range(first, lasts, self.rate, self.rate)


def _is_keyed(strip: Any, name: str) -> bool:
    told = strip.id_data.animation_data
    ends = f'["{bpy.utils.escape_identifier(strip.name)}"].{name}'
    curves = compat.curves(told.action) if told and told.action else []
    return any(curve.data_path.endswith(ends) for curve in curves)


def _own_effects(strip: Any) -> List[str]:
    found = [each.name for each in getattr(strip, "modifiers", ()) if not each.mute]
    return [*found, "Strobe"] if getattr(strip, "strobe", 1) > 1 else found


# OpenTimelineIO's words


def _item(schema: str, name: str, source_range: Json | None = None, **more: Any) -> Json:
    told = {"OTIO_SCHEMA": schema, "name": name, "metadata": {}, "source_range": source_range}
    return {**told, "effects": [], "markers": [], "enabled": True, **more}


def _media(reference: Json) -> Json:
    told = {"name": "", "metadata": {}, "available_range": None, **reference}
    key = "DEFAULT_MEDIA"
    return {"media_references": {key: told}, "active_media_reference_key": key}


def _external(path: str, available: Json | None) -> Json:
    url = PurePath(path).as_uri()
    told = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": url}
    return {**told, "available_range": available}


def _sequence(pattern: str, first: int, available: Json) -> Json:
    folder, name = os.path.split(pattern)
    token = list(_TOKEN.finditer(name))[-1]
    return {
        "OTIO_SCHEMA": "ImageSequenceReference.1",
        "available_range": available,
        "target_url_base": f"{PurePath(folder).as_uri()}/",
        "name_prefix": name[: token.start()],
        "name_suffix": name[token.end() :],
        "start_frame": first,
        "frame_step": 1,
        "rate": available["duration"]["rate"],
        "frame_zero_padding": int(token[1] or 1),
        "missing_frame_policy": "error",
    }


def _effect(name: str, schema: str = "Effect.1") -> Json:
    return {"OTIO_SCHEMA": schema, "name": name, "metadata": {}, "effect_name": name}


def _warp(speed: Fraction) -> Json:
    if speed == 0:
        return {**_effect("FreezeFrame", "FreezeFrame.1"), "time_scalar": 0.0}
    return {**_effect("LinearTimeWarp", "LinearTimeWarp.1"), "time_scalar": float(speed)}


def _time(value: int, rate: Fraction) -> Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(value)}


def _range(first: int, lasts: int, rate: Fraction, over: Fraction) -> Json:
    """rate: of the first. over: of how long it lasts."""
    told = {"start_time": _time(first, rate), "duration": _time(lasts, over)}
    return {"OTIO_SCHEMA": "TimeRange.1", **told}
