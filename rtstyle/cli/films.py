"""The films of one command, one or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.cli.dry_run import Forecast, look_through, tell
from rtstyle.cli.outcome import show
from rtstyle.cli.progress import shown
from rtstyle.cli.several import do_all

if TYPE_CHECKING:
    from rtstyle.jobs.film.options import Options
    from rtstyle.jobs.film.task import Task
    from rtstyle.jobs.many import Errand
    from rtstyle.meter import Progress, Report


@dataclass(frozen=True, slots=True)
class Films:
    """What every film of one command has in common."""

    style: list[str]
    strength: float
    options: Options
    batch: int | None
    device: str
    overwrite: bool

    def one(self, input: str, output: str, *, dry_run: bool, as_json: bool) -> None:
        """Paint one film, or say what would be done."""
        if self.options.preview is not None:
            output = str(Path(output).with_suffix(f".preview{Path(output).suffix}"))
        if dry_run:
            from rtstyle.jobs.film.film import check_output, look_at

            task = self._task(input, output)
            check_output(task)
            tell([Forecast(input, output, look_at(task))], as_json=as_json)
            return
        with shown(output) as progress:
            report = self._paint(input, output, progress)
        show(report, output=output, as_json=as_json)

    def several(self, inputs: list[str], output: str, *, dry_run: bool, as_json: bool) -> None:
        """Paint films and folders of them into the folder ``output``, or say what would be done."""
        from rtstyle.jobs.many import VIDEOS, errands

        todo = errands(inputs, Path(output), VIDEOS, self._name)
        if dry_run:
            tell(look_through(todo, self._look_at, overwrite=self.overwrite), as_json=as_json)
            return

        def paint(errand: Errand, progress: Callable[[Progress], None]) -> Report:
            return self._paint(str(errand.input), str(errand.output), progress)

        do_all(todo, paint, overwrite=self.overwrite, as_json=as_json)

    def _look_at(self, errand: Errand) -> Sequence[str]:
        from rtstyle.jobs.film.film import look_at

        return look_at(self._task(str(errand.input), str(errand.output)))

    def _name(self, path: Path) -> str:
        from rtstyle.sinks.encoding import MUXERS

        suffix = path.suffix if path.suffix.lower() in MUXERS else ".mkv"  # which can hold every kind of stream
        middle = "" if self.options.preview is None else ".preview"
        return f"{path.stem}{middle}{suffix}"

    def _paint(self, input: str, output: str, progress: Callable[[Progress], None]) -> Report:
        from rtstyle.jobs.film.transcode import paint

        return paint(self._task(input, output, progress))

    def _task(self, input: str, output: str, progress: Callable[[Progress], None] | None = None) -> Task:
        from rtstyle.jobs.film.task import Task

        return Task(
            input=input,
            output=Path(output),
            style=self.style,
            strength=self.strength,
            options=self.options,
            batch=self.batch,
            device=self.device,
            overwrite=self.overwrite,
            progress=progress,
        )
