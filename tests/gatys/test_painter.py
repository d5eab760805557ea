import gc
import weakref
from dataclasses import replace

import pytest
import torch

from rtstyle.gatys import sizes
from rtstyle.gatys.painter import Artwork, Painter, Part
from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.run import Place

RECIPE = Recipe(
    style_layers=(("relu1_1", 1.0), ("relu2_1", 1.0)), content_layers=(("relu2_2", 1.0),), iterations=10, style_size=40
)


@pytest.fixture
def painter(weights, artwork, monkeypatch):
    """One that begins at 24 px, so that 48 are three scales."""
    monkeypatch.setattr(sizes, "_COARSEST", 24)
    return Painter([Artwork(artwork)], RECIPE, weights)


def test_a_picture_goes_from_coarse_to_fine(painter, photo):
    """Each scale by √2, with 0.7 times the iterations; the loss is judged at full size."""
    steps = []
    painting = painter.paint(photo, photo, progress=steps.append)
    sizes = [step.size for step in steps]
    assert [(size, sizes.count(size)) for size in dict.fromkeys(sizes)] == [
        ((24, 32), 10),
        ((34, 45), 7),
        ((48, 64), 5),
    ]
    assert [step.iteration for step in steps] == list(range(1, 23))
    assert steps[0].eta_s > 0
    assert steps[-1].eta_s == 0
    assert painting.start.total == pytest.approx(painter.objective(photo).losses(photo).total, rel=1e-5)
    assert painting.losses.total < painting.start.total
    assert painting.picture.shape == photo.shape


def test_a_stopped_run_goes_on_at_its_scale(painter, photo):
    """The place says where, and only what is left is done."""

    def stop(step):
        if step.scale == 1 and step.iteration == 13:
            raise KeyboardInterrupt

    stopped = painter.paint(photo, photo, progress=stop)
    assert stopped.stopped
    assert stopped.picture.shape[2:] == (34, 45)
    steps = []
    painting = painter.paint(photo, photo, place=stopped.place, progress=steps.append)
    assert [step.iteration for step in steps] == list(range(14, 23))
    assert painting.losses.total < painting.start.total


def test_a_resumed_run_is_held_against_where_it_began(painter, photo):
    """At one scale too: a picture that was good already has not failed because nothing was left to do."""
    painter.recipe = replace(RECIPE, multiscale=False)
    whole = painter.paint(photo, photo)
    again = painter.paint(photo, photo, place=replace(whole.place, iteration=10))
    assert again.start.total == pytest.approx(whole.start.total, rel=1e-5)
    assert again.losses.total == pytest.approx(whole.losses.total, rel=1e-5)
    assert not again.failed


def test_a_painter_goes_when_nobody_wants_it(weights, artwork, photo):
    """At once: each holds a network, and a sheet has one for every cell."""
    painter = Painter([Artwork(artwork)], replace(RECIPE, iterations=1), weights)
    painter.paint(photo, photo)
    gone = weakref.ref(painter)
    gc.disable()
    try:
        del painter
        assert gone() is None
    finally:
        gc.enable()


def test_a_run_that_is_stopped_between_two_scales_skips_none(painter, photo, monkeypatch):
    """Ctrl-C while the second is set up: the place is the end of the first, and all others follow."""
    with monkeypatch.context() as patch:
        made, objective = [], painter.objective

        def stop_at_the_second(*arguments, **more):
            made.append(arguments)
            if len(made) == 2:
                raise KeyboardInterrupt
            return objective(*arguments, **more)

        patch.setattr(painter, "objective", stop_at_the_second)
        stopped = painter.paint(photo, photo)
    assert stopped.stopped
    assert (stopped.place.scale, stopped.place.iteration) == (0, 10)
    steps = []
    painter.paint(photo, photo, place=stopped.place, progress=steps.append)
    assert [step.iteration for step in steps] == list(range(11, 23))


def test_a_place_beyond_its_scale_has_a_time_to_go(painter, photo):
    """As where a run goes on with fewer iterations: what is left is never less than nothing."""
    steps = []
    painter.paint(photo, photo, place=Place(0, 17, photo), progress=steps.append)
    assert len(steps) == 7 + 5
    assert all(step.eta_s >= 0 for step in steps)
    assert steps[-1].eta_s == 0


def test_a_loss_beyond_all_numbers_is_a_failure(weights, photo, artwork):
    """What can be painted nowhere from is no success: the painting says so, and is the photo."""
    painting = Painter([Artwork(artwork)], replace(RECIPE, style_weight=1e39), weights).paint(photo, photo)
    assert painting.failed == "the loss stayed at inf (the loss, or its gradient, is not a number)"
    assert torch.equal(painting.picture, photo)


def test_a_picture_that_has_all_it_needs_is_no_failure(weights, photo):
    """The photo alone is its own best painting."""
    recipe = replace(RECIPE, style_weight=0.0, tv_weight=0.0)
    painting = Painter([], recipe, weights).paint(photo, photo)
    assert not painting.failed
    assert torch.equal(painting.picture, photo)


def test_a_part_has_the_artwork_of_the_whole(painter, photo):
    """Strokes in a hole are as large as those around it."""
    part = Part((48, 64), (slice(8, 40), slice(10, 50)))
    whole = painter.objective(photo).regions[0].grams
    crop = painter.objective(photo[..., 8:40, 10:50], part=part).regions[0].grams
    assert all(torch.equal(crop[name], whole[name]) for name in whole)


def test_a_style_that_is_nowhere_does_not_count(weights, photo, artwork):
    """Where one mask is white, or nearly, the style that takes the rest adds nothing to the loss, nor to its floor."""
    alone = Painter([Artwork(artwork)], RECIPE, weights).objective(photo)
    white = torch.full((1, 1, 48, 64), 254 / 255)
    both = Painter([Artwork(artwork, 0.5, white), Artwork(artwork.flip(1))], RECIPE, weights).objective(photo)
    (region,) = both.regions
    assert region.share == 1
    assert both.losses(photo).total == pytest.approx(alone.losses(photo).total, rel=1e-2)


def test_light_alone_begins_with_light_alone(weights, photo, artwork):
    """With ``luminance`` the photo's colours are no loss to be won: nothing of the content is missing at the start."""
    recipe = replace(RECIPE, colors="luminance", multiscale=False, iterations=1)
    start = Painter([Artwork(artwork)], recipe, weights).paint(photo, photo).start
    assert start.content["relu2_2"] < 1e-9


def test_a_rate_that_was_found_is_kept_at_finer_scales(painter, photo, caplog):
    """What was lost on finding it is counted once, and no number comes twice, or after the last."""
    painter.recipe = replace(RECIPE, learning_rate=1e6)
    steps = []
    painter.paint(photo, photo, progress=steps.append)
    lost = len(steps) - 22
    assert lost > 0
    assert [step.iteration for step in steps] == list(range(1, 23 + lost))
    assert all(step.iteration <= step.iterations for step in steps)
    assert steps[-1].iterations == steps[-1].iteration
    assert steps[9].eta_s > 0
    assert steps[-1].eta_s == 0
    coarse = sum(step.scale == 0 for step in steps)
    assert coarse == 10 + lost
    assert caplog.messages


def test_a_rate_that_was_found_is_kept_by_a_resumed_run(painter, photo, caplog):
    """It is not looked for again, and what was lost on finding it is added, stopped or not."""
    painter.recipe = replace(RECIPE, learning_rate=1e6, multiscale=False)
    steps = []
    painter.paint(photo, photo, progress=steps.append)
    found, at = len(caplog.messages), len(steps) - 2

    def stop(step):
        if step.iteration == at:
            raise KeyboardInterrupt

    place, rest = painter.paint(photo, photo, progress=stop).place, []
    assert found
    painter.paint(photo, photo, place=place, progress=rest.append)
    assert [step.iteration for step in rest] == [at + 1, at + 2]
    assert len(caplog.messages) == 2 * found


def test_a_coarse_scale_that_ends_early_leaves_no_gap(painter, photo, monkeypatch):
    """The numbers go on, and the total is what is left."""
    monkeypatch.setattr("rtstyle.gatys.run._ENOUGH", 1.0)
    monkeypatch.setattr("rtstyle.gatys.run._ENOUGH_FOR", 3)
    steps = []
    painter.paint(photo, photo, progress=steps.append)
    assert [step.iteration for step in steps] == list(range(1, 12))
    assert [steps[at].iterations for at in (0, 4, 8, 10)] == [22, 15, 11, 11]

    def stop(step):
        if step.iteration == 7:
            raise KeyboardInterrupt

    place, steps = painter.paint(photo, photo, progress=stop).place, []
    painter.paint(photo, photo, place=place, progress=steps.append)
    assert steps[0].iteration == 8
