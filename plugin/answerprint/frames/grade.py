"""A grade as hosts know it: an ASC CDL in ACEScct, and a small cube for what a CDL cannot say.

    code  = ACEScct(linear AP1)
    code  = (slope * code + offset) ** power, then saturation       the CDL
    code += residual(code)                                          the cube, 0 outside 0..1
    linear AP1 = inverse ACEScct(code)

Convention
    pixels      (..., 3) float32 or float16 in the space asked for, unbounded. Nothing clamps:
                a negative base is not raised to the power but passed on, as OpenColorIO's
                CDL_NO_CLAMP does; half overflow is held at +-65504 and counted.
    NaN, Inf    stay in the channel they are in; the others are worked out as if it were 0.
    identity    a neutral grade has no pixel function at all: the plate is copied.

Source: ASC CDL 1.2 (SOP, saturation with Rec. 709 weights); Academy S-2016-001 (ACEScct).
On the CPU the pixels go through OpenColorIO, on a GPU through torch: same grade, within 1e-4.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import PyOpenColorIO as ocio

from answerprint.frames import colour, config
from answerprint.frames.curves import acescct, acescct_inverse, namespace

SATURATION_WEIGHTS = (0.2126, 0.7152, 0.0722)  # ASC CDL 1.2
CUBE = 33
MIDDLE_GREY = 0.4135884  # ACEScct of 0.18
LARGEST_HALF = 65504.0

Triple = tuple[float, float, float]
ONES: Triple = (1.0, 1.0, 1.0)
ZEROS: Triple = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Cdl:
    """ASC CDL numbers; what they mean depends on the space they are used in."""

    slope: Triple = ONES
    offset: Triple = ZEROS
    power: Triple = ONES
    saturation: float = 1.0

    @property
    def neutral(self) -> bool:
        return self == Cdl()

    def __call__(self, code: Any) -> Any:
        """Codes (..., 3) of the working space through the CDL; numpy or torch, unclamped."""
        xp = namespace(code)
        kind = {"dtype": code.dtype} | ({} if xp is np else {"device": code.device})
        slope, offset, power, weights = (
            xp.asarray(v, **kind) for v in (self.slope, self.offset, self.power, SATURATION_WEIGHTS)
        )
        code = code * slope + offset
        code = xp.where(code > 0, code.clip(min=1e-30) ** power, code)
        luma = (code * weights).sum(-1)[..., None]
        return luma + self.saturation * (code - luma)

    def at(self, strength: float) -> Cdl:
        """The same CDL with less of its effect; 0 is neutral, 1 is all of it."""
        if strength == 0:
            return Cdl()

        def part(values: Triple) -> Triple:
            r, g, b = (float(v**strength) for v in values)
            return r, g, b

        r, g, b = (v * strength for v in self.offset)
        return Cdl(part(self.slope), (r, g, b), part(self.power), float(self.saturation**strength))

    def transform(self, name: str = "") -> ocio.CDLTransform:
        """OpenColorIO's form of it, without clamping."""
        made = ocio.CDLTransform()
        made.setSlope(self.slope)
        made.setOffset(self.offset)
        made.setPower(self.power)
        made.setSat(self.saturation)
        made.setStyle(ocio.CDL_NO_CLAMP)
        if name:
            made.setID(name)
        return made

    def as_dict(self) -> dict[str, Any]:
        return {
            "slope": list(self.slope),
            "offset": list(self.offset),
            "power": list(self.power),
            "saturation": self.saturation,
        }

    @classmethod
    def of(cls, numbers: dict[str, Any]) -> Cdl:
        def triple(name: str) -> Triple:
            r, g, b = (float(v) for v in numbers[name])
            return r, g, b

        return cls(triple("slope"), triple("offset"), triple("power"), float(numbers["saturation"]))


@dataclass(frozen=True)
class Grade:
    """A CDL in ACEScct, the residual cube after it, and a gain in stops before it.

    residual   (n, n, n, 3) float32, what is added to ACEScct codes 0..1, red first; or None.
    stops      exposure added before all else: how a ramp differs from frame to frame.
    """

    cdl: Cdl = Cdl()
    residual: np.ndarray | None = field(default=None, compare=False)
    stops: float = 0.0

    @property
    def neutral(self) -> bool:
        return self.cdl.neutral and self.residual is None and self.stops == 0

    def at(self, strength: float) -> Grade:
        """The same grade with less of its effect; 0 is neutral."""
        residual = None
        if self.residual is not None and strength:
            residual = self.residual * np.float32(strength)
        return Grade(self.cdl.at(strength), residual, self.stops * strength)

    def with_stops(self, stops: float) -> Grade:
        return replace(self, stops=stops)

    def code(self, code: Any) -> Any:
        """ACEScct codes (..., 3) through CDL and residual; numpy or torch. Not the stops."""
        graded = self.cdl(code)
        if self.residual is None:
            return graded
        return graded + lookup(self.residual, graded)

    def light(self, rgb: Any) -> Any:
        """Linear ACEScg (..., 3) through the whole grade; numpy or torch."""
        return acescct_inverse(self.code(acescct(rgb * 2.0**self.stops)))

    # --- for frames ------------------------------------------------------------------------

    def pixels(
        self, here: colour.Space, there: colour.Space, device: str = "cpu"
    ) -> Callable[[np.ndarray], tuple[np.ndarray, int]]:
        """A function for rows of pixels in `here` that gives them graded, in `there`.

        It takes (..., 3) float16 or float32 and returns a new array of the same kind, and how
        many values had to be held at the largest half. device is 'cpu' or a torch device.
        """
        run = self._on_cpu(here, there) if device == "cpu" else self._on_gpu(here, there, device)

        def contained(rows: np.ndarray) -> tuple[np.ndarray, int]:
            rows = np.ascontiguousarray(rows)
            bad = _not_finite(rows)
            some = bool(bad.any())
            out = run(np.where(bad, rows.dtype.type(0), rows) if some else rows)
            held = 0
            if rows.dtype == np.float16:
                over = _not_finite(out)
                held = int(over.sum())
                if held:
                    out[over] = np.copysign(np.float16(LARGEST_HALF), out[over])
            if some:
                out[bad] = rows[bad]
            return out, held

        return contained

    def _on_cpu(
        self, here: colour.Space, there: colour.Space
    ) -> Callable[[np.ndarray], np.ndarray]:
        if self.residual is None:
            return _through(_group(*self._to_graded(here), *_from_acescct(there)))
        into = _group(*self._to_graded(here))
        cubed = _group(_cube_transform(self._domain_cube(Cdl())), *_from_acescct(there))
        straight = _group(*_from_acescct(there))

        def run(rows: np.ndarray) -> np.ndarray:
            kind = rows.dtype.type
            code = _through(into, rows.dtype.type, np.float32)(rows)
            outside = ((code < 0) | (code > 1)).any(-1)
            out = _through(cubed, np.float32, kind)(code)
            if outside.any():  # a cube ends at 0 and 1, the picture does not
                out[outside] = _through(straight, np.float32, kind)(code[outside][None])[0]
            return out

        return run

    def _to_graded(self, here: colour.Space) -> list[ocio.Transform]:
        gain = [2.0**self.stops] * 3
        exposed = [] if self.stops == 0 else [ocio.MatrixTransform.Scale([*gain, 1.0])]
        cdl = [] if self.cdl.neutral else [self.cdl.transform()]
        return [*_to_acescg(here), *exposed, _acescct(), *cdl]

    def _on_gpu(
        self, here: colour.Space, there: colour.Space, device: str
    ) -> Callable[[np.ndarray], np.ndarray]:
        import torch

        def run(rows: np.ndarray) -> np.ndarray:
            rgb = rows.astype(np.float32)
            if here.matrix is None:
                rgb = colour.to_acescg(rgb, here)
            light = torch.from_numpy(rgb).to(device)
            if here.matrix is not None:
                light = light @ torch.tensor(here.matrix, device=device).reshape(3, 3).T
            light = self.light(light)
            if there.matrix is not None:
                back = np.linalg.inv(np.reshape(there.matrix, (3, 3))).astype(np.float32)
                light = light @ torch.from_numpy(back).to(device).T
            out = light.cpu().numpy()
            if there.matrix is None:
                out = colour.from_acescg(out, there)
            with np.errstate(over="ignore"):
                return np.asarray(out.astype(rows.dtype))

        return run

    # --- for files -------------------------------------------------------------------------

    def _domain_cube(self, cdl: Cdl) -> np.ndarray:
        """(33, 33, 33, 3) of codes out for codes 0..1 in, red first, through cdl and residual."""
        axis = np.linspace(0, 1, CUBE)
        codes = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
        return np.asarray(replace(self, cdl=cdl).code(codes), np.float32)

    @cached_property
    def cube(self) -> np.ndarray:
        """(33, 33, 33, 3) float32: the grade without stops as ACEScct out for ACEScct in."""
        return self._domain_cube(self.cdl)


def lookup(cube: np.ndarray, code: Any) -> Any:
    """Trilinear lookup of codes (..., 3) in an (n, n, n, 3) cube over 0..1.

    Codes outside are looked up at the border, where a residual is 0. numpy or torch.
    """
    xp = namespace(code)
    n = cube.shape[0]
    table = cube.reshape(-1, 3)
    if xp is not np:
        table = xp.from_numpy(np.ascontiguousarray(table)).to(code.device)
    place = code.clip(0, 1) * (n - 1)
    low = xp.floor(place).clip(0, n - 2)
    part = place - low
    index = low.astype(np.int64) if xp is np else low.long()
    out = xp.zeros_like(code)
    for corner in range(8):
        step = [(corner >> k) & 1 for k in range(3)]
        weight = xp.ones_like(code[..., 0])
        for k in range(3):
            weight = weight * (part[..., k] if step[k] else 1 - part[..., k])
        at = ((index[..., 0] + step[0]) * n + index[..., 1] + step[1]) * n + index[..., 2] + step[2]
        out = out + weight[..., None] * table[at]
    return out


# --- OpenColorIO ---------------------------------------------------------------------------


def _acescct(direction: Any = ocio.TRANSFORM_DIR_INVERSE) -> ocio.BuiltinTransform:
    return ocio.BuiltinTransform("CURVE - ACEScct-LOG_to_LINEAR", direction)


def _to_acescg(here: colour.Space) -> list[ocio.Transform]:
    if here.matrix is not None:
        return [config.matrix_transform(here.matrix)]
    return config.to_acescg_transforms(here.name)


def _from_acescct(there: colour.Space) -> list[ocio.Transform]:
    linear = _acescct(ocio.TRANSFORM_DIR_FORWARD)
    if there.matrix is not None:
        return [linear, config.matrix_transform(np.linalg.inv(np.reshape(there.matrix, (3, 3))))]
    return [linear, *config.from_acescg_transforms(there.name)]


def _group(*transforms: ocio.Transform) -> ocio.GroupTransform:
    made = ocio.GroupTransform()
    for each in transforms:
        made.appendTransform(each)
    return made


def _cube_transform(cube: np.ndarray) -> ocio.Lut3DTransform:
    made = ocio.Lut3DTransform(cube.shape[0])
    made.setData(np.ascontiguousarray(cube.reshape(-1)))
    made.setInterpolation(ocio.INTERP_TETRAHEDRAL)
    return made


_DEPTH = {np.float16: ocio.BIT_DEPTH_F16, np.float32: ocio.BIT_DEPTH_F32}


def _through(
    group: ocio.GroupTransform, here: Any = None, there: Any = None
) -> Callable[[np.ndarray], np.ndarray]:
    """A function for (h, w, 3) rows; the kinds are taken from the rows where not given."""
    made: dict[Any, ocio.CPUProcessor] = {}

    def run(rows: np.ndarray) -> np.ndarray:
        kind, result = here or rows.dtype.type, there or rows.dtype.type
        if (kind, result) not in made:
            made[kind, result] = (
                _forgetful(config.source())
                .getProcessor(group)
                .getOptimizedCPUProcessor(_DEPTH[kind], _DEPTH[result], ocio.OPTIMIZATION_DEFAULT)
            )
        flat = np.ascontiguousarray(rows.reshape(-1, rows.shape[-2], 3))
        out = np.empty(flat.shape, result)
        made[kind, result].apply(_image(flat), _image(out))
        return out.reshape(rows.shape)

    return run


@lru_cache(maxsize=8)
def _forgetful(at: str) -> ocio.Config:
    """The config, without its memory of processors.

    OpenColorIO files a processor under a text of its transforms, in which a cube is no more than
    its size and extremes: all residuals look alike there, and one shot would get another's.
    """
    own = copy.deepcopy(config.config_at(at))
    own.setProcessorCacheFlags(ocio.PROCESSOR_CACHE_OFF)
    return own


def _image(rows: np.ndarray) -> ocio.PackedImageDesc:
    height, width, channels = rows.shape
    size = rows.dtype.itemsize
    return ocio.PackedImageDesc(
        rows,
        width,
        height,
        channels,
        _DEPTH[rows.dtype.type],
        size,
        channels * size,
        width * channels * size,
    )


def _not_finite(rows: np.ndarray) -> np.ndarray:
    if rows.dtype == np.float16:  # many times faster than np.isfinite on half
        return (rows.view(np.uint16) & 0x7C00) == 0x7C00
    return ~np.isfinite(rows)
