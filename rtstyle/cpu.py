"""What is known about the processor, as Linux reports it."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def description() -> str | None:
    """Its vendor and flags, core by core; None on other systems."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return None


def cpu_name() -> str:
    """Its name as reported by Linux, elsewhere by Python."""
    lines = (description() or "").splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def load() -> float | None:
    """How many cores were busy over the last minute; None if the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def is_zen4(cpu: str | None) -> bool:
    """Whether bf16 pays off, as on AMD's Zen 4, judging by the ``description``.

    Intel's AVX512-BF16 without AMX is slower than float32, and oneDNN may be limited to fewer features: OpenVINO
    then reports BF16 but cannot compile for it.
    """
    whole = os.environ.get("ONEDNN_MAX_CPU_ISA", "ALL").upper() in {"ALL", "DEFAULT"}
    return whole and cpu is not None and "AuthenticAMD" in cpu and "avx512_bf16" in cpu
