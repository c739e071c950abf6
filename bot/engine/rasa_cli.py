"""Rasa's own command line, made to run here."""

from __future__ import annotations

import sys

import typer

from bot.engine.training import check_config
from bot.settings import ROOT

_NO_DIALOGUE_SHELL = (
    "`rasa shell` cannot hold a dialogue here (it asks for a streaming call that Sanic no longer has): "
    "use `python -m bot chat`. `rasa shell nlu` works."
)
_NO_SERVER = "`rasa run` is not used here: Rasa has no port in Liuxin. Use `python -m bot up` (docs/map.md)."


def _draw_nothing() -> None:
    """Rasa's reports are written; its pictures need matplotlib, which this environment leaves out."""
    from rasa.utils import plotting

    for name in [name for name in vars(plotting) if name.startswith("plot_")]:
        setattr(plotting, name, lambda *_args, **_kwargs: None)


def run(words: list[str]) -> int:
    """Run `rasa *words*`; returns its exit code."""
    if words[:1] == ["shell"] and words[1:2] != ["nlu"]:
        typer.echo(_NO_DIALOGUE_SHELL, err=True)
        return 2
    if words[:1] in (["run"], ["x"], ["interactive"]):
        typer.echo(_NO_SERVER, err=True)
        return 2
    if words[:1] == ["train"]:
        check_config(ROOT / "config.yml")
    import rasa.__main__ as rasa_main

    if words[:1] == ["test"]:
        _draw_nothing()
    rasa_main.configure_structlog = lambda _level: None  # `prepare` has done it; Rasa's own wants a Sentry client
    sys.argv = ["rasa", *words]
    try:
        rasa_main.main()
    except SystemExit as end:
        return int(end.code or 0) if not isinstance(end.code, str) else 1
    return 0
