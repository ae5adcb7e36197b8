"""The rules of a show: what is looked for, how much of it is tolerated, what is waived.

    # answerprint.rules.toml, beside the cut
    handles = 8                     # frames beyond each cut that the show wants

    [levels]                        # 'off', 'note' or 'warn'
    jump_cut = "warn"

    [tolerances]                    # what is less is no finding; in the unit of the kind
    exposure = 0.1

    [[waived]]                      # written by `answerprint check ... --waive ID`
    id = "3f2a90c1b7de"
    by = "Ines"
    why = "The lamp is out on purpose."
    date = 2026-11-20

A kind, level or key that there is not is refused with the nearest that there is.
"""

from __future__ import annotations

import datetime
import difflib
import getpass
import json
import math
import os
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from answerprint.check.kinds import KINDS
from answerprint.check.known import Known, from_key
from answerprint.errors import BadInput, BadParameter
from answerprint.frames.text import write_text

NAME = "answerprint.rules.toml"
LEVELS = ("off", "note", "warn")
_TOP = ("handles", "levels", "tolerances", "waived")
_WAIVED = ("id", "by", "why", "date", "kind", "shots", "media", "source")
_HINT = "Mend the file, or name another with --rules."


@dataclass(frozen=True)
class Waived:
    """A finding somebody looked at and leaves. `known`: what its shots were known as then;
    `kind`: of the finding, '' where nobody wrote it down."""

    id: str
    by: str = ""
    why: str = ""
    date: str = ""
    known: tuple[Known, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class Rules:
    """path: of the file, None where the show has none."""

    path: Path | None = None
    levels: Mapping[str, str] = field(default_factory=dict)
    tolerances: Mapping[str, float] = field(default_factory=dict)
    handles: int = 0
    waived: tuple[Waived, ...] = ()

    def level(self, kind: str) -> str:
        return self.levels.get(kind, KINDS[kind].level)

    def only(self, kinds: Collection[str]) -> Rules:
        """These kinds and no others; one that is off by default is asked for by its name."""
        for kind in kinds:
            _known(kind, KINDS, "kind of finding", BadParameter)
        asked = {k: _on(self.level(k)) if k in kinds else "off" for k in KINDS}
        return replace(self, levels=asked)

    def plain(self) -> dict[str, Any]:
        """As JSON, every kind with its level."""
        return {
            "path": str(self.path) if self.path else None,
            "levels": {kind: self.level(kind) for kind in KINDS},
            "tolerances": dict(self.tolerances),
            "handles": self.handles,
        }

    def wanting(self, handles: int) -> Rules:
        """The same, with handles as somebody asks for them this time."""
        return replace(self, handles=_handles(handles, BadParameter))


def _handles(count: Any, error: type[BadInput | BadParameter]) -> int:
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        hint = "Use a whole number of frames from 0 up."
        raise error(f"handles is {count!r}.", hint, about="handles")
    return count


def _on(level: str) -> str:
    return "note" if level == "off" else level


def read_rules(cut: str, named: str | None = None) -> Rules:
    """The rules in the file that is named, else in the one beside the cut, else the usual ones.

    Raises BadInput where it cannot be read or says what there is not.
    """
    path = Path(named).expanduser() if named else rules_beside(cut)
    if not path.is_file():
        if named:
            raise BadInput(f"There is no file of rules {path}.", "Check its path.", about="rules")
        return Rules()
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as why:
        raise BadInput(f"The rules {path} cannot be read.", _HINT, str(why)) from why
    try:
        return replace(_rules(told), path=path)
    except BadInput as why:
        raise BadInput(f"{path}: {why.title}", why.hint or _HINT, about="rules") from why


def rules_beside(cut: str) -> Path:
    return Path(cut).expanduser().absolute().parent / NAME


def _rules(told: Mapping[str, Any]) -> Rules:
    for key in told:
        _known(key, _TOP, "rule")
    levels = _table(told, "levels")
    for kind, level in levels.items():
        _known(kind, KINDS, "kind of finding")
        _known(level, LEVELS, f"level for {kind}:")
    tolerances = _table(told, "tolerances")
    for kind, most in tolerances.items():
        _known(kind, KINDS, "kind of finding")
        if not KINDS[kind].unit:
            raise BadInput(f"{kind} has no value to tolerate.", "Switch it off instead.")
        if not _number(most) or most < 0:
            raise BadInput(f"The tolerance of {kind} is {most!r}.", "Use a number from 0 up.")
    handles = _handles(told.get("handles", 0), BadInput)
    waived = told.get("waived", [])
    if not isinstance(waived, list) or not all(isinstance(each, dict) for each in waived):
        raise BadInput("'waived' is no list of tables.", "Begin each with [[waived]].")
    return Rules(None, levels, tolerances, handles, tuple(map(_waived, waived)))


def _waived(row: Mapping[str, Any]) -> Waived:
    for key in row:
        _known(key, _WAIVED, "key of a waiver")
    if not isinstance(row.get("id"), str) or not row["id"]:
        raise BadInput("A waiver has no id.", "Take it from the report.")
    texts = {key: str(row.get(key, "")) for key in ("id", "by", "why", "date", "kind")}
    media, source = row.get("media", []), row.get("source", [])
    try:
        rows = [
            from_key(key, (int(first), int(last)))
            for key, (first, last) in zip(media, source, strict=True)
        ]
    except (TypeError, ValueError, AttributeError) as why:
        title = f"The waiver {row['id']} has media and source that do not fit each other."
        raise BadInput(title, "Remove both from it.") from why
    return Waived(**texts, known=tuple(rows))


def _table(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = told.get(name, {})
    if not isinstance(table, dict):
        raise BadInput(f"'{name}' is {table!r}.", f"Begin its table with [{name}].")
    return table


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _known(
    word: Any, words: Iterable[str], what: str, error: type[BadInput | BadParameter] = BadInput
) -> None:
    """Raises where there is no such word, with the nearest one."""
    there = list(words)
    if word in there:
        return
    near = difflib.get_close_matches(str(word), there, 1)
    hint = f"Did you mean '{near[0]}'?" if near else f"There is: {', '.join(there)}."
    raise error(f"There is no {what} '{word}'.", hint)


# --- waiving -------------------------------------------------------------------------------


def waive(path: Path, report: Mapping[str, Any], finding: str, why: str, by: str | None) -> Waived:
    """Add a waiver to a file of rules, which may not be there yet; the rest of it stays as it is.

    report    of the check that found it. finding: its id, or enough of its beginning.
    by        who waives it, None: whoever is logged in.

    Raises BadParameter where the report has no such finding, or nobody says why.
    """
    if not why.strip():
        title = f"Nobody says why {finding} is waived."
        raise BadParameter(title, "Say it in a sentence.", about="why")
    by = _login() if by is None else by
    row = _found(report, finding)
    rules = read_rules("", str(path)) if path.exists() else Rules(path)
    if any(each.id == row["id"] for each in rules.waived):
        raise BadParameter(f"{row['id']} is waived already.", f"Look into {path}.")
    shots = {each["name"]: each["known"] for each in report["shots"]}
    known = [shots[name] for name in row["shots"]]
    today = datetime.date.today().isoformat()
    made = Waived(row["id"], by, why.strip(), today, kind=row["kind"])
    lines = [
        "[[waived]]",
        f"id = {_text(made.id)}",
        f"by = {_text(by)}",
        f"why = {_text(made.why)}",
        f"date = {made.date}",
        f"kind = {_text(row['kind'])}",
        f"shots = [{', '.join(map(_text, row['shots']))}]",
        f"media = [{', '.join(_text(each['key']) for each in known)}]",
        f"source = {[list(each['source']) for each in known]}",
    ]
    before = path.read_text("utf-8").rstrip("\n") + "\n\n" if path.exists() else ""
    text = before + "\n".join(lines) + "\n"
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        title = f"No waiver can be added to {path}: its 'waived' is no list of tables."
        raise BadInput(title, "Begin each of its waivers with [[waived]].", str(cause)) from cause
    write_text(path, text)
    return made


def _found(report: Mapping[str, Any], finding: str) -> Mapping[str, Any]:
    rows: Sequence[Mapping[str, Any]] = report["findings"]
    fits = [row for row in rows if finding and row["id"].startswith(finding)]
    if len(fits) != 1:
        many = f"{len(fits)} findings whose id begins with" if fits else "no finding"
        hint = "Take the whole id from the report."
        raise BadParameter(f"The report has {many} '{finding}'.", hint, about="waive")
    return fits[0]


def _login() -> str:
    """The user's name, or the number where a machine knows no more of him: in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def _text(text: str) -> str:
    """A basic string of TOML: its escapes are those of JSON, and DEL is one more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
