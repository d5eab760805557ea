"""What tests need and a machine may lack. CI has everything, so there a lack is a failure."""

import os
import shutil

import pytest


def program(name: str) -> str:
    """Path of a system program; without it the test is skipped, or with CI=true fails."""
    path = shutil.which(name)
    if path is None:
        lack = f"no {name} on this machine; `make system` installs it where it may"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(lack)
    return str(path)
