"""Training: what cannot run here is refused by name, and a model belongs to the data it was made from."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.engine.training import check_config, fingerprint, fitting_model, train, usable_model
from bot.errors import NeedsTensorFlow, NoModel, SetupError
from bot.settings import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of everything a model is made from."""
    for name in ("domain.yml", "config.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("data", "bot/nlu", "bot/text"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("DIETClassifier", "pipeline: [{name: WhitespaceTokenizer}, {name: DIETClassifier, epochs: 5}]"),
        ("rasa.nlu.classifiers.diet_classifier.DIETClassifier", "pipeline: [{name: rasa.nlu.classifiers.diet_classifier.DIETClassifier}]"),
        ("ResponseSelector", "pipeline: [ResponseSelector]"),
        ("TEDPolicy", "policies: [{name: RulePolicy}, {name: TEDPolicy}]"),
        ("UnexpecTEDIntentPolicy", "policies: [{name: UnexpecTEDIntentPolicy}]"),
        ("CRFEntityExtractor", "{pipeline: [{name: CRFEntityExtractor}], policies: [{name: RulePolicy}]}"),
    ],
)  # fmt: skip
def test_a_component_that_needs_tensorflow_is_refused_by_its_name(tmp_path, name, config):
    file = tmp_path / "config.yml"
    file.write_text(config, encoding="utf-8")

    with pytest.raises(NeedsTensorFlow) as refused:
        check_config(file)

    assert name == refused.value.name
    assert name in str(refused.value)


def test_our_own_configuration_is_taken():
    check_config(ROOT / "config.yml")


def test_it_is_refused_before_anything_is_trained(tmp_path, monkeypatch):
    (tmp_path / "config.yml").write_text("pipeline: [{name: DIETClassifier}]", encoding="utf-8")
    monkeypatch.setattr("bot.engine.training.ROOT", tmp_path)

    with pytest.raises(NeedsTensorFlow):
        train(tmp_path / "models")

    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    "config",
    [
        "pipeline: [", "", "- a\n- list", "只是一句话", "pipeline: 7", "pipeline: [{epochs: 5}]", "policies: [[]]",
        "pipeline: {name: DIETClassifier}",
    ],
)  # fmt: skip
def test_a_broken_configuration_is_the_operators_to_mend_and_names_the_file(tmp_path, config):
    file = tmp_path / "config.yml"
    file.write_text(config, encoding="utf-8")

    with pytest.raises(SetupError, match=r"config\.yml is not a Rasa configuration"):
        check_config(file)


def test_a_missing_configuration_is_the_operators_to_mend(tmp_path):
    with pytest.raises(SetupError, match=r"config\.yml is not a Rasa configuration"):
        check_config(tmp_path / "config.yml")


def test_the_same_data_has_the_same_fingerprint_wherever_it_stands(project):
    assert fingerprint(ROOT) == fingerprint(project)


@pytest.mark.parametrize(
    "changed", ["domain.yml", "config.yml", "data/nlu/orders.yml", "data/nlu/lexicon.txt", "data/stories/talk.yml", "bot/nlu/features.py", "bot/text/normalise.py"]
)  # fmt: skip
def test_a_change_of_what_a_model_is_made_from_asks_for_a_new_one(project, changed):
    before = fingerprint(project)

    with (project / changed).open("a", encoding="utf-8") as file:
        file.write("\n# one line more\n")

    assert before != fingerprint(project)


def test_a_file_more_asks_for_a_new_model_and_a_note_beside_it_does_not(project):
    before = fingerprint(project)

    (project / "data/nlu/README.md").write_text("how to add a sentence")
    with_note = fingerprint(project)
    (project / "data/nlu/gifts.yml").write_text('version: "3.1"\nnlu: []\n')

    assert before == with_note
    assert before != fingerprint(project)


def test_a_file_under_another_name_asks_for_a_new_model(project):
    before = fingerprint(project)

    (project / "data/nlu/talk.yml").rename(project / "data/nlu/small_talk.yml")

    assert before != fingerprint(project)


def test_without_a_model_for_the_data_we_say_how_to_get_one(tmp_path):
    (tmp_path / "0123456789abcdef.tar.gz").write_bytes(b"the model of yesterday's data")

    with pytest.raises(NoModel, match="make train"):
        fitting_model(tmp_path)


def test_a_model_that_fits_is_not_trained_again(tmp_path):
    kept = tmp_path / f"{fingerprint()}.tar.gz"
    kept.write_bytes(b"the model of this data")

    assert kept == train(tmp_path) == fitting_model(tmp_path)
    assert b"the model of this data" == kept.read_bytes()


@pytest.mark.parametrize(("words", "says"), [(["shell"], "python -m bot chat"), (["run"], "python -m bot up")])
def test_a_command_of_rasa_that_cannot_work_here_names_the_one_that_does(words, says):
    done = subprocess.run([sys.executable, "-m", "bot", "rasa", *words], cwd=ROOT, capture_output=True, text=True)

    assert (2, True) == (done.returncode, says in done.stderr)


def test_a_brain_without_a_model_ends_with_one_line_and_no_traceback(tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "LIUXIN_VAR": str(tmp_path), "OMP_NUM_THREADS": "1"}

    done = subprocess.run(
        [sys.executable, "-m", "bot", "understand"], cwd=ROOT, env=environment, input="", capture_output=True, text=True
    )

    assert (2, "NoModel") == (done.returncode, done.stderr.partition(":")[0])
    assert "Traceback" not in done.stderr


def test_a_brain_goes_on_with_the_newest_model_while_the_data_is_being_edited(tmp_path):
    (tmp_path / "of-older-data.tar.gz").write_bytes(b"")

    model, fits = usable_model(tmp_path)

    assert (tmp_path / "of-older-data.tar.gz", False) == (model, fits)
