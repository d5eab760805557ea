"""Everything rtstyle raises on purpose.

    RtstyleError
    ├── SourceError     the input cannot be opened, or breaks while it is read
    ├── SinkError       the output cannot be opened, or breaks while it is written
    ├── ModelError      a style's file cannot be read, or is not a model of ours
    ├── DeviceError     the device asked for is not at hand
    └── PaintError      a painting by optimisation gets no better than what it began with
    UsageError          the question itself makes no sense: an option, a style's name, an ending (also a ValueError)

Every message is one sentence that says what, expected ≠ got, and the next step.
"""


class RtstyleError(Exception):
    """Base of all errors that a user can cause and mend."""


class SourceError(RtstyleError):
    """The input cannot be opened, or breaks while it is read."""


class SinkError(RtstyleError):
    """The output cannot be opened, or breaks while it is written."""


class ModelError(RtstyleError):
    """A style's file cannot be read, or is not a model that we understand."""


class DeviceError(RtstyleError):
    """The device asked for is not at hand."""


class PaintError(RtstyleError):
    """A painting by optimisation gets no better than what it began with."""


class UsageError(RtstyleError, ValueError):
    """An argument lies outside what it may be; on the command line exit code 2, where the others are 1."""


def reason_of(error: BaseException) -> str:
    """What the system says of it, without the number and the path that Python puts around; else all it says."""
    return getattr(error, "strerror", None) or str(error)
