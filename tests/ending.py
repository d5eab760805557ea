"""How long things take, on a machine that has other things to do as well."""

import os
import threading
import time
from contextlib import contextmanager
from pathlib import Path

_PAUSE_S = 0.005
_STALL_S = 0.1  # more than one waits for Python's lock
_SLOW = (" cannot keep up and loses frames\n", " s and is left behind\n")


class Stopwatch:
    """``seconds`` since it was made, without the ``lost_s`` in which a thread of a process stood in line for a core.

    Linux tells that of threads that are alive, so it wants to be looked at often.
    """

    def __init__(self, pid):
        self._pid, self._seen, self._lost_s = pid, _in_line(pid), {}
        self._start, self._end = time.monotonic(), None

    @property
    def seconds(self):
        return (self._end or time.monotonic()) - self._start - self.lost_s

    @property
    def lost_s(self):
        return max(self._lost_s.values(), default=0.0)

    def look(self, stalled_s=0.0):
        """Note what each thread has lost since the last look, with what whoever looks has lost as well."""
        for thread, total in _in_line(self._pid).items():
            lost_s = (total - self._seen.get(thread, 0)) / 1e9
            self._lost_s[thread] = self._lost_s.get(thread, 0.0) + max(lost_s, stalled_s)
            self._seen[thread] = total

    def pause(self):
        """Sleep for a moment, and look."""
        start = time.monotonic()
        time.sleep(_PAUSE_S)
        late_s = time.monotonic() - start - _PAUSE_S
        self.look(late_s if late_s > _STALL_S else 0.0)

    def stop(self, end):
        self.look()
        self._end = end


def lines_of(process):
    """What a process says on stderr, line by line, but for what it says because it had to wait for a core."""
    return (line for line in process.stderr if not line.endswith(_SLOW))


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
        while not over.is_set():
            watch.pause()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        end = time.monotonic()
        over.set()
        thread.join()
        watch.stop(end)


def _in_line(pid):
    """Nanoseconds that every thread has been ready to run and was not run, where Linux tells."""
    found = {}
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            found[path.parent.name] = int(path.read_text().split()[1])
        except (OSError, IndexError):
            continue
    return found
