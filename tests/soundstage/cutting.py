"""The edit of a staged scene: cut.otio, with what an edit can have wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
from soundstage.plan import FIRST


def write_cut(plan: dict[str, Any], path: Path, lengths: list[int]) -> None:
    """One track of all shots in full, in order; the media beside it by relative path."""
    rate = plan["rate"]
    timeline = otio.schema.Timeline(f"{plan['mode']} {plan['seed']}")
    timeline.global_start_time = otio.opentime.RationalTime(rate * 3600, rate)
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for number, (shot, length) in enumerate(zip(plan["shots"], lengths, strict=True)):
        own = {each["kind"]: each for each in plan["faults"] if each["shot"] == number}
        if "gap" in own:
            gap = otio.opentime.RationalTime(own["gap"]["value"], rate)
            track.append(otio.schema.Gap(duration=gap))
        if "short_handles" in own:
            half = otio.opentime.RationalTime(own["short_handles"]["value"] / 2, rate)
            track.append(
                otio.schema.Transition(
                    "dissolve", otio.schema.TransitionTypes.SMPTE_Dissolve, half, half
                )
            )
        media_rate = rate + own["mixed_rates"]["value"] if "mixed_rates" in own else rate
        all_of_it = otio.opentime.TimeRange(
            otio.opentime.RationalTime(FIRST, media_rate),
            otio.opentime.RationalTime(length, media_rate),
        )
        name = shot["name"]
        media = otio.schema.ImageSequenceReference(
            target_url_base=f"{name}/",
            name_prefix=f"{name}.",
            name_suffix=".exr",
            start_frame=FIRST,
            frame_step=1,
            rate=media_rate,
            frame_zero_padding=4,
            available_range=all_of_it,
        )
        track.append(otio.schema.Clip(name, media, all_of_it))
    otio.adapters.write_to_file(timeline, str(path))
