"""What training costs: `python -m bot train` in a copy of the project, first without anything kept from before."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, machine_ms, show
from bot.settings import ROOT

_PARTS = ("bot", "actions", "data", "domain.yml", "config.yml", "endpoints.yml", "credentials.yml")
_TARGET_S = 40.0


def measure() -> Iterator[Figure]:
    """Train from nothing, then again with the sentence vectors kept."""
    with tempfile.TemporaryDirectory() as folder:
        project = _copy(Path(folder))
        how = "user + system time of `python -m bot train` in a copy of the project without `var`"
        yield Figure("training, from nothing", _train_s(project), "CPU s", _TARGET_S, how, machine_ms())
        how = "the same again with --force: the sentence vectors are kept in var/vectors"
        yield Figure("training, vectors kept", _train_s(project), "CPU s", None, how, machine_ms())


def _copy(folder: Path) -> Path:
    for name in _PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / name)
    return folder


def _train_s(project: Path) -> float:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "LIUXIN_VAR": str(project / "var")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "bot", "train", "--force"], cwd=project, env=environment, check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


if __name__ == "__main__":
    show(measure)
