"""A command, how long it took, and what memory it needed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep

_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Done:
    """A process that has ended well."""

    stdout: str
    seconds: float  # from its start to its exit
    peak_mib: float | None  # resident; None where the system does not tell
    resident_mib: list[float] = field(default_factory=list)  # as it went, on Linux


def finished(command: Sequence[object]) -> Done:
    """Run it and watch its memory. Where it fails, what it says ends the program."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        seen: list[tuple[float, float]] = []
        start = perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err, text=True)
        while process.poll() is None:
            seen += _resident_mib(process.pid)
            sleep(_EVERY_S)
        seconds = perf_counter() - start
        out.seek(0)
        err.seek(0)
        if process.returncode:
            sys.exit(err.read().strip())
        return Done(out.read(), seconds, max((peak for _, peak in seen), default=None), [now for now, _ in seen])


def _resident_mib(pid: int) -> list[tuple[float, float]]:
    """Now and at most so far. What wait4 tells of a child begins with what its parent had."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = {line.partition(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return [(int(found["VmRSS"]) / 1024, int(found["VmHWM"]) / 1024)] if found else []
