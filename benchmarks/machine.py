"""What a benchmark's figures depend on."""

from __future__ import annotations

import os
import platform
import subprocess

from rtstyle.cores import usable_cores
from rtstyle.cpu import cpu_name, load


def machine() -> dict[str, object]:
    """What the figures depend on."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)  # noqa: S607
    return {
        "cpu": cpu_name(),
        "cores": usable_cores(),
        "isa": os.environ.get("ONEDNN_MAX_CPU_ISA", "all"),
        "load": load(),
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
    }
