"""Several files, or folders of them, one after the other: where each goes, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rtstyle.errors import SinkError, SourceError, UsageError
from rtstyle.jobs.film.work_folder import tidy
from rtstyle.meter import Report
from rtstyle.output_file import unwritable
from rtstyle.sources.input_file import missing, unreadable
from rtstyle.sources.picture_sequence import is_pattern

VIDEOS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv"}
VIDEOS |= {".ogv", ".3gp", ".vob", ".gif", ".webp", ".mxf"}


@dataclass(frozen=True, slots=True)
class Errand:
    """One file and where it goes."""

    input: Path
    output: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: painted, done before, or failed."""

    errand: Errand
    report: Report | None = None
    error: str = ""

    @property
    def skipped(self) -> bool:
        """Whether its output was there already."""
        return self.report is None and not self.error


def errands(inputs: Sequence[str | Path], folder: Path, endings: set[str], name: Callable[[Path], str]) -> list[Errand]:
    """Where everything goes: files into ``folder``, folders mirrored in it, each under the name that ``name`` gives.

    What lies in ``folder`` already, where that is inside an input, was painted before and is no input.

    Raises SourceError for what is not there, UsageError where two would have one name, where an input is ``folder``
    itself, and for what is no file.
    """
    found = []
    for item in inputs:
        if "://" in str(item) or is_pattern(str(item)):
            raise UsageError(f"{item}: is one film by itself; give the output a file's name, as in painting.mp4")
        for path, place in _files(Path(item), endings, folder):
            found.append(Errand(path, folder / place.with_name(name(path))))
    if not found:
        raise SourceError(f"{', '.join(map(str, inputs)) or 'no input'}: expected files that end in {_list(endings)}")
    twice, count = Counter(errand.output for errand in found).most_common(1)[0]
    if count > 1:
        raise UsageError(f"{twice.name}: expected files of different names, got two of this; do them one by one")
    return found


def is_done(errand: Errand, *, overwrite: bool) -> bool:
    """Whether its output is there already, and stays. Raises SinkError where that is the input, or cannot be."""
    try:
        if overwrite or not errand.output.exists():
            return False
        if errand.output.samefile(errand.input):
            raise SinkError(f"{errand.output}: is the input itself; give another folder")
    except OSError as error:
        raise unwritable(errand.output, error) from error
    return True


def run_errands(
    todo: Sequence[Errand], do: Callable[[Errand], Report], *, overwrite: bool, done: Callable[[Outcome], None]
) -> list[Outcome]:
    """Do all; what fails for reasons of its own does not keep the others. ``done`` hears of each.

    What is wrong with the question itself (a style, a device) is raised.
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
            tidy(errand.output)
            return Outcome(errand)
        errand.output.parent.mkdir(parents=True, exist_ok=True)
        return Outcome(errand, report=do(errand))
    except (SourceError, SinkError) as error:
        return Outcome(errand, error=str(error))
    except OSError as error:
        return Outcome(errand, error=str(unwritable(errand.output, error)))


def _files(item: Path, endings: set[str], folder: Path) -> Iterator[tuple[Path, Path]]:
    """Every file, and its path as the output's folder will have it."""
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
            if path.suffix.lower() in endings and path.is_file() and not _is_work(place):
                yield path, place
    except OSError as error:
        raise unreadable(item, error) from error


def _is_work(path: Path) -> bool:
    """Whether it is a segment of an unfinished film, or a file that is being written."""
    return path.name.startswith(".") or any(parent.suffix == ".rtstyle" for parent in path.parents)


def _list(endings: set[str]) -> str:
    return ", ".join(sorted(endings))
