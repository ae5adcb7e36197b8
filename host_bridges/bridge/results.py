"""What a tool hands back, and what it becomes in a host that has no place for it.

A result is plain data with a `kind`; `kinds` says which fields it must have. A host places what
it can as native, editable things. For the rest BECOMES names the next best forms, in order:
made from the result itself (a matte is also frames), or another result of the same job (the
cube or the frames beside a CDL). Every result ends in exactly one `Answer`:

    done        it stands in the host as what it is
    degraded    it stands in another form; `why` says what was in the way
    spare       nothing is placed for it, because another result of the job says the same look
    refused     nothing stands for it; `why` says what was in the way

cdl, grade and lut of one job are one look told several ways: one of them is placed, never two
on top of each other. Numbers are never carried from one colour space to another: a CDL goes
only into the space it was fitted for, and only where it lands within MOST_RESIDUAL of the
tool's own result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple, Sequence, Tuple

from .kinds import KINDS as KINDS
from .kinds import Result as Result
from .kinds import check as check
from .messages import WireError
from .scene import Marker

MOST_RESIDUAL = 1.0
"""CIEDE2000, mean: a CDL that lands further from the tool's own result is not placed."""
LEAST_COLOUR = 0.1
"""Share of a screen's strongest channel that it has over the next one, to be a colour."""

Refs = Tuple[str, ...]

BECOMES: Dict[str, Tuple[str, ...]] = {
    "cdl": ("lut", "frames"),
    "grade": ("cdl", "lut", "frames"),
    "lut": ("frames",),
    "frames": (),
    "key": ("frames",),
    "matte": ("frames",),
    "roto": ("matte", "note"),
    "tracks": ("note",),
    "corner_pin": ("stmap", "note"),
    "stmap": ("frames",),
    "camera": ("note",),
    "retime": ("frames",),
    "take": ("frames",),
    "markers": ("note",),
    "note": ("message",),  # which every host can show
}

LOOK = ("grade", "cdl", "lut")
FILES = ("frames", "matte", "stmap")  # made of pictures, which a job may have been told to spare
MADE = ("frames", "key", "matte")  # what the frames of a job may be


class CannotPlace(Exception):
    """A host has no place for a result in this form; the text is the reason, for people."""


@dataclass(frozen=True)
class Answer:
    """What became of one result.

    status   'done', 'degraded', 'spare' or 'refused'.
    became   the kind that stands in the host, '' where nothing does.
    items    what was placed (or stood there already): the host's references.
    lacks    forms that would have helped, had the job made them.
    """

    kind: str
    status: str
    became: str = ""
    why: str = ""
    items: Refs = ()
    lacks: Tuple[str, ...] = ()


class Form(NamedTuple):
    """One way for a result to stand: its data, and the number of the result they come from."""

    kind: str
    number: int
    data: Result


def residual(cdl: Result) -> float:
    """Mean CIEDE2000 between a CDL and the tool's own result."""
    apart = cdl["residual"]
    return float(apart["mean"] if isinstance(apart, Mapping) else apart)


def screen_channel(key: Result) -> int | None:
    """0, 1, 2 for a red, green, blue screen, which throws that on a key; None for a grey one."""
    screen = [float(each) for each in key["screen"]]
    next_one, most = sorted(screen)[-2:]
    return screen.index(most) if most - next_one > LEAST_COLOUR * most else None


def frames_of(results: Sequence[Result]) -> Result | None:
    """The frames that a job made, whatever they are to a host; None where it made none."""
    return next((each for each in results if _kind(each) in MADE), None)


def refusal(form: Form, kinds: frozenset[str], spaces: Sequence[str]) -> str:
    """Why a host of these kinds and grading spaces does not take a form; '' where it does."""
    if form.kind not in kinds:
        return "this host has no place for it"
    if form.kind in ("cdl", "grade") and form.data["working_space"] not in spaces:
        here = ", ".join(spaces) or "none"
        return f"its numbers are for {form.data['working_space']}, here they would be for {here}"
    if form.kind == "cdl" and residual(form.data) > MOST_RESIDUAL:
        return f"it is {residual(form.data):.2f} CIEDE2000 from the result, over {MOST_RESIDUAL:g}"
    return ""


def settle(
    results: Sequence[Result], spaces: Sequence[str], attempt: Callable[[Form], Refs]
) -> list[Answer]:
    """One answer for each result, in the results' order.

    spaces    colour spaces that the host takes grades in, best first.
    attempt   places a form and gives its references, or raises CannotPlace. Called at most
              once for a form. What else it raises comes out here.
    """
    tried: Dict[Tuple[int, str], Refs | CannotPlace] = {}

    def once(form: Form) -> Refs:
        key = (form.number, form.kind)
        if key not in tried:
            try:
                tried[key] = attempt(form)
            except CannotPlace as no:
                tried[key] = no
        said = tried[key]
        if isinstance(said, CannotPlace):
            raise said
        return said

    answers, look = {}, ""
    for number in _turns(results, spaces):
        try:
            kind = check(results[number])
        except WireError as bad:
            answers[number] = Answer(_kind(results[number]), "refused", why=str(bad))
            continue
        if kind in LOOK and look and (number, kind) not in tried:
            why = f"The same look stands as {look}."
            answers[number] = Answer(kind, "spare", why=why)
            continue
        answers[number] = _walk(results, number, once)
        if kind in LOOK:
            look = look or answers[number].became
    return [answers[number] for number in range(len(results))]


def wants_frames(answers: Sequence[Answer]) -> bool:
    """Whether something stands nowhere that files of the job would have carried.

    Where nothing is handed back, or markers alone, the frames are the result: rebuilt, repaired.
    """
    if all(a.kind == "markers" for a in answers):
        return True
    look = any(a.kind in LOOK and a.became for a in answers)
    open_ones = (a for a in answers if a.status == "refused" and not (look and a.kind in LOOK))
    return any(kind in FILES for a in open_ones for kind in a.lacks)


def _walk(results: Sequence[Result], number: int, attempt: Callable[[Form], Refs]) -> Answer:
    kind = results[number]["kind"]
    whys, lacks = [], []
    for form in _forms(results, number):
        if isinstance(form, str):
            lacks.append(form)
            continue
        try:
            items = attempt(form)
        except CannotPlace as no:
            whys.append(f"{form.kind}: {str(no).rstrip('.')}.")
            continue
        status = "done" if form.kind == kind else "degraded"
        return Answer(kind, status, form.kind, " ".join(whys), items)
    whys += [f"{each}: the job made none." for each in lacks]
    return Answer(kind, "refused", why=" ".join(whys), lacks=tuple(lacks))


def _forms(results: Sequence[Result], number: int) -> Iterator[Form | str]:
    """The result, what it may become, what that may become; a kind alone if there is none."""
    left = [Form(results[number]["kind"], number, results[number])]
    seen = {left[0].kind}
    while left:
        form = left.pop(0)
        yield form
        made = []
        for target in BECOMES.get(form.kind, ()):
            other = None if target in seen else _made(form, target, results)
            if other is not None:
                made.append(other)
            elif target not in seen and target not in ("note", "cdl"):  # made from itself or not
                yield target
            seen.add(target)
        left = made + left


def _made(form: Form, target: str, results: Sequence[Result]) -> Form | None:
    """A form as another kind: from itself, or a result of the job that bears the same name."""
    data = form.data
    if target == "frames" and form.kind in ("key", "matte", "take", "stmap"):
        return Form(target, form.number, {**data, "kind": target})
    if target == "cdl":
        same = {"slope": data["gain"], "power": [1.0, 1.0, 1.0], "saturation": 1.0, "residual": 0.0}
        return Form(target, form.number, {**data, **same, "kind": target})
    if target == "message":
        return Form(target, form.number, {"kind": target, "text": data["text"]})
    if target == "note":
        text = _text(data)
        return Form(target, form.number, {"kind": target, "text": text}) if text else None
    for number, other in enumerate(results):
        if _kind(other) == target and other.get("name") == data.get("name"):
            try:
                check(other)
            except WireError:
                continue  # it is refused in its own answer, with what is wrong with it
            return Form(target, number, other)
    return None


def _text(data: Result) -> str:
    if data["kind"] == "markers":
        return "\n".join(Marker.of(row).line for row in data["markers"])
    return f"{data['kind'].replace('_', ' ')}: {data['file']}" if data.get("file") else ""


def _turns(results: Sequence[Result], spaces: Sequence[str]) -> list[int]:
    """Numbers of the results, those of the look first and by preference.

    A cube that the look needs goes first, then a grade (it is exact), then CDLs as `spaces`.
    """

    def rank(number: int) -> Tuple[int, int]:
        result = results[number]
        kind = _kind(result)
        space = str(result.get("working_space")) if kind in LOOK else ""
        place = list(spaces).index(space) if space in spaces else len(spaces)
        if kind == "lut":
            return (0 if result.get("needed") else 3, 0)
        return ({"grade": 1, "cdl": 2}.get(kind, 4), place)

    return sorted(range(len(results)), key=rank)


def _kind(result: Any) -> str:
    return str(result.get("kind", "")) if isinstance(result, Mapping) else ""
