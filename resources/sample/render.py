"""Renders the sample: two shots of one set that do not match, and the truth about them.

The set is rendered by `film_set.py` in the Python given as --bpy (`bpy` wants another numpy
than the suite; see README.md). Then this plays the two cameras: shot B is under, bluer, and
flares; both have sensor noise.

Convention
    written     hero/hero.####.exr, shot_b/shot_b.####.exr, truth/shot_b.####.exr: R, G, B as
                half, ZIPS, scene-linear ACEScg, unbounded; truth.json beside them.
    truth       shot B before its camera difference and without noise.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

HERE = Path(__file__).resolve().parent
SIZE = (512, 288)
FRAMES_PER_SECOND = 24
SHOTS = {"hero": ("A014C003", 10 * 3600), "shot_b": ("B009C007", 10 * 3600 + 4 * 60 + 12)}
"""Reel, and the timecode of frame 1001 in seconds."""

EXPOSURE_STOPS = -0.42
MIRED = -22.0
BLACK = (0.0042, 0.0046, 0.0056)
"""What shot B's camera does, in ACEScg: exposure, white balance (less is bluer), flare."""

NOISE_SEED = 7
READ_NOISE, PHOTON_NOISE = 0.0010, 5.0e-5
"""Of both cameras: variance is READ_NOISE^2 + PHOTON_NOISE * signal."""

CONFIG = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
AP1 = ((0.713, 0.293), (0.165, 0.830), (0.128, 0.044), (0.32168, 0.33767))
"""Chromaticities of R, G, B and white: Academy S-2014-004."""


def daylight(kelvin: float) -> tuple[float, float]:
    """xy of CIE daylight, 4000 to 7000 K. Source: CIE 015:2018, equations 4.7 and 4.9."""
    x = -4.6070e9 / kelvin**3 + 2.9678e6 / kelvin**2 + 99.11 / kelvin + 0.244063
    return x, -3.0 * x**2 + 2.87 * x - 0.275


def tristimulus(xy: tuple[float, float]) -> np.ndarray:
    """XYZ of a chromaticity, Y = 1."""
    x, y = xy
    return np.array([x / y, 1.0, (1.0 - x - y) / y])


def white_gain(mired: float) -> np.ndarray:
    """ACEScg gain (3,) that moves D60 along the daylight locus by `mired` at equal luminance."""
    *primaries, white = (tristimulus(xy) for xy in AP1)
    basis = np.stack(primaries, 1)
    basis = basis * np.linalg.solve(basis, white)
    d60 = 6000.0 * 1.4388 / 1.4380
    before, after = (
        np.linalg.solve(basis, tristimulus(daylight(kelvin)))
        for kelvin in (d60, 1e6 / (1e6 / d60 + mired))
    )
    gain = after / before
    return gain / (basis[1] @ gain)


def difference() -> dict:
    """The camera difference of shot B as truth.json keeps it."""
    white = white_gain(MIRED)
    return {
        "exposure_stops": EXPOSURE_STOPS,
        "mired": MIRED,
        "white_gain": [round(float(each), 6) for each in white],
        "gain": [round(float(each), 6) for each in white * 2.0**EXPOSURE_STOPS],
        "black": list(BLACK),
    }


def exposed(truth: np.ndarray, camera: dict) -> np.ndarray:
    """Scene-linear ACEScg (H, W, 3) as shot B's camera brings it, before noise."""
    return np.float32(camera["gain"]) * truth + np.float32(camera["black"])


def noisy(clean: np.ndarray, shot: str, frame: int) -> np.ndarray:
    """The same with the sensor's noise; values near black go below 0, as they do in a camera."""
    draw = np.random.default_rng([NOISE_SEED, list(SHOTS).index(shot), frame])
    sigma = np.sqrt(READ_NOISE**2 + PHOTON_NOISE * np.maximum(clean, 0))
    return clean + sigma * draw.standard_normal(clean.shape, np.float32)


def acescg(path: Path) -> np.ndarray:
    """A rendered frame (scene-linear Rec.709) as ACEScg, (H, W, 3) float32."""
    frame = oiio.ImageBufAlgo.colorconvert(
        oiio.ImageBuf(str(path)), "lin_rec709_scene", "lin_ap1_scene", colorconfig=CONFIG
    )
    if frame.has_error:
        sys.exit(f"{path} cannot be used: {frame.geterror()}")
    return frame.get_pixels(oiio.FLOAT)


def timecode(shot: str, frame: int) -> tuple[int, int]:
    """SMPTE 12M words of a frame: BCD hh:mm:ss:ff, and no user bits."""
    seconds, frames = divmod(frame - 1001, FRAMES_PER_SECOND)
    seconds += SHOTS[shot][1]
    fields = (frames, seconds % 60, seconds // 60 % 60, seconds // 3600)
    return sum((n // 10 << 4 | n % 10) << 8 * at for at, n in enumerate(fields)), 0


def write(path: Path, pixels: np.ndarray, shot: str, frame: int) -> None:
    """(H, W, 3) ACEScg to a half EXR that says what it is."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], 3, oiio.HALF)
    spec.attribute("compression", "zips")
    spec.attribute("oiio:ColorSpace", "lin_ap1_scene")
    spec.attribute("chromaticities", "float[8]", sum(AP1, ()))
    spec.attribute("FramesPerSecond", "rational2i", (FRAMES_PER_SECOND, 1))
    spec.attribute("smpte:TimeCode", "timecode", timecode(shot, frame))
    spec.attribute("reelName", SHOTS[shot][0])
    spec.attribute("Software", "Answerprint sample")
    spec.attribute("DateTime", "")  # none: the same render gives the same bytes
    path.parent.mkdir(parents=True, exist_ok=True)
    file = oiio.ImageOutput.create(str(path))
    wrote = file.open(str(path), spec) and file.write_image(pixels.astype(np.float16))
    if not (file.close() and wrote):
        sys.exit(f"{path} could not be written: {file.geterror()}")


def render_set(python: Path, folder: Path, samples: int, frames: range) -> None:
    """Every frame of both shots as rendered, into `folder`."""
    command = [python, "-B", HERE / "film_set.py", "--out", folder, "--samples", samples]
    command += ["--size", *SIZE, "--frames", frames[0], frames[-1]]
    done = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"The set could not be rendered (exit {done.returncode}); the reason is above.")


def shoot(rendered: Path, out: Path, frames: range) -> Iterator[Path]:
    """Both shots and the truth from the rendered frames; gives the files as they are written."""
    camera = difference()
    for shot in SHOTS:
        for frame in frames:
            clean = acescg(rendered / f"{shot}.{frame:04d}.exr")
            if shot == "shot_b":
                if frame in (frames[0], frames[-1]):
                    yield _written(out / "truth" / f"{shot}.{frame:04d}.exr", clean, shot, frame)
                clean = exposed(clean, camera)
            seen = noisy(clean, shot, frame)
            yield _written(out / shot / f"{shot}.{frame:04d}.exr", seen, shot, frame)


def _written(path: Path, pixels: np.ndarray, shot: str, frame: int) -> Path:
    write(path, pixels, shot, frame)
    return path


def truth(rendered: Path, frames: range) -> dict:
    """What truth.json says."""
    stage = json.loads((rendered / "stage.json").read_text())
    return {
        "about": "shot_b is hero's set through another camera, with a known difference",
        "colour_space": "ACEScg",
        "colour_interop_id": "lin_ap1_scene",
        "resolution": list(SIZE),
        "frames": [frames[0], frames[-1]],
        "frames_per_second": FRAMES_PER_SECOND,
        "hero": {"files": "hero/hero.####.exr", "gain": [1.0] * 3, "black": [0.0] * 3},
        "shot_b": {"files": "shot_b/shot_b.####.exr"} | difference(),
        "truth": {"files": "truth/shot_b.####.exr", "frames": [frames[0], frames[-1]]},
        "forward": "shot_b = gain * truth + black + noise, per channel in ACEScg",
        "undo": "truth = (shot_b - black) / gain",
        "noise": {
            "read": READ_NOISE,
            "photon": PHOTON_NOISE,
            "sigma": "sqrt(read^2 + photon * max(signal, 0)), signal = gain * truth + black",
            "seed": NOISE_SEED,
        },
        **stage,
    }


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--out", type=Path, default=HERE, help="folder of the sample")
    parse.add_argument("--samples", type=int, default=64, help="light paths per pixel")
    parse.add_argument("--frames", default="1001-1006", help="first-last")
    source = parse.add_mutually_exclusive_group(required=True)
    source.add_argument("--bpy", type=Path, help="Python of a venv that has bpy")
    source.add_argument("--rendered", type=Path, help="frames of an earlier film_set.py run")
    asked = parse.parse_args()
    first, _, last = asked.frames.partition("-")
    frames = range(int(first), int(last or first) + 1)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        rendered = asked.rendered or Path(folder)
        if not asked.rendered:
            render_set(asked.bpy, rendered, asked.samples, frames)
        written = list(shoot(rendered, asked.out, frames))
        text = json.dumps(truth(rendered, frames), indent=2)
    (asked.out / "truth.json").write_text(text + "\n")
    size = sum(path.stat().st_size for path in written) / 1e6
    print(f"{len(written)} frames, {size:.1f} MB, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
