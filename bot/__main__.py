"""The command line: `python -m bot …`."""

from __future__ import annotations

import io
import json
import os
import socket
import sys
from typing import Annotated

import typer

from bot.errors import BadSetting, SetupError
from bot.settings import ROOT, Settings, settings

app = typer.Typer(
    help="留心 Liuxin: a customer-service assistant for Chinese online shops.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command()
def up() -> None:
    """Start everything: gateway and brain, restarted when they die."""
    from bot.processes import run_all

    _port_must_be_free(settings())
    _ready_store()
    _say_where(settings())
    run_all()


@app.command()
def gateway() -> None:
    """Start the public door alone."""
    from bot.gateway.serve import serve

    _ready_store()
    serve(settings())


@app.command()
def brain() -> None:
    """Start a brain alone. On PostgreSQL start as many as there are cores to spare; on SQLite one."""
    from bot.engine.prepare import prepare

    prepare(lean=True)
    from bot.serving import serve_brain

    serve_brain(settings())


@app.command()
def migrate() -> None:
    """Bring the store's tables up to this version."""
    _ready_store()


@app.command()
def train(force: Annotated[bool, typer.Option(help="train although a model fits the data")] = False) -> None:
    """Train the bot unless a model fits the data already."""
    from bot.engine.prepare import prepare

    prepare()
    from bot.engine import training

    if force or not training.fits(settings().models):
        typer.echo("训练中，第一次约两分钟 / training, about two minutes the first time …")
    typer.echo(f"model: {training.train(settings().models, force=force)}")


@app.command()
def chat(
    buyer: Annotated[str | None, typer.Option(help="speak as this shopper of the demo shop, e.g. u1001")] = None,
    product: Annotated[str | None, typer.Option(help="as if on the page of this product")] = None,
) -> None:
    """Talk to the bot in the terminal; what is said is kept in a store of its own that is thrown away."""
    from bot.engine.prepare import prepare

    prepare(lean=True)
    from bot.terminal import talk

    talk(settings(), buyer=buyer, product=product)


@app.command()
def understand() -> None:
    """Read JSON lines {"text", "context"} from standard input, write what each means; a bad line gets an error."""
    from bot.engine.prepare import prepare

    prepare(lean=True)
    from bot.measuring import understand_lines

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    for answer in understand_lines(settings(), sys.stdin.buffer):
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        sys.stdout.flush()


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def rasa(context: typer.Context) -> None:
    """Rasa's own command line: train, data validate, test core, test nlu, shell nlu …"""
    from bot.engine.prepare import prepare

    prepare()
    from bot.engine.rasa_cli import run

    os.chdir(ROOT)
    raise typer.Exit(run(context.args))


def _ready_store() -> None:
    from bot.store.database import migrate as bring_up
    from bot.store.database import open_store

    bring_up(open_store(settings().database_url))


def _port_must_be_free(here: Settings) -> None:
    """Say so at once, instead of a gateway that is restarted for ever."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((here.host, here.port))
        except OSError as cause:
            raise BadSetting(
                f"{here.host}:{here.port} 被占用或不可用 / is in use or not to be had: set LIUXIN_PORT to another port"
            ) from cause


def _say_where(here: Settings) -> None:
    typer.echo(f"留心 Liuxin  http://{here.host}:{here.port}/   (接口文档 /docs，停止按 Ctrl+C)")


def main() -> None:
    """Run a command; an error the operator can mend is one line, not a traceback."""
    try:
        app()
    except SetupError as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
