"""What goes over the wire: its version, its codes, and a message as a line and back.

Standard library only, Python 3.8 and up. `wire` says what the messages are.
"""

from __future__ import annotations

import json
import math
import os
from typing import Any, Dict, Iterable, Mapping

PROTOCOL = (1, 0)
LINE_LIMIT = 1 << 20

PARSE_ERROR, INVALID_REQUEST, UNKNOWN_METHOD = -32700, -32600, -32601
NO_ANSWER, WORKER_DIED = -32098, -32099  # made by the client
BUSY, VERSION_SKEW, HOST_REFUSED, CANCELLED = -32004, -32010, -32020, -32800

Message = Dict[str, Any]


class WireError(Exception):
    """A request that ended in an error. Compare `code`; show `title`, `detail`, `hint`.

    A host handler raises it to say no in its own words.
    """

    def __init__(self, code: int, title: str, hint: str = "", detail: str = "") -> None:
        super().__init__(" ".join(text for text in (title, detail, hint) if text))
        self.code, self.title, self.hint, self.detail = code, title, hint, detail

    def wire(self) -> Message:
        data = {"title": self.title, "detail": self.detail, "hint": self.hint}
        return {"code": self.code, "message": self.title, "data": data}

    @classmethod
    def read(cls, error: Mapping[str, Any]) -> WireError:
        """The error that an answer holds; its code is a whole number."""
        told = error["data"] if isinstance(error.get("data"), dict) else {}
        title = told.get("title") or error.get("message") or f"Error {error['code']}."
        texts = (str(text) for text in (title, told.get("hint", ""), told.get("detail", "")))
        return cls(error["code"], *texts)


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as its line. ValueError or TypeError where JSON or the limit forbids it."""
    text = json.dumps({"jsonrpc": "2.0", **message}, allow_nan=False, separators=(",", ":"))
    if len(text) >= LINE_LIMIT:
        raise ValueError(
            f"The message is {len(text) + 1} bytes long; a line holds {LINE_LIMIT}. Write a file "
            "and name it instead."
        )
    return text.encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """The message of a line. ValueError where it is none."""
    if len(line) > LINE_LIMIT:
        raise ValueError(f"a line is longer than {LINE_LIMIT} bytes")
    try:
        message = json.loads(line.decode("utf-8"), parse_float=_finite, parse_constant=_finite)
    except RecursionError as why:
        raise ValueError("a line is nested too deep") from why
    if not isinstance(message, dict):
        raise ValueError(f"a line is not an object: {line[:80]!r}")
    return message


def _finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError(f"a line holds {text}")
    return float(text)


def agree(theirs: Any) -> list[int]:
    """The protocol both sides speak: equal major, the smaller minor.

    WireError -32010 with the remedy where the majors differ, ValueError where `theirs` is
    not a version.
    """
    if not (isinstance(theirs, list) and [type(n) for n in theirs[:2]] == [int, int]):
        raise ValueError(f"{theirs!r} is not a protocol version")
    if theirs[0] != PROTOCOL[0]:
        raise WireError(
            VERSION_SKEW,
            f"One side speaks protocol {theirs[0]}.{theirs[1]}, the other {PROTOCOL[0]}."
            f"{PROTOCOL[1]}: the files in the host and the worker are of different versions.",
            "Run install.py repair, then restart the host, so that both are the same Answerprint.",
        )
    return [PROTOCOL[0], min(PROTOCOL[1], theirs[1])]


def hello(number: int, suite: str, host: Message, capabilities: Iterable[str]) -> bytes:
    """The line of the first request: who we are, and what the worker may ask of us."""
    params = {
        "protocol": PROTOCOL,
        "suite": suite,
        "host": host,
        "capabilities": sorted(capabilities),
        "locale": os.environ.get("LANG", ""),
    }
    return encode({"id": number, "method": "hello", "params": params})
