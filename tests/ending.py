"""How long a program takes to end, on a machine that has other things to do as well."""

import time
from pathlib import Path


def seconds_to_end(process, limit_s=30):
    """Seconds from now until ``process`` has ended, without those in which its threads stood in line for a core."""
    start, before, waited = time.monotonic(), _in_line(process.pid), {}
    while process.poll() is None:
        waited.update(_in_line(process.pid))
        assert time.monotonic() - start < limit_s, "it does not end"
        time.sleep(0.005)
    lost_s = max((total - before.get(thread, 0) for thread, total in waited.items()), default=0) / 1e9
    return time.monotonic() - start - lost_s


def _in_line(pid):
    """Nanoseconds that every thread has been ready to run and was not run, where Linux tells."""
    found = {}
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            found[path.parent.name] = int(path.read_text().split()[1])
        except (OSError, IndexError):
            continue
    return found
