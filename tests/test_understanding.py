"""No figure of understanding falls against docs/understanding.md; and what noise and figures themselves promise."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bench import metrics, report
from bench.mix import MIX, weights
from bench.noise import KINDS, noisy
from bench.scope import asked_back, by_confidence, by_share
from bench.twins import NOT_YET, Twin, cascade_of, twins, twins_of
from bench.understanding import Understanding, measure
from bot.nlu.cascade import Cascade, Guess

CLEAN = [
    "我的快递到哪了，怎么还没到", "退款多久到账啊？", "尺码偏大吗 我170斤穿L码", "好的谢谢", "优惠券怎么用不了", "转人工",
    "你看[图片]这个屏幕碎了", "iPhone 15 Pro 有现货吗", "发票抬头能改成公司的吗",
]  # fmt: skip


@pytest.fixture(scope="module")
def cascade(model: Path) -> Cascade:
    return cascade_of(model)


@pytest.fixture(scope="module")
def measured(cascade: Cascade) -> Understanding:
    return measure(cascade)


@pytest.fixture
def committed() -> dict[str, float]:
    """The figures of the page as it stands in the repository."""
    if not report.PAGE.exists():
        pytest.fail("docs/understanding.md is missing: run `make evaluate`")
    return report.figures_in(report.PAGE.read_text(encoding="utf-8"))


# ------------------------------------------------------------------ the gate


def test_no_figure_has_fallen_by_more_than_a_point(measured: Understanding, committed: dict[str, float]) -> None:
    found = report.falls(committed, measured.figures, measured.counts)

    assert not found, report.listed(found)


def test_a_page_that_promises_more_than_is_measured_is_noticed(measured: Understanding) -> None:
    page = report.page(measured)
    doctored = re.sub(r"(\| `top1_clean` \| [^|]* \|) \S+ \|", r"\1 1.011 |", page)

    found = report.falls(report.figures_in(doctored), measured.figures)

    assert [] == report.falls(report.figures_in(page), measured.figures)
    assert ["top1_clean"] == [line.partition(":")[0] for line in found]


@pytest.mark.parametrize(
    ("committed", "now", "noticed"),
    [(0.9, 0.89, False), (0.9, 0.888, True), (0.9, 0.95, False), (0.0, -0.02, True)],
)
def test_a_fall_of_one_point_passes_and_a_greater_one_does_not(committed: float, now: float, noticed: bool) -> None:
    assert noticed == bool(report.falls({"macro_f1": committed}, {"macro_f1": now}))


def test_of_a_figure_over_few_lines_two_may_be_lost() -> None:
    assert not report.falls({"written_typo": 1.0}, {"written_typo": 0.96}, {"written_typo": 50})
    assert report.falls({"written_typo": 1.0}, {"written_typo": 0.94}, {"written_typo": 50})


def test_of_some_figures_a_rise_is_a_fall() -> None:
    assert report.falls({"ece": 0.02}, {"ece": 0.04})
    assert not report.falls({"ece": 0.04}, {"ece": 0.02})


def test_a_figure_on_one_side_only_is_told() -> None:
    (gone,) = report.falls({"a": 0.5}, {})
    (new,) = report.falls({}, {"b": 0.5})

    assert "a: not measured any more" in gone
    assert "b: not in the page yet" in new


# ------------------------------------------------------------------ known failures


def _failures() -> list[object]:
    return [
        pytest.param(twin, marks=pytest.mark.xfail(strict=True, reason=f"in _not_yet.yml: {twin.text}"))
        for twin in twins_of(NOT_YET)
    ]


@pytest.mark.parametrize("twin", _failures())
def test_not_understood_yet(twin: Twin, cascade: Cascade) -> None:
    """A row of tests/sentences/_not_yet.yml that is understood now has to be moved to the file of its subject."""
    guess = cascade.guess(*twin.ask)

    assert guess.intent in twin.wanted
    assert not twin.second or twin.wanted == {guess.intent, guess.second}


# ------------------------------------------------------------------ noise


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_the_same_each_time_and_another_with_another_seed(kind: str) -> None:
    once, again, other = ([noisy(kind, text, seed) for text in CLEAN] for seed in (0, 0, 1))

    assert once == again
    assert once != other or kind == "traditional"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_noise_touches_some_sentence(kind: str) -> None:
    assert any(noisy(kind, text) for text in CLEAN)


@given(some.text(max_size=30) | some.sampled_from(CLEAN), some.sampled_from(list(KINDS)), some.integers(0, 9))
def test_noise_is_never_empty_and_never_nothing(text: str, kind: str, seed: int) -> None:
    made = noisy(kind, text, seed)

    assert made is None or (made.strip() and made != text)


def test_noise_is_what_its_name_says() -> None:
    assert noisy("traditional", "发货了吗") == "發貨了嗎"
    assert (noisy("pinyin", "发货了吗") or "").replace(" ", "") == "fahuolema"
    assert noisy("pinyin", "我的快递到哪里了怎么还没有到") is None
    assert "kd" in unicodedata.normalize("NFKC", noisy("latin", "我的快递呢") or "")
    assert not set("，。？") & set(noisy("voice", "退款，多久到账？") or "，")
    assert len("我的快递到哪了") == len(noisy("typo", "我的快递到哪了") or "")


# ------------------------------------------------------------------ figures


def test_precision_recall_and_f1_by_hand() -> None:
    pairs = [("a", "a"), ("a", "a"), ("a", "b"), ("b", "b"), ("c", "b")]

    scores = metrics.by_intent(pairs)

    assert (1.0, 2 / 3, 0.8, 3) == pytest.approx(astuple(scores["a"]))
    assert (1 / 3, 1.0, 0.5, 1) == pytest.approx(astuple(scores["b"]))
    assert (0.8 + 0.5 + 0.0) / 3 == pytest.approx(metrics.macro_f1(scores))
    assert [(("a", "b"), 1), (("c", "b"), 1)] == metrics.confusions(pairs, 5)


def astuple(score: metrics.Score) -> tuple[float, float, float, int]:
    return score.precision, score.recall, score.f1, score.support


def test_coverage_is_the_largest_share_that_is_precise_enough() -> None:
    sure = [0.9, 0.8, 0.7, 0.6, 0.5]

    assert metrics.coverage(sure, [True, True, False, True, False], 0.75) == 0.8
    assert metrics.coverage(sure, [True, True, False, False, False], 0.95) == 0.4
    assert metrics.coverage(sure, [False] * 5, 0.95) == 0
    assert metrics.coverage([0.9, 0.9], [True, False], 0.95) == 0  # equals are answered together


def test_rejection_keeps_to_its_bound() -> None:
    inside = [0.9, *[0.1] * 99]

    assert metrics.rejection(inside, [0.95, 0.5, 0.2, 0.05], 0.01) == 0.75
    assert metrics.rejection(inside, [0.95, 0.5, 0.2, 0.05], 0.0) == 0.25
    assert metrics.rejection(inside, [0.1, 0.1], 0.03) == 0  # equals are rejected together


def test_calibration_error_by_hand() -> None:
    rows = metrics.reliability([0.95, 0.95, 1.0, 0.15], [True, False, True, False])

    assert [(1, 0.15, 0.0), (3, pytest.approx(2.9 / 3), pytest.approx(2 / 3))] == [
        (row.count, row.confidence, row.right) for row in rows
    ]
    assert (0.15 + 0.9) / 4 == pytest.approx(metrics.calibration_error(rows))


def test_nothing_asked_is_nothing_right() -> None:
    assert (0, 0, 0, 0, {}) == (
        metrics.share([]), metrics.coverage([], []), metrics.rejection([], []), metrics.calibration_error([]),
        metrics.by_intent([]),
    )  # fmt: skip


def test_lines_out_of_scope_are_ranked_above_the_others() -> None:
    sure, unsure, out = (
        Guess("track_order", 0.9, None, (("track_order", 0.9), ("out_of_scope", 0.05)), False),
        Guess("track_order", 0.4, None, (("track_order", 0.4), ("out_of_scope", 0.39)), True),
        Guess("out_of_scope", 0.5, None, (("out_of_scope", 0.5), ("track_order", 0.2)), True),
    )

    assert by_confidence(sure) < by_confidence(unsure) < by_confidence(out)
    assert by_share(sure) < by_share(unsure) < by_share(out)
    assert [False, True, False] == [asked_back(guess, 0.3, 0.03) for guess in (sure, unsure, out)]


def test_the_mix_is_whole_and_knows_no_intent_that_is_not_there() -> None:
    held_out = twins()
    named = {intent for _, intents in MIX.values() for intent in intents.split()}

    assert sum(share for share, _ in MIX.values()) == pytest.approx(100, abs=0.5)
    assert sum(weights(held_out)) == pytest.approx(1)
    assert set() == named - {twin.intent for twin in held_out}
