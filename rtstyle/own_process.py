"""Runs a module in a process of its own."""

from __future__ import annotations

import sys


def command(module: str, *arguments: str) -> list[str]:
    """Like ``python -m module``, but with our own import path: ``-m`` would try the working folder first."""
    program = f"import sys; sys.path[:] = {[str(path) for path in sys.path]!r}; import runpy; "
    program += f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    return [sys.executable, "-c", program, *arguments]
