"""The films of one command, one or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.cli.dry_run import Forecast, look_through, tell
from rtstyle.cli.outcome import show
from rtstyle.cli.progress import shown, shown_all
from rtstyle.cli.several import conclude, line_of

if TYPE_CHECKING:
    from rtstyle.jobs.film.task import Task
    from rtstyle.jobs.many import Errand, Outcome
    from rtstyle.meter import Progress, Report


@dataclass(frozen=True, slots=True)
class Films:
    """What every film of one command has in common."""

    task: Callable[..., Task]  # from input, output and progress
    preview: bool
    overwrite: bool

    def one(self, input: str, output: str, *, dry_run: bool, as_json: bool) -> None:
        """Paint one film, or say what would be done."""
        if self.preview:
            output = str(preview_name(Path(output)))
        if dry_run:
            from rtstyle.jobs.film.film import check_output, look_at

            task = self.task(input=input, output=Path(output))
            check_output(task)
            tell([Forecast(input, output, look_at(task))], as_json=as_json)
            return
        with shown(output) as progress:
            report = self._paint(input, Path(output), progress)
        show(report, output=output, as_json=as_json)

    def several(self, inputs: list[str], output: str, *, dry_run: bool, as_json: bool) -> None:
        """Paint films and folders of them into the folder ``output``, or say what would be done."""
        from rtstyle.jobs.film.work_folder import tidy
        from rtstyle.jobs.many import errands, run_errands
        from rtstyle.sources.video_reader import SUFFIXES

        todo = errands(inputs, Path(output), SUFFIXES, self._name)
        if dry_run:
            tell(look_through(todo, self._look_at, overwrite=self.overwrite), as_json=as_json)
            return

        with shown_all(len(todo)) as board:

            def paint(errand: Errand) -> Report:
                return self._paint(str(errand.input), errand.output, board.file(str(errand.output)))

            def done(outcome: Outcome) -> None:
                if outcome.skipped:
                    tidy(outcome.errand.output)
                board.done(line_of(outcome))

            outcomes = run_errands(todo, paint, overwrite=self.overwrite, done=done)
        conclude(outcomes, as_json=as_json)

    def _look_at(self, errand: Errand) -> Sequence[str]:
        from rtstyle.jobs.film.film import look_at

        return look_at(self.task(input=str(errand.input), output=errand.output))

    def _name(self, path: Path) -> str:
        from rtstyle.sinks.encoding import MUXERS

        suffix = path.suffix if path.suffix.lower() in MUXERS else ".mkv"  # which can hold every kind of stream
        painting = path.with_suffix(suffix)
        return (preview_name(painting) if self.preview else painting).name

    def _paint(self, input: str, output: Path, progress: Callable[[Progress], None]) -> Report:
        from rtstyle.jobs.film.transcode import paint

        return paint(self.task(input=input, output=output, progress=progress))


def preview_name(output: Path) -> Path:
    """Where a preview goes: ``painting.preview.mp4`` for ``painting.mp4``."""
    return output.with_stem(f"{output.stem}.preview")
