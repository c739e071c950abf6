"""Rasa's own command line through the wrapper."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bot.settings import ROOT


def rasa(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "rasa", *words], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def test_rasa_tests_our_stories_and_finds_them_right(model: Path, tmp_path: Path):
    done = rasa("test", "core", "--stories", "tests/stories", "--model", str(model), "--out", str(tmp_path))

    report = json.loads((tmp_path / "story_report.json").read_text())
    assert 0 == done.returncode
    assert 1.0 == report["conversation_accuracy"]["accuracy"]


def test_the_dialogue_shell_says_what_to_use_instead():
    done = rasa("shell")

    assert 2 == done.returncode
    assert "python -m bot chat" in done.stderr
