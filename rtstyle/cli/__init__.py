"""The command line: arguments in, words out.

What takes time to import is imported in ``main``, so that Ctrl-C is clean meanwhile.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from io import TextIOWrapper

_INTERRUPTED, _TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM


def main() -> None:
    """Entry point of ``rtstyle``. Exits with 0, 1 (it failed), 2 (usage), 130 (Ctrl-C) or 143 (SIGTERM)."""
    try:
        signal.signal(signal.SIGTERM, _terminate)
        _open_closed()
        os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # our own error sentence says what is wrong with a picture
        if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
            sys.stdout.reconfigure(errors="replace")  # a console or a pipe that lacks a letter is no reason to fail
        gc.set_threshold(20_000)  # loading modules makes no garbage, and looking for it takes 0.05 s
        from rtstyle.cli.app import app

        app()
    except KeyboardInterrupt:
        _exit(_INTERRUPTED)
    except SystemExit as end:
        _exit(end.code)
    finally:
        if "torch" not in sys.modules:  # whose Triton would list everything that is not freed
            gc.freeze()  # the process is about to end, and freeing piece by piece takes 0.1 s


def _open_closed() -> None:
    """Lead standard streams that were closed (``2>&-``) nowhere, or a file that is written would take their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # As long as the program; pathlib would take a moment to import.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _exit(code: str | int | None) -> None:
    """Exit; immediately after a signal, or if a thread is stuck in a driver or a server.

    Python's own shutdown could crash then: it takes down modules that are half imported, or in use.
    """
    import threading
    from contextlib import suppress

    stuck = any(thread.name.startswith("rtstyle") for thread in threading.enumerate())
    if isinstance(code, int) and (stuck or code in (_INTERRUPTED, _TERMINATED)):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # nobody reads it, or it is closed
                stream.flush()
        os._exit(code)
    sys.exit(code)


def _terminate(_signal: int, _frame: object) -> None:
    """Unwind as for Ctrl-C, so that no temporary file remains."""
    sys.exit(_TERMINATED)
