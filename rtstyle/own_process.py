"""How a module is run in a process of its own."""

from __future__ import annotations

import sys


def command(module: str, *arguments: str) -> list[str]:
    """As ``python -m module``, but imports come from where ours do: ``-m`` would try the working folder first."""
    program = f"import sys; sys.path[:] = {[str(path) for path in sys.path]!r}; import runpy; "
    program += f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    return [sys.executable, "-c", program, *arguments]
