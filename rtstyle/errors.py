"""Everything rtstyle raises on purpose.

    RtstyleError
    ├── SourceError     the input cannot be opened, or breaks while it is read
    ├── SinkError       the output cannot be opened, or breaks while it is written
    ├── ModelError      a style's file cannot be read, or is not a model of ours
    ├── DeviceError     the requested device is not available
    ├── PaintError      a painting by optimisation does not improve on its start
    └── UsageError      the request itself makes no sense: an option, a style's name, an extension (also a ValueError)

Every message is one sentence that says what, expected ≠ got, and the next step.
"""


class RtstyleError(Exception):
    """Base of all errors that a user can cause and fix."""


class SourceError(RtstyleError):
    """The input cannot be opened, or breaks while it is read."""


class SinkError(RtstyleError):
    """The output cannot be opened, or breaks while it is written."""


class ModelError(RtstyleError):
    """A style's file cannot be read, or is not a model that rtstyle understands."""


class DeviceError(RtstyleError):
    """The requested device is not available."""


class PaintError(RtstyleError):
    """A painting by optimisation does not improve on its start."""


class UsageError(RtstyleError, ValueError):
    """An argument is invalid; exit code 2 on the command line, where the others are 1."""


_PLAINER = {"Immediate exit requested": "nothing came in time"}  # FFmpeg's words where PyAV's timeout ends it


def reason_of(error: BaseException | str) -> str:
    """The system's own words, without the number and the path that Python adds; else all of it, or its class."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return _PLAINER.get(words, words)


def first_line(error: BaseException) -> str:
    """Its words up to the first line break, or its class if it has none."""
    return _lines(error)[0]


def last_line(error: BaseException) -> str:
    """Likewise, where a library says last what is wrong."""
    return _lines(error)[-1]


def _lines(error: BaseException) -> list[str]:
    return [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
