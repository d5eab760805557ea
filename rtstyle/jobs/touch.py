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

    strength: float = STRENGTH  # of the painting; the rest is the photo
    scale: float = 1.0  # the share of the lines at which is painted; the edges come back from the photo
    brushwork: float = 0.0  # 0 to 1: strokes where there is nothing to paint
    keep_colors: bool = False  # the photo's chroma

    def __post_init__(self) -> None:
        Blend(self.strength)
        share(self.scale)
        check_brushwork(self.brushwork)

    def stages(self, paint: Stage) -> list[Stage]:
        """What photos go through, with ``paint`` among it."""
        stages: list[Stage] = [Brushwork(self.brushwork), paint] if self.brushwork else [paint]
        if self.scale < 1:
            stages = [Guided(stages, lines=share(self.scale))]
        if self.keep_colors:
            stages.append(KeepColors())
        return [*stages, Blend(self.strength)] if self.strength < 1 else stages


PLAIN = Touch()
