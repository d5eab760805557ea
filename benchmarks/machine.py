"""What a benchmark's figures depend on."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path


def machine() -> dict[str, object]:
    """What the figures depend on."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)  # noqa: S607
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "isa": os.environ.get("ONEDNN_MAX_CPU_ISA", "all"),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
    }


def cpu_name() -> str:
    """As Linux says it, elsewhere as Python does."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
