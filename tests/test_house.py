"""The order of the house: who may import whom, where SQL and Rasa may stand, and what has a twin."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from bot import errors
from bot.settings import ROOT
from bot.store.models import Base

#: DESIGN section 3. A room may import from the floors below it and from itself.
FLOORS = {
    "gateway": 4, "desk": 4, "brain": 4, "worker": 4, "actions": 4, "nlu": 4, "engine": 4,
    "__main__": 4, "measuring": 4, "terminal": 4, "serving": 4, "processes": 4,
    "talk": 3, "handoff": 3, "care": 3, "membership": 3, "webhooks": 3, "insight": 3, "knowledge": 3,
    "risk": 2, "text": 2,
    "store": 1, "shop": 1,
    "settings": 0, "errors": 0, "words": 0,
}  # fmt: skip

#: Imports on one floor that are wanted, each with its reason; all else on one floor is a fault.
SIDEWAYS = {
    ("brain", "engine"): "the brain runs turns of the engine",
    ("brain", "nlu"): "and sorts what was understood by needs",
    ("engine", "nlu"): "the engine puts the linker behind Rasa's own graph",
    ("serving", "brain"): "puts the parts of a brain process together",
    ("serving", "engine"): "puts the parts of a brain process together",
    ("terminal", "brain"): "puts the parts together for one person at a keyboard",
    ("terminal", "serving"): "puts the parts together for one person at a keyboard",
    ("measuring", "serving"): "puts understanding together without a store",
    ("measuring", "nlu"): "writes what was understood as JSON",
    ("talk", "handoff"): "a line that asks for a human is stored and queued in one commit",
    ("risk", "text"): "a hard trigger is words of danger",
    ("settings", "errors"): "a bad setting is an error of ours",
    ("words", "settings"): "the words stand in domain.yml of the project's folder",
}

RASA_ROOMS = {"engine", "nlu", "actions", "brain"}
SQL_WORDS = {
    "select",
    "insert",
    "update",
    "delete",
    "text",
    "func",
    "bindparam",
    "literal",
    "exists",
    "and_",
    "or_",
    "table",
    "column",
}
SQL_CALLS = {"execute", "executemany", "executescript", "exec_driver_sql", "scalar", "scalars"}
SUBJECTS_OF_ACTIONS = {
    "__init__",
    "base",
    "changing",
    "choosing",
    "commanding",
    "confirming",
    "goods",
    "invoicing",
    "ordering",
    "refunding",
    "remedying",
    "requests",
    "returning",
    "wishing",
    "about",
    "advising",
    "deals",
    "knowing",
    "needing",
    "stocks",
    "terms",
}  # forms for others, and parts of presale


@cache
def tree_of(path: Path) -> ast.Module:
    """A module, read once."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def modules() -> list[Path]:
    """Every module of the product."""
    return sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("actions/**/*.py")])


def room(path: Path) -> str:
    """Where a module stands: bot/talk/turn.py is in talk, bot/brain.py in brain, actions/base.py in actions."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0] if parts[0] == "actions" or len(parts) == 1 else parts[1]


def imported(path: Path) -> Iterator[str]:
    """Full names a module imports, at its head or later: bot.store.lines, rasa.core.agent."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a name comes from"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def our_rooms(path: Path) -> Iterator[str]:
    """Rooms of ours a module imports from, its own left out."""
    for name in imported(path):
        first, *rest = name.split(".")
        target = rest[0] if first == "bot" else first
        if first in ("bot", "actions") and target != room(path):
            yield target


def strings(path: Path) -> Iterator[str]:
    """Every string constant of a module."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def family(kind: type[errors.BotError]) -> Iterator[type[errors.BotError]]:
    """An error and all below it."""
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


@cache
def domain() -> dict:
    """domain.yml."""
    return yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))


@cache
def rules() -> list[dict]:
    """Every rule and story of data/stories."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("data/stories/*.yml")]
    return [row for file in files for kind in ("rules", "stories") for row in file.get(kind, [])]


def bare(text: str) -> str:
    """A sentence without spaces and punctuation; of one that is nothing else, the sentence."""
    left = "".join(
        letter for letter in text.lower() if unicodedata.category(letter)[0] not in "PZ" and letter not in "~+"
    )
    return left or text


@cache
def trained() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(intent, sentence, lines before) of every training sentence."""
    found = []
    for path in sorted(ROOT.glob("data/nlu/*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if isinstance(block["examples"], str):
                rows = [line.removeprefix("- ") for line in block["examples"].splitlines() if line.strip()]
                found += [(block["intent"], row, ()) for row in rows]
            else:
                for row in block["examples"]:
                    before = (row.get("metadata") or {}).get("before", [])
                    found.append((block["intent"], row["text"].strip(), tuple(before)))
    return tuple(found)


@cache
def held_out() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(file, sentence, lines before) of every test sentence."""
    found = []
    for path in sorted(ROOT.glob("tests/sentences/*.yml")):
        for row in yaml.safe_load(path.read_text(encoding="utf-8")):
            found += [(path.name, str(said), tuple(row.get("before", ()))) for said in row["say"]]
    return tuple(found)


def subjects(pattern: str) -> set[str]:
    return {path.stem for path in ROOT.glob(pattern) if not path.stem.startswith("_")}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_from_below(path):
    here = room(path)
    if here in ("__main__", "bot"):
        return  # the command line puts everything together

    wrong = [
        target
        for target in our_rooms(path)
        if FLOORS[target] > FLOORS[here] or (FLOORS[target] == FLOORS[here] and (here, target) not in SIDEWAYS)
    ]

    assert wrong == []


def test_every_way_sideways_that_is_allowed_is_gone():
    gone = {(room(path), target) for path in modules() for target in our_rooms(path)}

    assert set() == SIDEWAYS.keys() - gone


def test_the_public_door_never_loads_rasa():
    looks = (
        "import sys, bot.gateway.app; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'rasa', 'rasa_sdk', 'spacy', 'sklearn', 'actions'}))"
    )

    seen = subprocess.run([sys.executable, "-c", looks], cwd=ROOT, capture_output=True, text=True, check=True)

    assert seen.stdout.strip() == "[]"


def test_rasa_is_known_in_four_rooms_only():
    strangers = {
        str(path.relative_to(ROOT))
        for path in modules()
        if room(path) not in RASA_ROOMS and any(name.split(".")[0] in ("rasa", "rasa_sdk") for name in imported(path))
        and path.name != "__main__.py"
    }  # fmt: skip

    assert set() == strangers


def test_sql_is_spoken_in_the_store_only():
    loud = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in modules()
        if room(path) != "store" and ROOT / "bot/shop/demo" not in path.parents  # it stands for the shop's own system
        for line, what in sql_in(path)
    ]

    assert loud == []


def sql_in(path: Path) -> Iterator[tuple[int, str]]:
    """Where a module makes SQL or sends it."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in (
            "sqlalchemy",
            "sqlite3",
            "psycopg",
        ):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in SQL_WORDS)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in SQL_CALLS
            and getattr(node.func.value, "attr", "") != "shop"  # Shop.execute carries out a command
        ):
            yield node.lineno, f".{node.func.attr}("


@pytest.mark.parametrize("kind", list(family(errors.BotError)), ids=lambda kind: kind.__name__)
def test_every_error_has_words_for_the_shopper(kind):
    assert domain()["responses"].get(kind.utter)


def test_every_error_stands_in_the_tree_that_the_module_draws():
    drawn = set(re.findall(r"\b[A-Z]\w+", errors.__doc__))

    assert set() == {kind.__name__ for kind in family(errors.BotError)} - drawn


def test_python_says_only_what_the_domain_has_words_for():
    named = {text for path in modules() for text in strings(path) if re.fullmatch(r"utter_\w+", text)}
    named -= {"utter_action"}  # Rasa's key for the name of a response

    assert set() == named - domain()["responses"].keys()


def test_no_words_stand_unused_in_the_domain():
    said = {text for path in modules() for text in strings(path)}
    said |= {step["action"] for rule in rules() for step in rule["steps"] if "action" in step}

    assert set() == domain()["responses"].keys() - said


def test_every_place_of_a_response_is_filled_by_name():
    """A response's {places} stand as keywords or keys somewhere in Python: a slip would be read by the shopper."""
    given = {node.arg for path in modules() for node in ast.walk(tree_of(path)) if isinstance(node, ast.keyword)}
    given |= {text for path in modules() for text in strings(path)}
    places = {
        (utter, place)
        for utter, variations in domain()["responses"].items()
        for variation in variations
        for place in re.findall(r"\{(\w+)\}", variation["text"])
    }

    assert set() == {(utter, place) for utter, place in places if place not in given}


def test_a_subject_has_the_same_name_in_every_tree():
    of_data = subjects("data/nlu/*.yml")

    assert of_data == subjects("data/stories/*.yml")
    assert of_data == subjects("tests/sentences/*.yml")
    assert of_data == subjects("actions/*.py") - SUBJECTS_OF_ACTIONS


@pytest.mark.parametrize("intent", domain()["intents"])
def test_an_intent_is_taught_by_thirty_sentences(intent):
    assert sum(name == intent for name, _, _ in trained()) >= 30


@pytest.mark.parametrize("intent", domain()["intents"])
def test_an_intent_is_answered_by_a_rule(intent):
    assert any(step.get("intent") == intent for rule in rules() for step in rule["steps"])


def test_only_intents_of_the_domain_are_taught():
    assert set() == {intent for intent, _, _ in trained()} - set(domain()["intents"])


def test_every_action_of_the_domain_is_a_class_and_every_class_is_in_the_domain():
    named = {
        statement.value.value
        for path in ROOT.glob("actions/*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef) and node.name == "name"
        for statement in node.body
        if isinstance(statement, ast.Return)
    }

    assert named == set(domain()["actions"])


def test_no_training_sentence_stands_twice():
    times = Counter((text, before) for _, text, before in trained())

    assert sorted(text for (text, before), count in times.items() if count > 1) == []


def test_no_sentence_is_both_learned_and_tested():
    learned = {(bare(text), tuple(map(bare, before))) for _, text, before in trained()}

    known = [
        f"{file}: {text}" for file, text, before in held_out() if (bare(text), tuple(map(bare, before))) in learned
    ]

    assert known == []


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_column_says_what_it_means(table):
    assert [column.name for column in table.columns if not column.comment] == []


def test_no_module_is_too_long_to_read():
    """Data of the demo shop and what alembic writes may be longer."""
    long = {
        str(path.relative_to(ROOT)): length
        for path in modules()
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > 350
        and "migrations" not in path.parts and "pages" not in path.parts
    }  # fmt: skip

    assert long == {}


def test_only_the_settings_read_the_environment():
    readers = {
        f"{path.relative_to(ROOT)}:{line}" for path in modules() if room(path) != "settings" for line in reads(path)
    }

    assert set() == readers


def reads(path: Path) -> Iterator[int]:
    """Lines that look into the environment; handing settings on to Rasa, OpenMP … by writing is no reading."""
    tree = tree_of(path)
    written = {
        id(part)
        for node in ast.walk(tree)
        for part in (
            [node.func.value] if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("update", "setdefault") else
            [node.value] if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) else []
        )
    }  # fmt: skip
    for node in ast.walk(tree):
        if (
            (isinstance(node, ast.Attribute) and node.attr in ("environ", "environb") and id(node) not in written)
            or (
                isinstance(node, ast.Attribute | ast.Name)
                and getattr(node, "attr", getattr(node, "id", "")) == "getenv"
            )
            or (
                isinstance(node, ast.ImportFrom)
                and node.module == "os"
                and any(a.name == "environ" for a in node.names)
            )
        ):
            yield node.lineno


@pytest.mark.parametrize("path", [p for p in modules() if room(p) in ("risk", "text")], ids=lambda path: path.name)
def test_risk_and_text_know_no_store_no_shop_no_clock_no_network(path):
    outside = {"store", "shop", "talk", "engine", "nlu"}.intersection(our_rooms(path))
    outside |= {"sqlalchemy", "requests", "httpx", "socket", "sqlite3", "time"}.intersection(
        name.split(".")[0] for name in imported(path)
    )
    clocks = {"now", "utcnow", "today", "monotonic"}.intersection(
        node.func.attr
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    )

    assert (set(), set()) == (outside, clocks)
