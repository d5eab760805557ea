"""What the processor is, as far as Linux tells."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def description() -> str | None:
    """Its maker and flags, core by core; None on other systems."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return None


def cpu_name() -> str:
    """As Linux says it, elsewhere as Python does."""
    lines = (description() or "").splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def load() -> float | None:
    """How many cores others kept busy over the last minute; None where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def is_zen4(cpu: str | None) -> bool:
    """Whether bf16 is worth the while as AMD's Zen 4 has it, by the ``description``.

    Intel's AVX512-BF16 without AMX is slower than float32, and oneDNN may be told to use less than there is: OpenVINO
    then says BF16, and cannot compile.
    """
    whole = os.environ.get("ONEDNN_MAX_CPU_ISA", "ALL").upper() in {"ALL", "DEFAULT"}
    return whole and cpu is not None and "AuthenticAMD" in cpu and "avx512_bf16" in cpu
