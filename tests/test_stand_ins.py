"""Packages that Rasa imports and we leave out: looked at, they are there; used, they say what to do."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from bot.engine.stand_ins import HEAVY, NAMES
from bot.settings import ROOT


def run(program: str, *, hide_installed: bool = False) -> str:
    """What *program* prints, in a process of its own with the stand-ins installed."""
    head = f"from bot.engine import stand_ins; stand_ins.install(hide_installed={hide_installed})\n"
    done = subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(program)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_name_left_out_can_be_imported_and_looked_at():
    program = f"""
        import importlib
        for name in {sorted(NAMES)}:
            module = importlib.import_module(name + ".anything.below")
            assert module.Something.of_it is not None, name
        print("all there")
    """

    assert run(program) == "all there"


def test_a_name_that_is_not_on_the_list_is_still_missing():
    program = """
        try:
            import tensorflow_of_another_name
        except ModuleNotFoundError as error:
            print(error.name)
    """

    assert run(program) == "tensorflow_of_another_name"


def test_using_one_names_it_and_the_way_out():
    program = """
        import tensorflow as tf
        from bot.errors import NeedsTensorFlow

        def train():
            return tf.keras.layers.Dense(8)

        try:
            train()
        except NeedsTensorFlow as error:
            print(error.name, "|", error)
    """

    said = run(program)

    assert said.startswith("tensorflow.keras.layers.Dense | tensorflow.keras.layers.Dense is not in this environment")
    assert "Python 3.10" in said
    assert "docs/decisions/0001-rasa-without-tensorflow.md" in said
    assert (ROOT / "docs/decisions/0001-rasa-without-tensorflow.md").is_file()


@pytest.mark.parametrize(
    "use", ["redis.StrictRedis()", "Mine()", "[redis.Redis(n) for n in '1']", "(lambda: redis.Redis())()"]
)
def test_no_use_goes_unnoticed_wherever_the_function_stands(use):
    program = f"""
        import redis
        class Mine(redis.Redis): pass
        def work():
            {use}
        try:
            work()
        except ImportError as error:
            print(type(error).__name__)
    """

    assert run(program) == "NeedsTensorFlow"


def test_module_and_class_bodies_may_subclass_decorate_catch_and_annotate():
    program = """
        import tensorflow as tf, redis, matplotlib
        from typing import Optional

        class Layer(tf.keras.layers.Layer):
            @tf.function
            def call(self, inputs: tf.Tensor) -> Optional[tf.Tensor | tf.RaggedTensor]:
                return inputs

        @tf.function
        def double(number):
            return 2 * number

        def careful():
            try:
                return double(21)
            except redis.exceptions.ConnectionError:
                return None

        matplotlib.use("Agg")
        print(Layer.__name__, careful(), issubclass(redis.RedisError, Exception), list[tf.Tensor] is not None)
    """

    assert run(program) == "Layer 42 True True"


def test_a_package_that_is_installed_wins(tmp_path):
    (tmp_path / "redis.py").write_text("real = True\n")
    program = f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        import redis
        print(redis.real)
    """

    assert run(program) == "True"


def test_a_lean_process_hides_what_only_training_needs():
    program = """
        import sklearn.svm, scipy.sparse
        print(type(sklearn).__module__)
    """

    assert run(program, hide_installed=True) == "bot.engine.stand_ins"
    assert run(program) == "builtins"


def test_installing_again_changes_nothing():
    program = """
        import sys
        before = list(sys.meta_path)
        stand_ins.install()
        print(before == sys.meta_path)
    """

    assert run(program) == "True"


def test_rasa_can_be_imported_whole_and_a_lean_one_loads_no_scipy():
    program = """
        import sys
        import rasa.__main__, rasa.core.agent, rasa.core.processor, rasa.model_training
        real = {name for name in ("tensorflow", "redis", "psycopg2", "scipy") if getattr(sys.modules.get(name), "__file__", None)}
        print(sorted(real))
    """

    assert run(program, hide_installed=True) == "[]"


def test_what_is_hidden_is_what_is_installed():
    """A name of HEAVY that is not installed would be a stand-in for nothing."""
    program = f"""
        import importlib.util
        print(sorted(name for name in {sorted(HEAVY)} if importlib.util.find_spec(name) is None))
    """

    assert run(program) == "[]"
