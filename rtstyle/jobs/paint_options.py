"""How the paint is applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rtstyle.jobs.defaults import SHORT_SIDE, STRENGTH
from rtstyle.protocols import Stage
from rtstyle.stages.blend import Blend, check_strength
from rtstyle.stages.brushwork import Brushwork, check_brushwork
from rtstyle.stages.guided import Guided, share, short_side
from rtstyle.stages.keep_colors import KeepColors


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintOptions:
    """Everything about a painting but its style. Raises UsageError for impossible values."""

    strength: float = STRENGTH  # of the painting; the rest is the original
    scale: float | None = 1.0  # share of the height to paint at; None: SHORT_SIDE at most
    brushwork: float = 0.0  # 0 to 1: strokes where there is nothing to paint
    keep_colors: bool = False  # the original's chroma

    def __post_init__(self) -> None:
        check_strength(self.strength)
        self._guided()
        check_brushwork(self.brushwork)

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) at which pictures of this size are painted."""
        return self._guided().size(height, width)

    def stages(self, paint: Stage, steady: Stage | None = None) -> list[Stage]:
        """The stages, ``paint`` among them; ``steady`` comes after painting and before mixing."""
        stages: list[Stage] = [Brushwork(self.brushwork), paint] if self.brushwork else [paint]
        if self.scale != 1:
            stages = [self._guided(stages)]
        stages += [steady] if steady else []
        stages += [KeepColors()] if self.keep_colors else []
        return [*stages, Blend(self.strength)] if self.strength < 1 else stages

    def _guided(self, stages: Sequence[Stage] = ()) -> Guided:
        """Paint below the original's resolution, with its edges."""
        return Guided(stages, lines=short_side(SHORT_SIDE) if self.scale is None else share(self.scale))


PLAIN = PaintOptions()
