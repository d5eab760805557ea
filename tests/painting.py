"""A tiny recipe, and what paints by it and is stopped."""

from rtstyle.gatys.recipe import Recipe
from rtstyle.jobs.keyframe.keyframe import paint_keyframe

TINY = Recipe(
    style_layers=(("relu1_1", 1.0), ("relu2_1", 1.0)), content_layers=(("relu2_2", 1.0),), iterations=12, size="32"
)


def paint(files, name="out.png", recipe=TINY, **more):
    """Paint photo.png with art.png, both in the folder ``files``."""
    more = {"style_images": [files / "art.png"], **more}
    return paint_keyframe(files / "photo.png", files / name, recipe=recipe, **more)


def stop_at(iteration, error=KeyboardInterrupt):
    """A callback that stops a painting with ``error``."""

    def stop(step):
        if step.iteration == iteration:
            raise error

    return stop


def stop_after(steps):
    """One that interrupts at that step of all paintings together."""

    def stop(_):
        stop.seen += 1
        if stop.seen == steps:
            raise KeyboardInterrupt

    stop.seen = 0
    return stop
