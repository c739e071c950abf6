"""Understanding measured from outside: `python -m bot understand`, one answer for each line, whatever the line is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml

from bot.engine.prepare import prepare
from bot.nlu.cascade import NO_REQUEST
from bot.nlu.needs import Understood
from bot.settings import ROOT, Settings

prepare()

from bot import measuring  # noqa: E402
from bot.measuring import understand_lines  # noqa: E402

INTENTS = set(yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["intents"])

GOOD = [
    {"text": "我的快递到哪了"},
    {"text": "这个多少钱", "context": []},
    {"text": "8000", "context": [{"role": "bot", "text": "请再告诉我下单手机号的后四位。"}]},
    {"text": "好的", "context": [{"role": "agent", "text": "给您补发可以吗"}, {"role": "shopper", "text": "嗯"}]},
    {"text": "订单202611221234567890到哪了"},
    {"text": "転人工"},
    {"text": "這個多少錢"},
    {"text": ""},
    {"text": "   "},
    {"text": "😀😂👍🏻👨‍👩‍👧"},
    {"text": "？？？"},
    {"text": "Where is my parcel, please?"},
    {"text": "注文した商品はまだ届きません"},
    {"text": "Где моя посылка"},
    {"text": "اين طردي"},
    {"text": "长" * 2000},
    {"text": "a" * 2000},
    {"text": "0" * 2000},
    {"text": "/call_human{}"},
    {"text": "a\x00b\u202e\ufeff"},
    {"text": "在吗", "context": None},
    {"text": "在吗", "more": {"deep": [1]}},
    {"text": "[微笑]"},
    {"text": "🏳️‍🌈"},
    {"text": "\u200b\u200d\ufe0f"},
    {"text": "택배가 아직 안 왔어요"},
    {"text": "ăâđêôơư ñ ß œ"},
    {"text": "a\r\nb\tc\u2028d"},
    {"text": "1", "context": [{"role": "bot", "text": ""}, {"role": "shopper", "text": "😀"}]},
    {"text": "1", "context": [{"role": "bot", "text": "好", "more": None}]},
]
BAD = [
    b"",
    b"   ",
    b"not json",
    b"{",
    b'{"text":',
    b"[]",
    b"null",
    b"5",
    b'"\xe5\x9c\xa8\xe5\x90\x97"',
    b"{}",
    b'{"text": null}',
    b'{"text": 5}',
    b'{"text": ["a"]}',
    b'{"text": "a", "context": "b"}',
    b'{"text": "a", "context": [5]}',
    b'{"text": "a", "context": [{"role": "cat", "text": "b"}]}',
    b'{"text": "a", "context": [{"role": ["bot"], "text": "b"}]}',
    b'{"text": "a", "context": [{"role": {}, "text": "b"}]}',
    b'{"text": "a", "context": [{"role": "bot", "text": null}]}',
    b'{"text": "a", "context": {"role": "bot", "text": "b"}}',
    b'{"text": "a", "context": {}}',
    b'{"text": "a", "context": ""}',
    b'{"text": "a", "context": 0}',
    b'{"text": "a", "context": false}',
    b'{"text": "a", "context": [null]}',
    b'{"text": "a", "context": [[]]}',
    b'{"text": "a", "context": [{}]}',
    b'{"text": "a", "context": [{"role": "Bot", "text": "b"}]}',
    b'{"text": "a", "context": [{"role": "bot"}]}',
    b"\r",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xe5\x9c",
    b"\xff\xfe\x00\x01",
    b"\x89PNG\r\x1a",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"9" * 10_000,
    json.dumps({"text": "长" * 2001}).encode(),
    json.dumps({"text": "a" * 1_000_000}).encode(),
]
ODD = [
    b'{"text": "\\ud800"}',
    b'{"text": "\\ud83d\\ude00\\udc00"}',
    b'{"text": "a", "context": [{"role": "bot", "text": "\\udfff"}]}',
    b'{"text": "a"}\r',
    b'  {"text": "a"}  ',
    '{"text": "a"}'.encode("utf-16"),
    b'{"text": "a", "text": "\xe5\x9c\xa8\xe5\x90\x97"}',
    b'{"text": "a", "context": [{"role": "bot", "text": "' + b"a" * 100_000 + b'"}]}',
    b'{"text": "a", "context": [' + b", ".join([b'{"role": "bot", "text": "b"}'] * 2000) + b"]}",
    b'{"text": "a", "x": 1e999}',
    b'\xef\xbb\xbf{"text": "a"}',
]


def understand(source: bytes, var: Path) -> subprocess.CompletedProcess[bytes]:
    """What the command makes of *source*."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "understand"],
        input=source, capture_output=True, cwd=ROOT, env={**os.environ, "LIUXIN_VAR": str(var)}, timeout=180,
    )  # fmt: skip


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    """A folder of our own, with the trained model."""
    folder = tmp_path_factory.mktemp("var")
    (folder / "models").symlink_to(model.parent)
    return folder


@pytest.fixture(scope="module")
def run(var: Path) -> subprocess.CompletedProcess[bytes]:
    """One run over good lines, bad lines, odd lines, and a good one without an end of line."""
    rows = [json.dumps(row, ensure_ascii=False).encode() for row in GOOD]
    return understand(b"\n".join([*rows, *BAD, *ODD, b'{"text": "\xe8\xbd\xac\xe4\xba\xba\xe5\xb7\xa5"}']), var)


@pytest.fixture(scope="module")
def answers(run: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(row) for row in run.stdout.decode().splitlines()]


def assert_understood(answer: dict[str, Any]) -> None:
    """An understanding in the form of the contract."""
    assert {"intent", "confidence", "second", "alternatives", "entities"} == set(answer)
    assert answer["intent"] in INTENTS | {"nlu_fallback"}
    assert 0 <= answer["confidence"] <= 1
    assert answer["second"] is None or answer["second"] in INTENTS - {answer["intent"]}
    assert all(
        other["intent"] in INTENTS | {"nlu_fallback"} and 0 <= other["confidence"] <= 1
        for other in answer["alternatives"]
    )
    assert all({"entity", "value", "start", "end"} == set(found) for found in answer["entities"])


def test_there_is_one_answer_for_each_line_and_the_run_ends_well(run, answers):
    assert 0 == run.returncode, run.stderr.decode()[-2000:]
    assert len(GOOD) + len(BAD) + len(ODD) + 1 == len(answers)


def test_a_good_line_is_answered_in_the_form_of_the_contract(answers):
    for answer in answers[: len(GOOD)]:
        assert_understood(answer)


def test_a_line_that_cannot_be_read_is_answered_with_why(answers):
    for row, answer in zip(BAD, answers[len(GOOD) :], strict=False):
        assert {"error"} == set(answer), row[:60]
        assert answer["error"]


def test_an_odd_line_is_answered_one_way_or_the_other(answers):
    for answer in answers[len(GOOD) + len(BAD) : -1]:
        if "error" not in answer:
            assert_understood(answer)


def test_after_the_worst_lines_understanding_goes_on(answers):
    assert "call_human" == answers[-1]["intent"]


def test_plain_requests_are_understood(answers):
    found = {row["text"]: answer["intent"] for row, answer in zip(GOOD, answers, strict=False)}

    assert "track_order" == found["我的快递到哪了"]
    assert "ask_price" == found["这个多少钱"] == found["這個多少錢"]


def test_the_line_before_decides_what_four_digits_are(answers):
    entities = answers[2]["entities"]

    assert [("phone_tail", "8000")] == [(found["entity"], found["value"]) for found in entities]


def test_an_order_number_is_found_where_it_stands(answers):
    (number,) = [found for found in answers[4]["entities"] if found["entity"] == "order_no"]

    assert "202611221234567890" == number["value"] == GOOD[4]["text"][number["start"] : number["end"]]


def test_a_line_of_nothing_but_signs_claims_no_need_with_confidence(answers):
    for row, answer in zip(GOOD, answers, strict=False):
        if row["text"].strip() in ("", "😀😂👍🏻👨‍👩‍👧", "？？？", "🏳️‍🌈", "[微笑]", "\u200b\u200d\ufe0f"):
            assert answer["intent"] in NO_REQUEST | {"nlu_fallback"}, answer


def test_a_command_of_rasa_is_only_words(answers):
    answer = next(answer for row, answer in zip(GOOD, answers, strict=False) if row["text"].startswith("/"))

    assert answer["confidence"] < 1


def test_nothing_in_gives_nothing_out(var):
    done = understand(b"", var)

    assert (0, b"") == (done.returncode, done.stdout)


class Fails:
    """An engine that cannot understand one line and understands the others."""

    async def understand(self, line, earlier):
        if line.text == "bad":
            raise RuntimeError("a fault of ours")
        return Understood(line, "greet", 0.5, None, (), (("greet", 0.5),), {})


@pytest.fixture
def answered(monkeypatch, tmp_path):
    """What is answered to rows, without a model."""

    def load(settings, shop):
        structlog.get_logger().warning("the model is older than the data")
        return Fails()

    monkeypatch.setattr(measuring, "load_engine", load)
    monkeypatch.setattr(measuring, "open_shop", lambda settings: None)
    logs = structlog.get_config()
    yield lambda *rows: list(understand_lines(Settings(var=tmp_path), rows))
    structlog.configure(**logs)


def test_a_fault_of_ours_with_one_line_is_its_answer_and_the_next_line_is_understood(answered):
    good, bad, after = answered(b'{"text": "a"}', b'{"text": "bad"}', b'{"text": "b"}')

    assert {"error": "not understood: RuntimeError"} == bad
    assert "greet" == good["intent"] == after["intent"]


def test_a_row_too_long_to_be_a_line_is_not_even_parsed(answered):
    (answer,) = answered(b'{"text": "a", "more": "' + b"a" * 9_000_000 + b'"}')

    assert "the limit is" in answer["error"]


def test_every_row_has_its_answer_and_every_bad_one_says_why(answered):
    found = answered(*(row + b"\r\n" for row in BAD))

    assert len(BAD) == len(found)
    assert all(set(answer) == {"error"} and answer["error"] for answer in found)


def test_half_a_pair_of_surrogates_can_be_written_again_and_moves_no_place():
    said, before = measuring._read(b'{"text": "\\ud800ab", "context": [{"role": "bot", "text": "\\udc00"}]}', 2000)

    assert "\ufffdab" == said.text
    assert "\ufffd" == before[0].text


def test_a_note_about_the_model_is_no_answer(answered, capsys):
    answered(b'{"text": "a"}')

    told = capsys.readouterr()
    assert "" == told.out
    assert "older than the data" in told.err
