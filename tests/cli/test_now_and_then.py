"""Lines where there is no terminal."""

from rtstyle.cli import now_and_then as module
from rtstyle.cli.now_and_then import now_and_then


def test_a_line_is_due_every_so_often_and_where_it_must_not_lack(monkeypatch, capsys):
    """Between two lines as many seconds go by as was asked for; a line that must be there is, and counts."""
    clock = iter([0, 1, 6, 6, 8, 8, 10, 12])  # made; then each call's, twice where it prints
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    update = now_and_then(lambda now: f"at {now}", every_s=5, always=lambda now: now == 8)
    for now in (1, 6, 8, 10, 12):
        update(now)
    assert capsys.readouterr().err.split("\n") == ["at 6", "at 8", ""]
