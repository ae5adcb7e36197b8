"""Colour spaces by name, from file headers and between each other, through OpenColorIO.

Everything measured or shown goes through linear ACEScg. The configuration is `$OCIO`, or the
built-in ACES studio config, pinned by name so that an upgrade changes no picture.

Convention
    pixels      float32, (..., 3), in the encoding of the space named; scene-linear values are
                unbounded and nothing clamps, except `through_view`, whose purpose it is.
    NaN, Inf    stay in the channel they are in and reach no other one.
    ownership   results are new arrays.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import PyOpenColorIO as ocio

from answerprint.errors import BadInput, BadParameter
from answerprint.frames import primaries
from answerprint.frames.config import BUILT_IN, config_at, into_acescg, out_of_acescg, shown, source
from answerprint.frames.config import apply as apply
from answerprint.frames.config import apply_matrix as apply_matrix
from answerprint.frames.config import config as config
from answerprint.frames.config import config_name as config_name
from answerprint.frames.config import processor as processor
from answerprint.frames.curves import acescct as acescct
from answerprint.frames.curves import acescct_inverse as acescct_inverse
from answerprint.frames.frame import Part
from answerprint.frames.primaries import Matrix

SaidBy = Literal["user", "file", "assumed"]


@dataclass(frozen=True)
class Space:
    """A colour space.

    name      OpenColorIO's name, or one made up here for primaries the config does not know.
    linear    whether it is light, with nothing but a 3x3 matrix to ACEScg.
    said_by   who says that the picture is in it: the 'user', the 'file', or 'assumed'.
    matrix    for linear spaces the matrix to ACEScg, row by row; else None.
    """

    name: str
    linear: bool
    said_by: SaidBy = "user"
    matrix: Matrix | None = None


ACESCG = Space("ACEScg", True, "assumed", (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
"""Where everything is measured, by definition and not by the configuration's word."""


# --- naming spaces -------------------------------------------------------------------------


def space(name: str, said_by: SaidBy = "user") -> Space:
    """The space of this name, alias or role.

    Raises BadParameter where the config has none such, with the names that come nearest, and
    for spaces that hold data and no colour.
    """
    found = config().getColorSpace(name)
    if found is None:
        raise BadParameter(
            f"There is no colour space '{name}' in {config_name()}.",
            f"Did you mean {_nearest(name)}?",
        )
    if found.isData():
        raise BadParameter(
            f"'{name}' is for data and carries no colour.",
            f"Name the space the picture is in, such as {_nearest('ACEScg')}.",
        )
    matrix = _matrix(source(), found.getName())
    return Space(found.getName(), matrix is not None, said_by, matrix)


def camera_spaces() -> list[str]:
    """The log spaces of the config: what a log picture can be said to be in."""
    found = [s.getName() for s in config().getColorSpaces() if s.getEncoding() == "log"]
    return found or list(config().getColorSpaceNames())


def _nearest(name: str) -> str:
    spelt = {}
    for each in config().getColorSpaces():
        for alias in (*each.getAliases(), each.getName()):
            spelt[alias.lower()] = each.getName()
    near = difflib.get_close_matches(name.lower(), spelt, 8, cutoff=0.4)
    names = list(dict.fromkeys(spelt[n] for n in near)) or list(config().getColorSpaceNames())
    return ", ".join(f"'{n}'" for n in names[:4])


def of_primaries(chromaticities: Sequence[float], said_by: SaidBy = "file") -> Space:
    """The linear space with these chromaticities (x, y of red, green, blue, white).

    Known primaries (0.0015 apart at most) take the config's name and matrix; others get a name
    made of the numbers, and a matrix with white adapted by Bradford. Raises ValueError where
    they span no gamut.
    """
    name = primaries.known(chromaticities)
    if name and config().getColorSpace(name):
        found = space(name, said_by)
        if found.linear:
            return found
    listed = " ".join(f"{v:.4g}" for v in chromaticities)
    return Space(f"linear, primaries {listed}", True, said_by, primaries.to_acescg(chromaticities))


def chromaticities(linear: Space) -> tuple[float, ...]:
    """What an EXR of a linear space says of itself: published where known, else worked out."""
    if linear.matrix is None:
        raise ValueError(f"'{linear.name}' is not linear and has no primaries of its own.")
    for alias, numbers in primaries.KNOWN.items():
        found = config().getColorSpace(alias)
        if found and found.getName() == linear.name:
            return numbers
    return primaries.from_matrix(linear.matrix)


def _probe(at: str, name: str, code: np.ndarray) -> np.ndarray:
    return into_acescg(at, name, code).astype(np.float64)


@lru_cache(maxsize=256)
def _matrix(at: str, name: str) -> Matrix | None:
    """The matrix to ACEScg of a linear space, None where the space is not linear: measured."""
    columns = _probe(at, name, np.eye(3))
    probes = np.array([[0, 0, 0], [-0.2, 0.3, 0.01], [0.18, 40, 2], [900, 0.5, -3]])
    found = _probe(at, name, probes)
    if not np.allclose(found, probes @ columns, rtol=1e-4, atol=1e-5):
        return None
    return tuple(columns.T.ravel().tolist())


@lru_cache(maxsize=256)
def _camera_matrix(at: str, name: str) -> Matrix | None:
    """Primaries behind a space that is one curve for all channels, then a matrix; else None."""
    ramp = np.linspace(0.1, 0.9, 17)
    grey = _probe(at, name, np.repeat(ramp[:, None], 3, axis=1))
    steps = np.full((4, 3), 0.3) + np.vstack([np.zeros(3), np.eye(3) * 0.3])
    light = _probe(at, name, steps)
    columns = (light[1:] - light[0]).T
    scale = columns.sum(axis=1).mean()
    if abs(scale) < 1e-6 or abs(np.linalg.det(columns / scale)) < 1e-6:
        return None
    matrix = columns / scale
    mixed = np.random.default_rng(0).permuted(np.repeat(ramp[:, None], 3, axis=1), axis=0)
    curve = np.linalg.solve(matrix, grey.T)[0]
    apart = np.linalg.solve(matrix, _probe(at, name, mixed).T).T
    wanted = np.interp(mixed, ramp, curve)
    if not np.allclose(apart, wanted, rtol=2e-3, atol=2e-4 * np.abs(curve).max()):
        return None
    return tuple(matrix.ravel().tolist())


def per_channel(of: Space) -> bool:
    """Whether a space is one curve, the same for R, G and B, in front of a matrix."""
    return of.linear or _camera_matrix(source(), of.name) is not None


def linear_twin(of: Space) -> Space:
    """The linear space with the same primaries: 'Linear S-Gamut3.Cine' of its S-Log3.

    Found by measuring, so it holds for any config. Where a space mixes its channels (film
    density such as ADX) there are no primaries to keep, and the twin is ACEScg.
    """
    if of.linear:
        return of
    matrix = _camera_matrix(source(), of.name)
    if matrix is None:
        return replace(ACESCG, said_by=of.said_by)
    best, name = 3e-4, ""
    for each in config().getColorSpaces():
        if each.isData() or each.getEncoding() not in ("scene-linear", ""):
            continue
        other = _matrix(source(), each.getName())
        if other is not None and np.max(np.abs(np.subtract(other, matrix))) < best:
            best, name = float(np.max(np.abs(np.subtract(other, matrix)))), each.getName()
    return (
        space(name, of.said_by)
        if name
        else Space(f"linear, primaries of {of.name}", True, of.said_by, matrix)
    )


# --- what a file says ----------------------------------------------------------------------

_INTEROP_DISPLAYS = {
    "srgb_rec709_display": "srgb_display",
    "g24_rec709_display": "rec1886_rec709_display",
    "g24_rec2020_display": "rec1886_rec2020_display",
    "srgb_p3d65_display": "displayp3_display",
    "pq_rec2020_display": "rec2100_pq_display",
    "hlg_rec2020_display": "rec2100_hlg_display",
    "pq_p3d65_display": "st2084_p3d65_display",
}
"""Interchange ids of the Color Interop Forum that the built-in config knows by other names."""

_SRGB, _CAMERA_709 = "sRGB Encoded Rec.709 (sRGB)", "Camera Rec.709"
_DPX_SAYS = {
    "Linear": "Linear Rec.709 (sRGB)",
    "ITU-R 709-4": _CAMERA_709,
    "SMPTE 274M": _CAMERA_709,
}
_ICC_SAYS = {
    "display p3": "sRGB Encoded P3-D65",
    "adobe rgb (1998)": "Gamma 2.2 Encoded AdobeRGB",
    "srgb": _SRGB,
}


def space_of(part: Part, suffix: str) -> Space:
    """The space a file's pixels are in, by its own word or by what is usual for its kind.

    Looked at in this order: `colorInteropID`, `chromaticities`, the ACES container flag, the
    name of an ICC profile (PNG, JPEG, TIFF: Display P3, Adobe RGB and sRGB), the transfer tag
    of a DPX. `oiio:ColorSpace` is not: OpenImageIO fills it in where a file says nothing.
    Assumed otherwise: ACEScg for EXR and float TIFF, sRGB for PNG, JPEG and integer TIFF.

    suffix is that of the file, with its dot. Raises BadInput for a DPX or Cineon that is log,
    or says nothing: printing density names no camera, and a guess would look plausible.
    """
    said, suffix = part.metadata, suffix.lower()
    interop = str(said.get("colorInteropID") or "")
    if interop and interop != "unknown":
        return _of_interop(interop)
    if said.get("chromaticities") is not None and suffix == ".exr":
        numbers = [float(v) for v in said["chromaticities"]]
        try:
            return of_primaries(numbers)
        except ValueError as cause:
            raise BadInput(
                f"The EXR's chromaticities {' '.join(f'{v:g}' for v in numbers)} are not "
                "primaries of any colour.",
                "Name its colour space.",
                about="colourspace",
            ) from cause
    if suffix in (".dpx", ".cin"):
        return _of_film_scan(str(said.get("dpx:Transfer") or ""), suffix)
    if suffix == ".exr":
        aces = said.get("acesImageContainerFlag") == 1
        return _usual("ACES2065-1", "file") if aces else _usual("ACEScg", "assumed")
    if suffix in (".tif", ".tiff") and int(said.get("oiio:BitsPerSample") or 32) > 16:
        return _usual("ACEScg", "assumed")
    profile = str(said.get("ICCProfile:profile_description") or "").lower()
    for start, name in _ICC_SAYS.items():
        if profile.startswith(start):
            return _usual(name, "file")
    return _usual(_SRGB, "assumed")


def _usual(name: str, said_by: SaidBy) -> Space:
    """A space of the built-in config as the config in force calls it, or by its primaries."""
    if config().getColorSpace(name):
        return space(name, said_by)
    there = config_at(BUILT_IN).getColorSpace(name)
    matrix = _matrix(BUILT_IN, name)
    if matrix is not None:
        return Space(there.getName(), True, said_by, matrix)
    try:
        return space(
            ocio.Config.IdentifyBuiltinColorSpace(config(), config_at(BUILT_IN), name), said_by
        )
    except ocio.Exception as cause:
        raise BadInput(
            f"The picture is in {name}, which {config_name()} does not have.",
            "Name its colour space, or unset OCIO.",
            str(cause),
            about="colourspace",
        ) from cause


def _of_interop(interop: str) -> Space:
    alias = interop.rpartition(":")[2]
    alias = _INTEROP_DISPLAYS.get(alias, alias)
    found = config().getColorSpace(alias)
    if found is None or found.isData():
        raise BadInput(
            f"The file says it is in '{interop}' (colorInteropID), of which {config_name()} "
            "has no colour.",
            "Name its colour space.",
            about="colourspace",
        )
    return space(alias, "file")


def _of_film_scan(transfer: str, suffix: str) -> Space:
    if suffix == ".dpx" and transfer in _DPX_SAYS:
        return _usual(_DPX_SAYS[transfer], "file")
    kind = (
        "Cineon file is log"
        if suffix == ".cin"
        else (f"DPX says its transfer is '{transfer or 'undefined'}'")
    )
    raise BadInput(
        f"The {kind} and does not name a colour space.",
        f"Name it. Log spaces are: {', '.join(camera_spaces())}.",
        about="colourspace",
    )


# --- conversion ----------------------------------------------------------------------------


def to_acescg(rgb: np.ndarray, here: Space) -> np.ndarray:
    """Pixels of a space as linear ACEScg."""
    if here.matrix is not None:
        return apply_matrix(here.matrix, rgb)
    return into_acescg(source(), here.name, rgb)


def from_acescg(rgb: np.ndarray, there: Space) -> np.ndarray:
    """Linear ACEScg pixels in another space."""
    if there.matrix is not None:
        return apply_matrix(np.linalg.inv(np.reshape(there.matrix, (3, 3))), rgb)
    return out_of_acescg(source(), there.name, rgb)


def convert(rgb: np.ndarray, here: Space, there: Space) -> np.ndarray:
    """Pixels of one space in another; the same space gives the same bits."""
    if (here.name, here.matrix) == (there.name, there.matrix):
        return np.array(rgb, np.float32)
    if here.matrix is not None and there.matrix is not None:
        a, b = (np.reshape(s, (3, 3)) for s in (here.matrix, there.matrix))
        return apply_matrix(np.linalg.solve(b, a), rgb)
    return from_acescg(to_acescg(rgb, here), there)


def looks_like_log(code: np.ndarray) -> str:
    """Why a picture that is tagged as video looks like camera log, or '' where it does not.

    code is (..., 3), the picture's code values with white at 1.0, as decoded by their tag and
    before any curve. Camera logs put black at 0.07 to 0.15 and leave the top of the range empty,
    and are flat and pale. All of it has to be so: a picture without a black, a lifted grade or
    fog alone is no reason.
    """
    pixels = np.asarray(code, np.float64).reshape(-1, 3)
    pixels = pixels[np.isfinite(pixels).all(axis=1)]
    if len(pixels) < 100:
        return ""
    luma = pixels @ (0.2126, 0.7152, 0.0722)
    black, white = np.percentile(luma, (0.1, 99.9))
    colour = float(np.mean(np.ptp(pixels, axis=1)))
    if not 0.07 <= black <= 0.16 or white > 0.92 or luma.std() > 0.2 or colour > 0.12:
        return ""
    return (
        f"black sits at {black:.0%} and the brightest tone at {white:.0%} of the code range, with "
        f"little contrast and colour"
    )


# --- the show's SDR view -------------------------------------------------------------------


def view_name(display: str = "") -> str:
    """'display / view' of the show's SDR view, or of the named display's own default view."""
    return " / ".join(_view(source(), display))


def view_display_space(display: str = "") -> str:
    """Name of the colour space that the view's code values are in."""
    chosen, view = _view(source(), display)
    name = config().getDisplayViewColorSpaceName(chosen, view)
    return chosen if name in ("", "<USE_DISPLAY_NAME>") else name


def through_view(rgb: np.ndarray, display: str = "") -> np.ndarray:
    """Linear ACEScg pixels as the display's code values, 0..1.

    The SDR view: 'sRGB - Display / ACES 1.0 - SDR Video' of the built-in config; the first
    display of `$OCIO` that is not HDR, with its default view. display names another one.
    Inf is shown as the largest half, -Inf as 0; NaN stays. Raises BadParameter for a display
    the config does not have.
    """
    chosen, view = _view(source(), display)
    held = np.nan_to_num(np.asarray(rgb, np.float32), nan=np.nan, posinf=65504.0, neginf=0.0)
    return np.clip(shown(source(), chosen, view, held), 0.0, 1.0)


@lru_cache(maxsize=16)
def _view(at: str, display: str) -> tuple[str, str]:
    loaded = config_at(at)
    displays = list(loaded.getDisplays())
    if display and display not in displays:
        raise BadParameter(
            f"There is no display '{display}' in {config_name()}.",
            f"It has: {', '.join(displays)}.",
        )
    if display:
        return display, loaded.getDefaultView(display)
    first = loaded.getDefaultDisplay()
    for each in (first, *displays):
        view = loaded.getDefaultView(each)
        name = loaded.getDisplayViewColorSpaceName(each, view)
        space_shown: Any = loaded.getColorSpace(
            each if name in ("", "<USE_DISPLAY_NAME>") else name
        )
        if space_shown is not None and space_shown.getEncoding() != "hdr-video":
            return each, view
    raise BadInput(
        f"{config_name()} has HDR displays only.",
        "Add an SDR display to the config, or unset OCIO.",
    )
