"""What the small worker finds in an edit of two shots, 'one' of three and 'two' of five frames."""

import json

from answerprint_bridge.checking import RULES


def finding(number, kind, family, colour, frame, **more):
    """A row of the report, as `check/ranked.py` makes it."""
    told = {
        "id": f"{number:012x}",
        "kind": kind,
        "family": family,
        "colour": colour,
        "level": "warn",
        "shots": ["one", "two"],
        "mend": "two",
        "frame": frame,
        "range": [frame, frame],
        "timecode": f"01:00:00:{frame:02}",
        "value": 0.5,
        "unit": "stop",
        "uncertainty": 0.03,
        "confidence": 0.9,
        "region": None,
        "fix": None,
        "text": f"{kind} at {frame}.",
    }
    return told | more


def fix_by(**params):
    return {"tool": "small", "params": params, "inputs": {"source": "two", "reference": "one"}}


FINDINGS = [
    finding(1, "exposure", "light", "yellow", 3, fix=fix_by(results=[])),
    finding(2, "thing", "things", "red", 3, range=[3, 6], text="A glass moved."),
    finding(3, "flash_frame", "frames", "red", 1, shots=["one"], mend="one"),
]


def report(spans, findings=FINDINGS, **more):
    """A report on the shots of `spans`, by the names 'one' and 'two': the last two of a host's."""
    shots = [
        {
            "name": name,
            "clip": span.name,
            "cut": [span.first, span.last],
            "timecode": f"01:00:00:{span.first:02}",
            "track": span.track,
            "media": f"/media/{name}.%04d.exr",
            "colourspace": "ACEScct" if name == "one" else "",
            "frames": [1001, 1001 + span.last - span.first],
            "head": 0,
            "tail": 0,
            "speed": 1.0,
        }
        for name, span in zip(("one", "two"), spans[-2:], strict=True)
    ]
    return {"shots": shots, "findings": findings, **more}


def rules(folder, told):
    """The file that the small worker takes its report from, where a show's rules are."""
    path = folder / RULES
    path.write_text(json.dumps(told), "utf-8")
    return path
