"""Changes the painter while frames flow, without ever making them wait."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from fractions import Fraction
from threading import Condition, Thread
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from rtstyle.errors import DeviceError, RtstyleError
from rtstyle.protocols import Stage
from rtstyle.stages.blend import mix

if TYPE_CHECKING:
    from rtstyle.frames import Batch

_WAKE_S = 0.5  # Windows delivers Ctrl-C only between waits
_JOIN_S = 0.2  # how long to wait at the end for what is being built; after that it closes itself
_KEPT = 4  # painters kept ready, so that going back costs nothing

_log = logging.getLogger("rtstyle")

W = TypeVar("W", bound=Hashable)


class ClosableStage(Stage, Protocol):
    """A stage that is closed when it is no longer needed."""

    def close(self) -> None: ...


class Switch(Generic[W]):
    """Paints with what ``build`` makes of the latest wish, and fades to it over ``fade_s`` seconds.

    ``build`` runs in a thread of its own and returns a warmed-up painter; meanwhile the old one continues, and before
    the first is ready frames pass unchanged. A wish that cannot be built gives a warning and leaves the old painter; if
    there is none, its error is raised to the frames. The owner closes it.
    """

    def __init__(self, build: Callable[[W], ClosableStage], *, fade_s: Fraction = Fraction(1, 2)) -> None:
        self._build, self._fade_s = build, fade_s
        self._changed = Condition()
        self._wish: tuple[W, bool] | None = None  # not yet built; whether to fade to it
        self._ready: tuple[W, ClosableStage, bool] | None = None  # built, not yet in use
        self._error: RtstyleError | None = None
        self._closing = False
        self._painters: OrderedDict[W, ClosableStage] = OrderedDict()  # changed by the frames' thread only
        self._leaving: W | None = None
        self._fading_since: Fraction | None = None
        self.current: W | None = None  # the wish that paints now
        self._thread = Thread(target=self._work, name="rtstyle-switch", daemon=True)
        self._thread.start()

    def want(self, wish: W, *, fade: bool = True) -> None:
        """From any thread: change to this as soon as it is ready. A wish replaces the one before it."""
        with self._changed:
            self._wish = wish, fade
            self._changed.notify_all()

    def wait(self) -> None:
        """Until a painter is ready; raises the error of one that cannot be built. Ctrl-C ends it."""
        with self._changed:
            while not self._changed.wait_for(lambda: self._ready is not None or self._error is not None, _WAKE_S):
                pass
            if self._ready is None and self._error is not None:
                raise self._error

    @property
    def busy(self) -> bool:
        """Whether something is being built or faded to, so that frame times mean little."""
        with self._changed:
            return self._wish is not None or self._ready is not None or self._leaving is not None

    def __call__(self, batch: Batch, /) -> Batch:
        self._take(batch.times[0])
        if self.current is None:
            return batch
        painted = self._painters[self.current](batch)
        share = self._share(batch.times[-1])
        if self._leaving is None or share >= 1:
            self._leaving = None
            return painted
        before = batch if self._leaving not in self._painters else self._painters[self._leaving](batch)
        return replace(painted, images=mix(before.images, painted.images, share))

    def reset(self) -> None:
        for painter in self._painters.values():
            painter.reset()

    def close(self) -> None:
        """End the thread, which may still finish what it is building, and close all painters."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(_JOIN_S)
        with self._changed:
            ready, self._ready = self._ready, None
        if ready is not None:
            ready[1].close()
        for painter in self._painters.values():
            painter.close()
        self._painters.clear()
        self.current = None

    def _take(self, now: Fraction) -> None:
        """Start using what is ready, once the last fade is over."""
        with self._changed:
            if self._error is not None and self._ready is None and self.current is None:
                raise self._error
            if self._ready is None or self._leaving is not None:
                return
            (wish, painter, fade), self._ready = self._ready, None
            if wish == self.current:
                return
            self._painters[wish] = painter
            self._painters.move_to_end(wish)
            oldest = next(iter(self._painters))
            if len(self._painters) > _KEPT and (self._wish is None or self._wish[0] != oldest):
                self._painters.pop(oldest).close()
            painter.reset()
            if fade:
                self._leaving, self._fading_since = self.current, now
            self.current = wish

    def _share(self, now: Fraction) -> float:
        if self._fading_since is None or not self._fade_s:
            return 1.0
        return float((now - self._fading_since) / self._fade_s)

    def _work(self) -> None:
        """Body of the thread: build the latest wish, and wait until it is taken or another comes."""
        while True:
            with self._changed:
                self._changed.wait_for(self._is_wanted)
                wish = self._wish
                if self._closing or wish is None:
                    return
                if self._ready is not None and self._ready[0] == wish[0]:  # it waits to be taken
                    self._ready, self._wish = (*self._ready[:2], wish[1]), None
                    continue
                made = self._painters.get(wish[0])
            try:
                painter = made or self._build(wish[0])
            except RtstyleError as error:
                self._fail(wish, error)
                continue
            except Exception as error:  # noqa: BLE001 - a runtime's; the thread must outlive it
                self._fail(wish, DeviceError(f"{type(error).__name__}: {error}"))
                continue
            self._offer(wish, painter)

    def _is_wanted(self) -> bool:
        return self._closing or self._wish is not None

    def _offer(self, wish: tuple[W, bool], painter: ClosableStage) -> None:
        with self._changed:
            if self._closing:
                painter.close()
                return
            unused, self._ready = self._ready, (wish[0], painter, wish[1])
            if self._wish == wish:
                self._wish = None
            self._error = None
            self._changed.notify_all()
            if unused is not None and unused[1] in self._painters.values():
                unused = None
        if unused is not None:
            unused[1].close()

    def _fail(self, wish: tuple[W, bool], error: RtstyleError) -> None:
        with self._changed:
            self._error = error
            if self._wish == wish:
                self._wish = None
            self._changed.notify_all()
        if self.current is not None:
            _log.warning("%s", error)
