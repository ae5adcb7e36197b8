"""Dailies for the cases of the show: four takes of two set-ups, A B A B, from the soundstage."""

from pathlib import Path

import OpenImageIO as oiio

STAGED = Path(__file__).parents[1] / "soundstage/cached/clean"
TAKES = {"A001C001": ("s010", 1), "A001C002": ("s020", 1), "A001C003": ("s010", 0.5)}
TAKES["A001C004"] = ("s020", 0.5)
"""Of a take: its set-up, and its light as a part of that of the other one."""
LASTS = 8


def make(folder):
    """Each a folder of LASTS frames from 1001 on."""
    for take, (name, gain) in TAKES.items():
        pictures = [oiio.ImageBuf(str(each)) for each in sorted((STAGED / name).glob("*.exr"))]
        (folder / take).mkdir(parents=True)
        for number in range(1001, 1001 + LASTS):
            made = oiio.ImageBufAlgo.mul(pictures[number % 2], gain)
            made.set_write_format("half")
            path = folder / take / f"{take}.{number}.exr"
            assert made.write(str(path)), made.geterror()
    return folder
