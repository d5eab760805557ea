"""How long things take, on a machine that has other things to do as well."""

import os
import threading
import time
from contextlib import contextmanager
from pathlib import Path

_PAUSE_S = 0.005


class Stopwatch:
    """``seconds`` since it was made, without the ``lost_s`` in which a thread of a process stood in line for a core.

    Linux tells that of threads that are alive, so it wants to be looked at often.
    """

    def __init__(self, pid):
        self._pid, self._before, self._waited = pid, _in_line(pid), {}
        self._start, self._end, self._overslept_s = time.monotonic(), None, 0.0

    @property
    def seconds(self):
        return (self._end or time.monotonic()) - self._start - self.lost_s

    @property
    def lost_s(self):
        in_line = max((total - self._before.get(thread, 0) for thread, total in self._waited.items()), default=0)
        return in_line / 1e9 + self._overslept_s

    def look(self):
        self._waited.update(_in_line(self._pid))

    def pause(self):
        """Look, and sleep for a moment; what that takes too long is lost as well."""
        start = time.monotonic()
        self.look()
        time.sleep(_PAUSE_S)
        self._overslept_s += max(time.monotonic() - start - 2 * _PAUSE_S, 0)

    def stop(self):
        self.look()
        self._end = time.monotonic()


def seconds_to_end(process, limit_s=30):
    """Seconds from now until ``process`` has ended, without those in which its threads stood in line for a core."""
    watch = Stopwatch(process.pid)
    while process.poll() is None:
        assert watch.seconds < limit_s, "it does not end"
        watch.pause()
    return watch.seconds


@contextmanager
def stopwatch():
    """A stopwatch of this process, stopped when the block ends; another thread looks at it."""
    watch, over = Stopwatch(os.getpid()), threading.Event()

    def look():
        while not over.wait(2 * _PAUSE_S):
            watch.look()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        over.set()
        thread.join()


def _in_line(pid):
    """Nanoseconds that every thread has been ready to run and was not run, where Linux tells."""
    found = {}
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            found[path.parent.name] = int(path.read_text().split()[1])
        except (OSError, IndexError):
            continue
    return found
