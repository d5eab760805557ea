"""What a benchmark says of the machine and of the code that it measured."""

import importlib
import subprocess

import pytest

from tests.conftest import ROOT


@pytest.fixture
def commit(monkeypatch):
    """Gives the commit that a benchmark would print."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return lambda: importlib.import_module("machine").machine()["commit"]


def test_the_commit_is_that_of_the_code(commit, tmp_path, monkeypatch):
    """Not of another project, in whose folder the benchmark is started."""
    for words in (["init", "-q"], ["-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "x", "--allow-empty"]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    here = commit()
    monkeypatch.chdir(tmp_path)
    assert commit() == here
    other = subprocess.run(["git", "describe", "--always"], capture_output=True, text=True, check=True).stdout.strip()
    assert other not in here


def test_without_git_there_is_no_commit(commit, tmp_path, monkeypatch):
    """But the figures, which are printed with it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit() == ""
