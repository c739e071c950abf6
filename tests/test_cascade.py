"""What the intent classifier promises, on a small lesson of its own: nothing here needs the whole training data."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.nlu import cascade as cascade_module
from bot.nlu.cascade import Cascade, Example
from bot.nlu.encoder import Cache
from bot.nlu.features import in_pinyin, tidy
from bot.nlu.linear import Calibration
from bot.text.sounds import syllables
from bot.text.words import words

LESSON = {
    "return_goods": "我要退货 退货怎么弄 申请退货 不合适想退 这个我想退了 帮我退货 不想要了退货 可以退货吗",
    "exchange_goods": "我要换货 换货怎么弄 申请换货 想换大一码 帮我换货 能换个颜色吗 换一件 是要换货",
    "call_human": "转人工 人工客服 我要找真人 叫人工来 人工 接人工客服 帮我转人工 找个活人",
    "deny": "不用转人工 不用了 不需要 不用人工 不要 不用找人工了 算了不用 别转人工",
    "ask_invoice": "开发票 发票怎么开 给我开个发票 要专票 电子发票发我 发票抬头写错了 能开发票吗 发票呢",
    "track_order": "快递到哪了 查物流 我的货到哪了 怎么还没到 物流不动了 包裹在哪 查一下快递 发货了吗",
    "thank": "谢谢 谢谢亲 多谢 辛苦了 感谢 太感谢了 谢了 非常感谢",
}
CORRECTED = {
    "不是退货，是换货": "exchange_goods",
    "不是要换货 我要退货": "return_goods",
    "我说的是换货不是退货": "exchange_goods",
    "不退货了，换货吧": "exchange_goods",
}
AFTER = {
    ("多久", "bot: 退货申请已经提交。"): "return_goods",
    ("多久", "bot: 您的包裹正在路上。"): "track_order",
    ("怎么弄", "bot: 支持退货的。"): "return_goods",
    ("怎么弄", "bot: 可以开发票。"): "ask_invoice",
}


def examples() -> list[Example]:
    plain = [Example(text, intent) for intent, texts in LESSON.items() for text in texts.split()]
    corrected = [Example(text, intent) for text, intent in CORRECTED.items()]
    leaning = [Example(text, intent, (before,)) for (text, before), intent in AFTER.items()]
    return plain + corrected * 2 + leaning


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vectors")


@pytest.fixture(scope="module")
def cascade(cache: Path) -> Cascade:
    return Cascade.fit(examples(), cache=cache)


def test_what_was_learned_is_understood(cascade: Cascade) -> None:
    guesses = {intent: cascade.guess(texts.split()[0]).intent for intent, texts in LESSON.items()}

    assert {intent: intent for intent in LESSON} == guesses


def test_a_correction_is_what_the_shopper_wants(cascade: Cascade) -> None:
    assert "exchange_goods" == cascade.guess("不是退货，是换货").intent


def test_no_human_is_called_when_none_is_wanted(cascade: Cascade) -> None:
    assert "deny" == cascade.guess("不用转人工").intent


def test_the_line_before_decides_a_short_one(cascade: Cascade) -> None:
    said = {
        before: cascade.guess("多久", [before]).intent
        for before in ("bot: 退货申请已经提交。", "bot: 您的包裹正在路上。")
    }

    assert ["return_goods", "track_order"] == list(said.values())


def test_a_clear_line_stays_what_it_is_after_a_greeting(cascade: Cascade) -> None:
    greeted = ["bot: 您好，请问有什么可以帮您？"]

    assert cascade.guess("查物流") == cascade.guess("查物流", greeted)


def test_two_needs_are_both_heard_in_their_order(cascade: Cascade) -> None:
    guess = cascade.guess("查物流，顺便给我开个发票")

    assert {"track_order", "ask_invoice"} == {guess.intent, guess.second}


def test_one_need_has_no_second(cascade: Cascade) -> None:
    assert cascade.guess("我要退货，帮我退货").second is None


def test_the_encoder_is_not_asked_when_the_cheap_model_is_sure(
    cascade: Cascade, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(text: str) -> np.ndarray:
        raise AssertionError(text)

    monkeypatch.setattr(cascade_module, "vector", never)
    enough = replace(cascade, levels=replace(cascade.levels, sure=0.9))

    assert not enough.guess("转人工").encoded


def test_the_encoder_is_asked_when_the_cheap_model_is_unsure(cascade: Cascade) -> None:
    assert cascade.guess("孩子对这双鞋的味道不太喜欢").encoded


def test_confidences_fall_and_are_shares(cascade: Cascade) -> None:
    guess = cascade.guess("退")
    levels = [confidence for _, confidence in guess.alternatives]

    assert (guess.intent, guess.confidence) == guess.alternatives[0]
    assert sorted(levels, reverse=True) == levels
    assert 0 < sum(levels) <= 1.0001


def test_a_model_that_is_certain_leaves_nothing_over_for_others() -> None:
    right = Calibration(5.0, (0.0, 1.0), (0.0, 0.95)).confidences(np.array([30.0, -1.0, 0.0], np.float32))

    assert [0.95, 0.0, 0.0] == pytest.approx(right.tolist(), abs=0.05)
    assert 0 == right.argmax()


def test_a_stored_cascade_guesses_the_same(cascade: Cascade, tmp_path: Path) -> None:
    cascade.save(tmp_path)
    again = Cascade.load(tmp_path)
    asked = ["我要退货", "查物流，顺便开发票", "多久", "？", "一句没学过的话"]

    before = ("bot: 退货申请已经提交。",)
    for text in asked:
        ours, theirs = cascade.guess(text, before), again.guess(text, before)
        assert (ours.intent, ours.second, ours.encoded) == (theirs.intent, theirs.second, theirs.encoded)
        assert ours.confidence == pytest.approx(theirs.confidence, abs=0.01)


def test_a_stored_cascade_needs_neither_scikit_learn_nor_scipy_nor_jieba(cascade: Cascade, tmp_path: Path) -> None:
    cascade.save(tmp_path)
    asks = f"""
import sys
sys.modules.update(dict.fromkeys(("sklearn", "scipy", "jieba")))
from pathlib import Path
from bot.nlu.cascade import Cascade
print(Cascade.load(Path({str(tmp_path)!r})).guess("转人工").intent)
"""
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=False)

    assert "call_human" == done.stdout.strip(), done.stderr


@pytest.mark.parametrize(
    "text", ["", " ", "😀😀", "\x00\x01\ufeff", "\ud800", "？？？", "退" * 100_000, "a" * 9999, "[图片]", "𠮷"]
)
def test_no_text_breaks_it(cascade: Cascade, text: str) -> None:
    assert 0 < cascade.guess(text, ["bot: ", "shopper: \ud800", "nobody", ""]).confidence <= 1


@given(some.text(max_size=60), some.lists(some.text(max_size=30), max_size=3))
def test_any_text_is_one_the_models_can_read(text: str, before: list[str]) -> None:
    assert tidy(text)
    assert syllables(tidy(text)) is not None
    tidy(tidy(text)).encode("utf-8")


def test_vectors_are_made_once_and_survive_a_damaged_file(cache: Path, tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    kept = Cache(tmp_path)
    first = kept.vectors(["退货", "换货", "退货"], lambda done, whole: reports.append((done, whole)))
    second = Cache(tmp_path).vectors(["退货", "换货", "退货"], lambda done, whole: reports.append((done, whole)))

    assert [(2, 2)] == reports
    assert np.allclose(first, second, atol=1e-3)
    (tmp_path / "vectors.npz").write_bytes(b"no zip")
    assert "退货" not in Cache(tmp_path)


def test_learning_with_few_vectors_still_understands(tmp_path: Path) -> None:
    cascade = Cascade.fit(examples(), cache=tmp_path, encode_at_most=5)

    assert 5 == len(Cache(tmp_path).known)
    assert "ask_invoice" == cascade.guess("开发票").intent


def test_words_of_the_shop_are_not_cut() -> None:
    assert ["七天无理由", "吗"] == words("七天无理由吗")
    assert "价保" in words("可以价保吗")


def test_slips_and_pinyin_sound_like_what_was_meant() -> None:
    assert syllables("发货") == syllables("发或") == syllables("fahuo")
    assert in_pinyin("kuaidi daona le")
    assert not in_pinyin("iphone 快递")
    assert not in_pinyin("hello")
