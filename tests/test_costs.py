"""What is spared at every start and every line is still done when it is due."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from bot.settings import ROOT
from bot.shop.patience import VERSION_S, PatientShop
from bot.store.database import MIGRATIONS, _is_up_to_date, alembic_config, migrate


class Clock:
    """Time that goes on only when told."""

    s = 100.0

    def __call__(self) -> float:
        return self.s


class Shop:
    """A shop whose catalogue changes with every look."""

    asked = 0

    def catalogue_version(self) -> str:
        self.asked += 1
        return f"v{self.asked}"


def test_many_lines_within_a_second_ask_once_whether_the_catalogue_changed():
    shop, clock = Shop(), Clock()
    patient = PatientShop(shop, 3.0, clock)

    within = [patient.catalogue_version() for _ in range(20)]
    clock.s += VERSION_S
    later = patient.catalogue_version()

    assert ["v1"] * 20 == within
    assert later == "v2"


def test_the_newest_file_of_migrations_is_where_they_lead():
    head = ScriptDirectory.from_config(alembic_config("sqlite://")).get_current_head()

    files = [file.name for file in (MIGRATIONS / "versions").glob("*.py")]

    assert head == max(name.partition("_")[0] for name in files)


@pytest.mark.parametrize("behind", ["UPDATE alembic_version SET version_num = '0000'", "DELETE FROM alembic_version"])
def test_a_store_that_is_behind_is_seen_to_be(store: Engine, behind: str):
    with store.begin() as connection:
        before = _is_up_to_date(connection)
        connection.execute(text(behind))
        after = _is_up_to_date(connection)

    assert (True, False) == (before, after)


def test_a_start_over_tables_that_are_there_does_not_load_alembic(sqlite: Engine):
    migrate(sqlite)
    program = f"""
import sys
from bot.store.database import migrate, open_store
migrate(open_store({sqlite.url.render_as_string()!r}))
print("alembic" in sys.modules)
"""

    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True).stdout

    assert told == "False\n"


def test_each_file_of_examples_is_read_once_in_a_training_and_anew_in_the_next(tmp_path: Path):
    training_file = tmp_path / "talk.yml"
    training_file.write_text('version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - 你好\n', encoding="utf-8")
    program = f"""
from bot.engine.prepare import prepare
prepare()
from bot.engine import training
from rasa.shared.nlu.training_data import loading
for words in ("", "    - 在吗\\n"):
    with open({str(training_file)!r}, "a", encoding="utf-8") as file:
        file.write(words)
    with training._each_file_read_once():
        one, again = (loading._load({str(training_file)!r}, language) for language in ("zh", "en"))
    print(one is again, [example.get("text") for example in one.training_examples])
"""

    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True).stdout

    assert told.splitlines() == ["True ['你好']", "True ['你好', '在吗']"]
