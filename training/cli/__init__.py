"""The command line of training: arguments in, words out."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Entry point of ``python -m training``; exits with 130 after Ctrl-C and SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from training.cli.app import app  # imported here so that Ctrl-C is clean while it loads

        app()
    except ModuleNotFoundError as error:
        sys.exit(f"training: there is no module {error.name}; install what training needs: pip install -e '.[train]'")
    except KeyboardInterrupt:
        sys.exit(130)
