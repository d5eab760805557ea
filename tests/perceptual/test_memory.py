from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's way with memory")
def test_memory_is_kept() -> None:
    """What was as large as feature maps, and was freed, is not taken from the system again, page by page."""
    program = (
        "import resource, numpy as np\n"
        "from rtstyle.perceptual.memory import keep_memory\n"
        "keep_memory()\n"
        "def faults():\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    np.ones(1 << 23)\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "print(faults(), faults())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, second = map(int, done.stdout.split())
    assert second < first / 4
