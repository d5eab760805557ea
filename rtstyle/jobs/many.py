"""Several files or folders of files, one after another: where each goes, and its outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rtstyle.errors import SinkError, SourceError, UsageError
from rtstyle.meter import Report
from rtstyle.output_file import identities, unwritable
from rtstyle.sources.input_file import missing, unreadable
from rtstyle.sources.picture_sequence import is_pattern


@dataclass(frozen=True, slots=True)
class Errand:
    """One file and where it goes."""

    input: Path
    output: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one file: painted, already done, or failed."""

    errand: Errand
    report: Report | None = None
    error: str = ""

    @property
    def skipped(self) -> bool:
        """Whether its output already existed."""
        return self.report is None and not self.error


def errands(
    inputs: Sequence[str | Path], folder: Path, suffixes: set[str], name: Callable[[Path], str]
) -> list[Errand]:
    """Where everything goes: files into ``folder``, folders mirrored in it, each under the name that ``name`` gives.

    Files already in ``folder``, where that is inside an input, were painted before and are no inputs.

    Raises SourceError for missing inputs, UsageError if two would get one name, if an input is ``folder`` itself, or if
    it is no file.
    """
    found = []
    for item in inputs:
        if "://" in str(item) or is_pattern(str(item)):
            raise UsageError(f"{item}: is a single film; give the output a file's name, such as painting.mp4")
        for path, place in _files(Path(item), suffixes, folder):
            found.append(Errand(path, folder / place.with_name(name(path))))
    if not found:
        raise SourceError(f"{', '.join(map(str, inputs)) or 'no input'}: expected files that end in {_list(suffixes)}")
    check_names([errand.output for errand in found], "files")
    return found


def check_names(outputs: Sequence[Path], kind: str) -> None:
    """Raise UsageError if two files of this ``kind``, in the plural, would get one name."""
    twice, count = Counter(outputs).most_common(1)[0]
    if count > 1:
        raise UsageError(
            f"{twice.name}: expected {kind} with different names, got two called this; paint them one at a time"
        )


def is_done(errand: Errand, *, overwrite: bool) -> bool:
    """Whether its output already exists and stays. Raises SinkError if it is the input or not a possible file."""
    try:
        if not errand.output.exists():
            return False
        if identities([errand.output]) & identities([errand.input]):
            raise SinkError(f"{errand.output}: is the input itself; give another folder")
    except OSError as error:
        raise unwritable(errand.output, error) from error
    return not overwrite


def run_errands(
    todo: Sequence[Errand], do: Callable[[Errand], Report], *, overwrite: bool, done: Callable[[Outcome], None]
) -> list[Outcome]:
    """Do all; a failing file does not stop the others. ``done`` is called with each outcome.

    Errors in the request itself (a style, a device) are raised.
    """
    outcomes = []
    for errand in todo:
        outcome = _outcome(errand, do, overwrite=overwrite)
        outcomes.append(outcome)
        done(outcome)
    return outcomes


def _outcome(errand: Errand, do: Callable[[Errand], Report], *, overwrite: bool) -> Outcome:
    try:
        if is_done(errand, overwrite=overwrite):
            return Outcome(errand)
        errand.output.parent.mkdir(parents=True, exist_ok=True)
        return Outcome(errand, report=do(errand))
    except (SourceError, SinkError) as error:
        return Outcome(errand, error=str(error))
    except OSError as error:
        return Outcome(errand, error=str(unwritable(errand.output, error)))


def _files(item: Path, suffixes: set[str], folder: Path) -> Iterator[tuple[Path, Path]]:
    """Every file, and its path inside the output folder."""
    try:
        if not item.is_dir():
            if not item.exists():
                raise missing(item)
            yield item, Path(item.name)
            return
        root, target = item.resolve(), folder.resolve()
        if root == target:
            raise UsageError(f"{folder}: is the input itself; give another folder")
        painted = target.relative_to(root) if root in target.parents else None
        for path in sorted(item.rglob("*")):
            place = path.relative_to(item)
            if painted is not None and place.is_relative_to(painted):
                continue
            if path.suffix.lower() in suffixes and path.is_file() and not _is_work(place):
                yield path, place
    except OSError as error:
        raise unreadable(item, error) from error


def _is_work(path: Path) -> bool:
    """Whether it is a segment of an unfinished film, or a file being written."""
    return path.name.startswith(".") or any(parent.suffix == ".rtstyle" for parent in path.parents)


def _list(suffixes: set[str]) -> str:
    return ", ".join(sorted(suffixes))
