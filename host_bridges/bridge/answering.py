"""How a host answers what the worker asks it: one answer for a request, whatever happens.

Standard library only, Python 3.8 and up.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any, Callable, Mapping

from .calls import Call
from .messages import CANCELLED, HOST_REFUSED, UNKNOWN_METHOD, Message, WireError, encode

log = logging.getLogger("answerprint")


def answer(
    message: Message,
    handlers: Mapping[str, Callable[[Message], Any]],
    jobs: Mapping[int, Call],
    send: Callable[[bytes], object],
) -> None:
    """Run the handler of a request on this thread, and send its result or its error.

    handlers   method -> function(params) -> result. jobs: the open requests of the host.

    What is no Exception (an interrupt) comes out here, after its answer.
    """
    method = message["method"]
    refused = {"error": WireError(HOST_REFUSED, f"'{method}' was interrupted.").wire()}
    line = encode({"id": message["id"], **refused})
    try:
        line = encode({"id": message["id"], "result": _handled(message, handlers, jobs)})
    except WireError as why:
        line = encode({"id": message["id"], "error": why.wire()})
    except Exception as fault:
        log.exception("'%s' failed in the host.", method)
        cause = traceback.format_exception_only(type(fault), fault)[-1].strip()[:2000]
        hint = "The host's console has the details."
        error = WireError(HOST_REFUSED, f"The host could not do '{method}'.", hint, cause)
        line = encode({"id": message["id"], "error": error.wire()})
    finally:
        send(line)


def _handled(
    message: Message,
    handlers: Mapping[str, Callable[[Message], Any]],
    jobs: Mapping[int, Call],
) -> Any:
    method, params = message["method"], message.get("params", {})
    job = jobs.get(message["job"]) if isinstance(message.get("job"), int) else None
    if "job" in message and (job is None or job.cancelling):
        raise WireError(CANCELLED, f"'{method}' was not done: its job is cancelled.")
    if method == "ping":
        return params
    if method not in handlers:
        raise WireError(UNKNOWN_METHOD, f"This host does not offer '{method}'.")
    return handlers[method](params)
