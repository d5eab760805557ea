from dataclasses import replace

import pytest
import torch

from rtstyle.gatys.descent import Descent
from rtstyle.gatys.guard import Verdict
from rtstyle.gatys.objective import Losses
from rtstyle.gatys.painter import Artwork, Painter, white_noise
from rtstyle.gatys.recipe import Recipe

LAYERS = {"style_layers": (("relu1_1", 1.0), ("relu2_1", 1.0)), "content_layers": (("relu2_2", 1.0),)}
TINY = Recipe(**LAYERS, tv_weight=0.0, multiscale=False)


def descent_of(weights, photo, artwork, recipe, start=None, *, half=False, **more):
    painter = Painter([Artwork(artwork)], recipe, weights, half=half)
    return Descent(painter.objective(photo), photo if start is None else start, recipe, **more)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"learning_rate": 0.005},
        {"learning_rate": 5.0},
        {"learning_rate": 1e9},
        {"optimizer": "sgd"},
        {"optimizer": "sgd", "learning_rate": 1e-9},
        {"optimizer": "sgd", "learning_rate": 1e6},
        {"optimizer": "adam"},
        {"optimizer": "adam", "learning_rate": 10.0},
        {"optimizer": "adam", "learning_rate": 1e-8},
        {"style_weight": 1e8},
        {"style_weight": 1e-4},
        {"content_weight": 1e6},
        {"content_weight": 1e-6, "style_weight": 1e-6},
        {"loss": "l1"},
        {"init": "noise"},
        {"init": "noise", "optimizer": "adam", "learning_rate": 10.0},
    ],
    ids=str,
)
def test_whatever_a_user_types_a_picture_comes_out(weights, photo, artwork, changes):
    """Any optimiser, rate, weight or start: the loss falls, and the picture is neither black, grey nor white."""
    recipe = replace(TINY, **changes)
    start = white_noise(photo, 0) if recipe.init == "noise" else photo
    descent = descent_of(weights, photo, artwork, recipe, start)
    for _ in range(40):
        descent.step()
        if descent.given_up:
            break
    descent.finish()
    assert not descent.given_up
    outweighed = recipe.content_weight > recipe.style_weight  # from the photo there is little to gain then
    least = 1.0 if outweighed else 0.97
    assert descent.losses.total < least * descent.start.total
    assert descent.objective.losses(descent.best).total == pytest.approx(descent.losses.total, rel=1e-4)
    saturated = ((descent.best <= 0) | (descent.best >= 1)).float().mean()
    assert saturated < 0.5
    assert descent.best.std() > 0.05


def test_bf16_gives_way_to_float32(weights, photo, artwork):
    """Once it wins little; the start and the best are measured anew, so that they can be told apart by a hair."""
    descent = descent_of(weights, photo, artwork, TINY, half=True)
    exact = descent_of(weights, photo, artwork, TINY).objective
    assert descent.objective.half
    assert descent.start.total != exact.losses(photo).total
    falling = []
    while descent.objective.half and len(falling) < 400:
        descent.step()
        falling.append(descent.losses.total)
    assert 20 < len(falling) < 400
    assert descent.start.total == pytest.approx(exact.losses(photo).total, rel=1e-6)
    assert descent.losses.total == pytest.approx(exact.losses(descent.best).total, rel=1e-6)
    assert descent.losses.total < 0.97 * descent.start.total
    descent.step()
    assert not descent.objective.half


def test_a_step_back_is_said(weights, photo, artwork, caplog):
    """A rate far too high is a warning with the reason and the new rate."""
    descent = descent_of(weights, photo, artwork, replace(TINY, optimizer="adam", learning_rate=1e3))
    for _ in range(8):
        descent.step()
    assert "goes back to the best, with a smaller step, 250" in caplog.text
    assert descent.rate < 1e3


def test_a_run_that_ends_early_says_so(weights, photo, artwork, monkeypatch, caplog):
    """After as many changes as there may be: what got better is kept, and a warning has the reason."""
    monkeypatch.setattr("rtstyle.gatys.guard._MOST_CHANGES", 0)
    descent = descent_of(weights, photo, artwork, TINY)
    for _ in range(5):
        descent.step()
    monkeypatch.setattr(descent._guard, "start", 0.0)  # as if it had risen far above
    while not descent.given_up:
        descent.step()
    assert descent.losses.total < descent.start.total
    assert caplog.messages[-1] == f"{descent.given_up}: the run ends at this size, with the best"


def test_a_rate_far_off_is_soon_found(weights, photo, artwork):
    """From a million, half-way between too large and too small leads to where something happens; it costs nothing."""
    descent = descent_of(weights, photo, artwork, replace(TINY, learning_rate=1e6))
    iterations = 0
    while iterations < 10 + descent.lost:
        descent.step()
        iterations += 1
    assert 0 < descent.lost < 40
    assert descent.losses.total < 0.8 * descent.start.total


@pytest.mark.parametrize("rate", [1e-4, 1e9])
def test_what_creeps_is_not_enough(weights, photo, artwork, rate):
    """Far below the optimizer's own rate a hundredth won says little: thirty iterations have to come near the goal."""
    own, found = (descent_of(weights, photo, artwork, replace(TINY, learning_rate=r)) for r in (None, rate))
    for descent in (own, found):
        iterations = 0
        while iterations < 30 + descent.lost:
            descent.step()
            iterations += 1
    won = 1 - found.losses.total / found.start.total
    assert won > 0.5 * (1 - own.losses.total / own.start.total)
    assert found.rate > 0.01


def test_the_best_is_kept(weights, photo, artwork):
    """However the losses jump, the best only gets better."""
    descent = descent_of(weights, photo, artwork, replace(TINY, learning_rate=3.0))
    totals = []
    for _ in range(25):
        descent.step()
        totals.append(descent.losses.total)
    assert totals == sorted(totals, reverse=True)


def test_the_better_of_the_iterates_and_their_mean_wins(weights, photo, artwork):
    """Noisy steps of Adam swing around their mean; which of both is handed over, the loss decides."""
    recipe = replace(TINY, optimizer="adam", learning_rate=0.1, average=0.9)
    descent = descent_of(weights, photo, artwork, recipe)
    for _ in range(20):
        descent.step()
    mean, best = descent.objective.losses(descent._mean).total, descent.losses.total
    descent.finish()
    assert descent.losses.total <= min(mean, best) + 1e-6 * best
    assert descent._mean.std() > 0.05


def test_only_what_is_free_changes(weights, photo, artwork):
    """A hole is painted; its surroundings stay as they are, to the last bit."""
    free = torch.zeros(1, 1, 48, 64, dtype=torch.bool)
    free[..., 10:20, 10:20] = True
    descent = descent_of(weights, photo, artwork, TINY, free=free)
    for _ in range(5):
        descent.step()
    changed = (descent.best != photo).any(dim=1, keepdim=True)
    assert changed.any()
    assert not (changed & ~free).any()


class Hill:
    """A stand-in for an objective: the nearer to grey the worse, so that the curvature is negative everywhere."""

    half, saturation = False, 0.0

    def losses(self, picture):
        return self.gradient(picture)[0]

    def gradient(self, picture):
        total = 1 - float((picture - 0.5).square().mean())
        return Losses({}, {}, total), (1 - 2 * picture) / picture.numel()


def test_negative_curvature_is_no_cliff(photo):
    """L-BFGS walks down it at the pace of its first step, of 1 % of the range, until it is at the end of the range."""
    descent = Descent(Hill(), 0.6 + 0 * photo, TINY)
    way = []
    for _ in range(4):
        before = descent._picture()
        descent.step()
        way.append(float((descent._picture() - before).mean()))
    assert way[0] == pytest.approx(0.01, rel=1e-3)
    assert 0.005 < min(way) < max(way) < 0.02
    assert descent.rate == 1.0


def test_an_artwork_in_black_and_white_can_be_painted(weights, photo, artwork):
    """What it has of both is not held against the picture; nor is what the photo has, whatever was begun with."""
    ink = (artwork > 0.5).float()
    of_ink, of_photo = (Painter([Artwork(a)], TINY, weights).objective(p) for a, p in ((ink, photo), (artwork, ink)))
    for objective in (of_ink, of_photo):
        descent = Descent(objective, white_noise(photo, 0), TINY)
        assert descent._guard.judge(descent.start.total, 1.0) is Verdict.GO_ON
