"""How the paint is laid on."""

from __future__ import annotations

from dataclasses import dataclass

from rtstyle.jobs.defaults import STRENGTH
from rtstyle.protocols import Stage
from rtstyle.stages.blend import Blend
from rtstyle.stages.brushwork import Brushwork, check_brushwork
from rtstyle.stages.guided import Guided, share
from rtstyle.stages.keep_colors import KeepColors


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """Everything about a painting but its style. Raises UsageError for what cannot be."""

    strength: float = STRENGTH  # of the painting; the rest is the original
    scale: float = 1.0  # the share of the lines at which is painted; the edges come back from the original
    brushwork: float = 0.0  # 0 to 1: strokes where there is nothing to paint
    keep_colors: bool = False  # the original's chroma

    def __post_init__(self) -> None:
        Blend(self.strength)
        share(self.scale)
        check_brushwork(self.brushwork)

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) at which pictures of that size are painted."""
        return Guided((), lines=share(self.scale)).size(height, width)

    def stages(self, paint: Stage, steady: Stage | None = None) -> list[Stage]:
        """What pictures go through, with ``paint`` among it; ``steady`` sees them painted, and not yet mixed."""
        stages: list[Stage] = [Brushwork(self.brushwork), paint] if self.brushwork else [paint]
        if self.scale < 1:
            stages = [Guided(stages, lines=share(self.scale))]
        stages += [steady] if steady else []
        stages += [KeepColors()] if self.keep_colors else []
        return [*stages, Blend(self.strength)] if self.strength < 1 else stages


PLAIN = Touch()
