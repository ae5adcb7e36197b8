"""What a program's own module raises, as an error that says what it was in the way of."""

from __future__ import annotations

import contextlib
import logging
import traceback
from typing import Iterator

from .messages import HOST_REFUSED, WireError

log = logging.getLogger("answerprint")


@contextlib.contextmanager
def told_as(title: str, hint: str) -> Iterator[None]:
    """Whatever is raised in it leaves it as a WireError; the fault itself goes to the console.

    A WireError is a sentence already and stays as it is.
    """
    try:
        yield
    except WireError:
        raise
    except Exception as fault:
        log.exception(title)
        cause = traceback.format_exception_only(type(fault), fault)[-1].strip()
        raise WireError(HOST_REFUSED, title, hint, cause) from fault
