"""What a check can find: the fixed list, each kind declared once.

`answerprint check --kinds` prints it; the rules of a show, the page, the markers and the panels
read it. A kind of grammar is off until a show turns it on (`rules.py`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One thing a check finds.

    name     in reports and rules; never changes its meaning.
    family   'light', 'picture', 'things', 'frames', 'edit' or 'grammar'.
    unit     of `value`, '' where a finding has none.
    level    'off', 'note' or 'warn', until a show's rules say otherwise.
    colour   of its marker: red, green, blue, cyan or yellow, which OTIO, Avid and Resolve share.
    help     one line for the artist.
    """

    name: str
    family: str
    unit: str
    level: str
    colour: str
    help: str


KINDS: dict[str, Kind] = {
    each.name: each
    for each in (
        Kind("exposure", "light", "stop", "warn", "yellow", "lighter or darker than its scene"),
        Kind("white_balance", "light", "mired", "warn", "yellow", "warmer or cooler"),
        Kind("tint", "light", "duv", "warn", "yellow", "greener or more magenta"),
        Kind("contrast", "light", "ratio", "warn", "yellow", "harder or softer"),
        Kind("saturation", "light", "ratio", "warn", "yellow", "more or less colour"),
        Kind("black_level", "light", "linear", "warn", "yellow", "lifted or crushed blacks"),
        Kind("key_light", "light", "degree", "warn", "yellow", "key from another side"),
        Kind("grain", "picture", "ratio", "warn", "cyan", "more or less grain or noise"),
        Kind("sharpness", "picture", "ratio", "warn", "cyan", "softer or sharper"),
        Kind("flicker", "picture", "stop", "warn", "cyan", "its light flickers"),
        Kind("thing", "things", "px", "warn", "red", "moved, appeared or vanished"),
        Kind("duplicate_frames", "frames", "frame", "warn", "red", "a frame stands twice"),
        Kind("dropped_frames", "frames", "frame", "warn", "red", "the motion jumps"),
        Kind("flash_frame", "frames", "stop", "warn", "red", "one frame of another light"),
        Kind("black_frame", "frames", "frame", "warn", "red", "a frame is black"),
        Kind("gap", "edit", "frame", "warn", "red", "a missing shot: a gap, slug or card"),
        Kind("missing_media", "edit", "frame", "warn", "red", "the media is not there"),
        Kind("short_handles", "edit", "frame", "warn", "red", "media ends before its transition"),
        Kind("few_handles", "edit", "frame", "note", "blue", "fewer handles than the show wants"),
        Kind("mixed_rates", "edit", "fps", "note", "blue", "media of another frame rate"),
        Kind("jump_cut", "grammar", "degree", "off", "green", "same set-up, hardly another view"),
        Kind("thirty_degrees", "grammar", "degree", "off", "green", "a view under 30 degrees away"),
        Kind("screen_direction", "grammar", "", "off", "green", "the subject turns round"),
        Kind("axis_crossed", "grammar", "degree", "off", "green", "the camera crosses the line"),
        Kind("shot_size", "grammar", "ratio", "off", "green", "too small or large a change"),
    )
}
