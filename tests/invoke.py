"""The command line in this process: a process of its own takes a second to start."""

import subprocess

from typer.testing import CliRunner

from rtstyle.cli.app import app


def invoke(*arguments):
    """What ``rtstyle ARGUMENTS`` prints, and its exit code."""
    done = CliRunner().invoke(app, [*map(str, arguments)])
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
