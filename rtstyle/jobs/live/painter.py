"""One style at one size, ready to paint."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from rtstyle.frames import Batch
from rtstyle.jobs.live.meter import NETWORK
from rtstyle.stages.brushwork import Brushwork
from rtstyle.stages.guided import Guided
from rtstyle.stages.steady import Steady
from rtstyle.stages.when import When
from rtstyle.stylizer import Stylizer

if TYPE_CHECKING:
    from rtstyle.jobs.live.look import Look
    from rtstyle.jobs.live.meter import LiveMeter
    from rtstyle.style import Style


class LivePainter(Guided):
    """Paints at ``lines`` lines, smooths while ``look`` says so, and returns full size. The owner closes it."""

    def __init__(self, style: Style, *, lines: int, device: str, look: Look, meter: LiveMeter) -> None:
        self._stylizer = Stylizer(style, device=device, precision=look.precision)
        self._brushwork = Brushwork(lambda: look.brushwork)
        # Smoothing is cheapest on the small picture, and flicker comes from the network, not the upsampling.
        steady = When(lambda: look.steady, Steady())
        super().__init__([self._brushwork, _Timed(self._stylizer, meter), steady], lines=lines)

    @property
    def provider(self) -> str:
        return self._stylizer.provider

    def warm_up(self, height: int, width: int) -> None:
        """Compile for frames of this size, and paint one."""
        size = self.size(height, width)
        self._stylizer.prepare(*size)
        image = np.zeros((1, *size, 3), np.uint8)
        self._stylizer(self._brushwork(Batch(image, image, [Fraction(0)])))

    def close(self) -> None:
        self._stylizer.close()


class _Timed:
    """Times the network, whose share of the time depends on the size."""

    def __init__(self, stylizer: Stylizer, meter: LiveMeter) -> None:
        self._stylizer, self._meter = stylizer, meter

    def __call__(self, batch: Batch, /) -> Batch:
        with self._meter.timing(NETWORK, frames=len(batch)):
            return self._stylizer(batch)

    def reset(self) -> None:
        self._stylizer.reset()
