"""What can go wrong, as data: a code that programs compare and texts that people read.

`title` says what was refused, with its value. `detail` adds what is known of the cause.
`hint` says what to do now, in words that hold in a panel as in a shell. The texts are shown
and never compared. `about` names the setting to change, where there is one ('reference',
'colourspace', 'out'); the command line adds its flag. The integer codes are those of the wire
(JSON-RPC 2.0 plus our own range), the exit status is the command line's.
"""

from __future__ import annotations

from typing import Any


class AnswerprintError(Exception):
    """Something the user can act on. Ours alone are `InternalError`."""

    code = -32000
    exit_status = 2

    def __init__(self, title: str, hint: str = "", detail: str = "", about: str = "") -> None:
        texts = [text for text in (title, detail, hint) if text]
        super().__init__(" ".join(t if t.endswith((".", "?", ":")) else f"{t}." for t in texts))
        self.title, self.hint, self.detail, self.about = title, hint, detail, about

    def data(self) -> dict[str, Any]:
        """The part of a wire error that is shown."""
        return {"title": self.title, "detail": self.detail, "hint": self.hint}


class BadParameter(AnswerprintError):
    """A parameter is unknown, of the wrong kind or out of range."""

    code = -32602


class BadInput(AnswerprintError):
    """A file, frame or sequence cannot be used; names the file and the frame."""

    code = -32003


class CannotWrite(AnswerprintError):
    """A result could not be written: no space, no permission, no such folder."""

    code = -32005


class OutOfMemory(AnswerprintError):
    code = -32001


class HostRefused(AnswerprintError):
    """The host did not do what the worker asked of it."""

    code = -32020


class Cancelled(AnswerprintError):
    """Somebody asked for the job to stop. Finished frames stay."""

    code = -32800
    exit_status = 3

    def __init__(self, title: str = "Cancelled.", hint: str = "", detail: str = "") -> None:
        super().__init__(title, hint, detail)


class InternalError(AnswerprintError):
    """Our own fault: not the artist's material and not the machine."""

    code = -32603
    exit_status = 4
