"""The promise of .ci/run: nothing is skipped there without our knowing."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

EXAMPLES = """
import pytest
def test_media(): pytest.skip("not beside the checkout: clip.mp4")
def test_program(): pytest.skip("no such program")
@pytest.mark.skipif(True, reason="not today")
def test_marked(): pass
@pytest.mark.xfail
def test_expected(): assert False
"""


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", "1 failed, 1 skipped, 1 xfailed, 2 errors"), ("", "4 skipped, 1 xfailed")]
)
def test_ci_turns_a_skip_into_a_failure(tmp_path, ci, outcome):
    """Of a test, by a mark, and of a whole file; media that are not ours to ship are excused."""
    (tmp_path / "test_examples.py").write_text(EXAMPLES)
    (tmp_path / "test_torch.py").write_text("import pytest\npytest.importorskip('no_such_module')\n")
    options = ["-q", "--continue-on-collection-errors", "-p", "tests.conftest", "--rootdir", tmp_path, "-c", os.devnull]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tmp_path],
        cwd=ROOT,
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout, done.stdout
    assert ("no such program" in done.stdout) == (ci == "true")
