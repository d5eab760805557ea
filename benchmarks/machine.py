"""What a benchmark's figures depend on."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from rtstyle.cores import usable_cores
from rtstyle.cpu import cpu_name, load


def machine() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "cpu": cpu_name(),
        "cores": usable_cores(),
        "isa": os.environ.get("ONEDNN_MAX_CPU_ISA", "all"),
        "load": load(),
        "commit": _commit(),
        "python": platform.python_version(),
    }


def _commit() -> str:
    """This checkout's, wherever the benchmark is started; empty without git."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""
