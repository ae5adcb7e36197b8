"""Installs packages with pip, loads them once, and says in a sentence what went wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .programs import run_step
from .words import SetUpError, say

PIP_FAULTS = (
    (
        r"No space left on device|Errno 28\b|WinError 112\b",
        "The disk filled up while packages were installed.",
        "The CPU build of torch takes 1.4 GB (--torch-index chooses the build), CUDA builds "
        "several times that. Free some space here and in the temporary folder (TMPDIR)",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "pip does not trust the certificate of the package index.",
        "Let PIP_CERT name your site's certificate file",
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError"
        r"|Max retries exceeded|Connection (refused|reset|aborted)|Network is unreachable",
        "The package index cannot be reached.",
        "Check the network and HTTPS_PROXY, or let PIP_INDEX_URL name your site's mirror",
    ),
    (
        r"No matching distribution found for (?P<what>\S+)",
        "The package index has no {what} for this machine.",
        "Check that the index (pip config list, --torch-index) or the folder of --offline is "
        "complete and carries packages for this system",
    ),
)


def explain_pip(status: int, said: Sequence[str]) -> SetUpError:
    """pip's failure in a sentence, with pip's own last lines."""
    text, tail = "\n".join(said), "\n".join(said[-15:])
    for pattern, title, hint in PIP_FAULTS:
        found = re.search(pattern, text)
        if found:
            title = title.format(**found.groupdict())
            return SetUpError(title, hint + ", then start install.py again.", tail)
    hint = "Set right what the lines above name, then start install.py again."
    return SetUpError(f"pip failed (exit {status}).", hint, tail)


def pip(python: Path, words: Sequence[str], turn: int, root: Path) -> tuple[int, list[str]]:
    """Run `pip install` of that Python in `root`; its exit status and all it said."""
    usual = ["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    return run_step([str(python), *usual, *words], turn, root)


def install_suite(
    root: Path, python: Path, turn: int, extra: str, torch_index: str = "", wheels: str = ""
) -> None:
    """The tested packages, and the suite in `root` itself as an editable package.

    A torch index takes torch's pin away: that index decides, the tested version is asked for
    first. torch's own needs may come from there too; the second step brings them to the pins.

    extra    what of `optional-dependencies` comes along.
    wheels   a folder that everything is taken from, instead of an index.
    """
    constraints = root / "constraints.txt"
    if torch_index:
        pins = constraints.read_text("utf-8").splitlines()
        tested = next(line for line in pins if line.startswith("torch=="))
        say(f"installing {tested} from {torch_index}")
        status, said = pip(python, ["--index-url", torch_index, tested], turn, root)
        # pip has only words for this. Should they change, the set-up stops and shows them.
        if status and any("No matching distribution found for torch==" in line for line in said):
            say(f"{tested}, the tested version, is not there; taking that index's newest torch")
            status, said = pip(python, ["--index-url", torch_index, "torch"], turn, root)
        if status:
            raise explain_pip(status, said)
        constraints = root / ".venv" / "constraints.txt"
        constraints.write_text("\n".join(line for line in pins if line != tested) + "\n", "utf-8")
    say("installing the tested packages (a few minutes the first time)")
    source = ["--no-index", "--find-links", wheels] if wheels else []
    asked = [*source, "-c", str(constraints), "-e", f".[{extra}]"]
    status, said = pip(python, asked, turn, root)
    if status:
        raise explain_pip(status, said)


LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
}


def explain_import(module: str, status: int, said: Sequence[str]) -> SetUpError:
    """Why an installed module does not load, and what to install."""
    title, text = f"The installed package {module} does not load.", "\n".join(said)
    hint = "Delete .venv, then start install.py again; if that does not help, report these lines."
    missing = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file", text)
    if missing:
        library, package = missing.group(1), LIBRARIES.get(missing.group(1))
        title = f"{module} needs the system library {library}, which is missing."
        hint = f"apt install {package}" if package else f"install the package of {library}"
        hint = f"As root: {hint} (names of Debian, Ubuntu). Then start install.py again."
    elif "DLL load failed" in text or "[WinError 126]" in text or "[WinError 1114]" in text:
        hint = "Run: winget install Microsoft.VCRedist.2015+.x64. Then start install.py again."
    return SetUpError(title, hint, "\n".join(said[-5:]) or f"exit {status}")


def check_modules(python: Path, modules: Sequence[str], turn: int, root: Path) -> None:
    """Load each binary package once: what it misses of the system shows only then."""
    for module in modules:
        status, said = run_step([str(python), "-I", "-c", f"import {module}"], turn, root)
        if status:
            raise explain_import(module, status, said)
