"""Runs a module in a process of its own."""

from __future__ import annotations

import subprocess
import sys


def command(module: str, *arguments: str) -> list[str]:
    """Like ``python -m module``, but with our own import path: ``-m`` would try the working folder first."""
    program = f"import sys; sys.path[:] = {[str(path) for path in sys.path]!r}; import runpy; "
    program += f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    return [sys.executable, "-c", program, *arguments]


def start(module: str, *arguments: str, stdin: int = subprocess.DEVNULL, buffer: int = -1) -> subprocess.Popen[bytes]:
    """Start it, with pipes; it does not get the terminal's Ctrl-C, and can finish."""
    return subprocess.Popen(
        command(module, *arguments),
        buffer,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # without effect on Windows, where a group of its own is what leaves out Ctrl-C
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
