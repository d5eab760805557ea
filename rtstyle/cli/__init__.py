"""The command line: arguments in, words out."""

from __future__ import annotations

import signal
import sys
from types import FrameType


def main() -> None:
    """Entry point of ``rtstyle``. Exits with 0, 1 (it failed), 2 (usage), 130 (Ctrl-C) or 143 (SIGTERM)."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        from rtstyle.cli.app import app  # imported here so that Ctrl-C is clean while it loads

        app()
    except KeyboardInterrupt:
        sys.exit(130)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """Unwind as for Ctrl-C, so that no temporary file stays."""
    sys.exit(128 + signal.SIGTERM)
