"""Shows that are filled without dailies: rows and arrays of pictures that a test makes itself."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence

import numpy as np

from answerprint.show.store import ARRAYS, Show
from answerprint.show.take import colours
from answerprint.vision import sketch


def fill(show: Show, takes: Mapping[str, Sequence[np.ndarray]]) -> dict[str, str]:
    """A clip of one shot for each take, its pictures (H, W, 3) ACEScg being its looks, from frame
    1001 on; the ids of the clips by their names."""
    ids = {}
    for name, pictures in takes.items():
        ids[name] = clip = hashlib.sha256(name.encode()).hexdigest()[:16]
        looks, arrays = [], {}
        for frame, picture in enumerate(pictures, 1001):
            valid = np.ones(picture.shape[:2], bool)
            found = sketch.landmarks(picture, valid)
            arrays |= sketch.arrays(frame, found)
            looks.append((frame, sketch.sketch(found).tobytes(), colours(picture, valid)))
        data = io.BytesIO()
        np.savez(data, **arrays)
        (show.folder / ARRAYS / f"{clip}.npz").write_bytes(data.getvalue())
        digest = hashlib.sha256(data.getvalue()).hexdigest()
        add_rows(show, clip, name, pictures[0].shape[1::-1], digest, looks)
    return ids


def add_rows(
    show: Show,
    clip: str,
    name: str,
    size: tuple[int, int],
    digest: str,
    looks: Sequence[tuple[int, bytes, bytes]],
) -> None:
    """The rows of a clip of one shot; looks are (frame, sketch, palette)."""
    row = {
        **{"id": clip, "path": f"/dailies/{name}.mov", "name": name, "kind": "movie"},
        **{"stamp": "", "code": "", "secret": b"", "first": 1001, "last": 1000 + len(looks)},
        **{"reel": "", "width": size[0], "height": size[1], "space": "ACEScg", "camera": "{}"},
        "structures": digest,
    }
    with show.writing() as desk:
        marks = ", ".join("?" * len(row))
        desk.db.execute(
            f"INSERT INTO clip ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
        )
        shot = desk.db.execute(
            "INSERT INTO shot (clip, first, last, passport) VALUES (?, ?, ?, ?)",
            (clip, 1001, 1000 + len(looks), b""),
        ).lastrowid
        desk.db.executemany(
            "INSERT INTO look (shot, frame, sketch, palette) VALUES (?, ?, ?, ?)",
            [(shot, *each) for each in looks],
        )
