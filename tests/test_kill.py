"""kill -9 at random under load: nothing acknowledged is lost, nothing is answered twice, order is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.kill import Figures, Plan, trial
from bench.stack import new_database

pytestmark = pytest.mark.kill


def assert_nothing_lost(figures: Figures, plan: Plan) -> None:
    told = "\n".join(f"{name:36}{value}" for name, value in figures.rows())
    print(told)
    assert {} == {kind: where for kind, where in figures.faults.items() if where}, told
    assert plan.kills == sum(figures.kills.values()), told
    assert plan.lines <= figures.acknowledged == sum(figures.outcomes.values()), told
    assert 0.9 * figures.acknowledged <= figures.outcomes["answered"], (
        told
    )  # the brain was at work, not the dead letters


def test_kills_on_sqlite_lose_and_double_nothing(model: Path, tmp_path: Path) -> None:
    plan = Plan(kills=20, lines=2000)

    figures = trial(plan, tmp_path, model.parent)

    assert_nothing_lost(figures, plan)


@pytest.mark.postgres
def test_kills_on_postgres_with_two_brains_lose_and_double_nothing(
    model: Path, tmp_path: Path, postgres_url: str
) -> None:
    plan = Plan(kills=8, lines=600, brains=2)

    with new_database(postgres_url) as store_url:
        figures = trial(plan, tmp_path, model.parent, store_url)

    assert_nothing_lost(figures, plan)
