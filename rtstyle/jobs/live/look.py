"""How the picture is to look; the window's keys change it."""

from __future__ import annotations

from dataclasses import dataclass

from rtstyle.jobs.defaults import BRUSHWORK, PRECISION, STRENGTH
from rtstyle.stages.blend import check_strength
from rtstyle.stages.brushwork import check_brushwork
from rtstyle.twin import check_precision


@dataclass(slots=True)
class Look:
    """Read for every frame, so it may change while frames flow."""

    strength: float = STRENGTH  # share of the painting; the rest is the camera's picture
    brushwork: float = BRUSHWORK  # 0 to 1: strokes where the camera sees nothing to paint
    keep_colors: bool = False  # keep the camera's
    mirror: bool = False
    steady: bool = False  # temporal smoothing
    side_by_side: bool = False
    divider: float = 0.5  # of the width, when side by side
    painted: bool = True  # False: the camera's picture as it is
    precision: str = PRECISION  # auto or full, for styles loaded from now on

    def __post_init__(self) -> None:
        check_strength(self.strength)
        check_brushwork(self.brushwork)
        check_precision(self.precision)

    @property
    def paints(self) -> bool:
        """Whether there is anything for a network to do."""
        return self.painted and self.strength > 0
