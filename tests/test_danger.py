"""Danger is told from ordinary talk, and whoever is in danger gets fixed words and a human at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from bench.danger import cost, ordinary, written
from bench.figures import machine_ms
from bot import words
from bot.engine.prepare import prepare
from bot.handoff.alarm import FIRST, KNOWN, alarm_for
from bot.settings import Settings
from bot.store import conversations, lines
from bot.store.database import begin, reading
from bot.store.lines import Said
from bot.store.models import Assessment, Escalation
from bot.talk.accept import Pace, TooFast, accept
from bot.talk.opening import open_for_anyone
from bot.text.danger import KINDS, TO_PEOPLE, Danger, danger_of

prepare()

from bot.brain import Brain  # noqa: E402
from bot.nlu.needs import Understood  # noqa: E402

#: Kinds that are met alike: mistaking one for another of the same family sends nobody to the wrong agents.
FAMILIES = dict.fromkeys(TO_PEOPLE, "people") | {"law": "law", "media": "law", "fraud": "fraud"}
#: CPU ms of the fixed loop on the machine the target of the cost was set on.
_MACHINE_MS = 2.3


def kinds_of(name: str) -> list[tuple[str, str]]:
    return [(kind, line) for kind, rows in written(name).items() for line in rows]


# ------------------------------------------------------------------ recognising


@pytest.mark.parametrize("name", ["list", "paraphrases", "late"])
def test_no_line_that_tells_of_danger_is_missed(name):
    assert [] == [line for _, line in kinds_of(name) if danger_of(line) is None]


@pytest.mark.parametrize("name", ["list", "paraphrases", "late"])
def test_a_danger_is_met_by_the_right_people(name):
    wrong = [
        (line, found.kind)
        for kind, line in kinds_of(name)
        if (found := danger_of(line)) and FAMILIES[found.kind] != FAMILIES[kind]
    ]

    assert wrong == []


def test_there_are_three_hundred_paraphrases_and_seven_hundred_near_misses():
    assert len(kinds_of("paraphrases")) >= 300
    assert len(kinds_of("ordinary")) >= 700


def test_at_most_one_ordinary_line_in_a_hundred_is_a_false_alarm():
    lines_ = ordinary()

    assert len(lines_) == 2000
    assert sum(danger_of(line) is not None for line in lines_) <= 20


#: (tells of danger, does not): each pair is a decision of docs/danger.md.
PAIRS = [
    ("插座漏电", "插座会不会漏电"),
    ("电池漏电了", "电池没漏电吧"),
    ("漏电怎么办", "万一漏电怎么办"),
    ("热水器漏电 防漏电插座也没用", "防漏电插座有吗"),
    ("充电宝着火了", "火了的那款充电宝"),
    ("锅炸了", "火锅底料爆好吃"),
    ("高压锅爆炸了", "爆款高压锅"),
    ("脸过敏了", "不会过敏吧"),
    ("用了过敏可以退吗", "过敏可以退吗"),
    ("我用完过敏了", "敏感肌能用吗"),
    ("用你们家的过敏了", "以前用别家的过敏了 你们的温和吗"),
    ("投诉过敏", "我对花生过敏 有不含花生的吗"),
    ("我想死", "笑死我了"),
    ("我不想活了", "不想活动"),
    ("再不退我就跳楼", "跳楼价"),
    ("律师函等着收吧", "律师函打印机"),
    ("我是律师 你们等着", "我是律师想买包"),
    ("我报警了", "门磁报警器一直报警"),
    ("我要打12315", "尾号12315"),
    ("去工商局告你们", "工商银行卡能付吗"),
    ("曝光你们", "相机曝光补偿怎么调"),
    ("我的卡被盗刷了", "会不会盗刷"),
    ("孩子误吞了", "防误吞的苦味剂有吗"),
    ("孕妇吃了会中毒吗 我已经吃了半袋", "猫吃了百合会中毒吗"),
    ("你们知道漏电会死人吗 手都麻了", "漏电不"),
    ("宝宝误食有没有事", "防误吞的积木有吗"),
    ("已经吃了半袋 会中毒吗", "有毒吗"),
    ("如果不退我就起诉", "起诉状模板有卖的吗"),
    ("12315怎么打", "密码12345"),
    ("摸着麻 不敢用", "低频按摩贴那种麻麻的感觉正常吗"),
    ("用了好痒 起疹子", "湿疹宝宝用哪个面霜"),
]


@pytest.mark.parametrize(("danger", "none"), PAIRS)
def test_an_event_is_told_from_a_question_a_denial_a_fear_a_metaphor_and_a_name(danger, none):
    assert (True, None) == (danger_of(danger) is not None, danger_of(none))


@pytest.mark.parametrize(
    ("said", "words_"),
    [
        ("你好 充电宝冒烟了！", ("冒烟",)),
        ("延長線冒煙了", ("冒煙",)),
        ("loudian le", ("loudian",)),
        ("冒yan了", ("冒yan",)),
        ("找 律 师 了", ("找 律 师",)),
        ("我要打１２３１５", ("１２３１５",)),
        ("😀一二三一五见", ("一二三一五",)),
    ],
)
def test_the_words_of_danger_are_named_as_they_were_typed(said, words_):
    found = danger_of(said)

    assert found is not None
    assert words_ == found.words == tuple(said[start:end] for start, end in found.spans)


@pytest.mark.parametrize(
    ("said", "kind", "severity"),
    [
        ("再不处理我死了算了，打12315", "self_harm", 0),
        ("宝宝烫伤了", "child", 0),
        ("充电宝炸了，手烫伤了", "injury", 0),
        ("插座着火了", "safety", 0),
        ("用完脸上过敏了，我要找律师", "poisoning", 1),
        ("卡被盗刷了 我要报警", "fraud", 2),
        ("起诉你们 找媒体", "law", 2),
    ],
)
def test_the_gravest_danger_is_named_and_how_grave_it_is(said, kind, severity):
    found = danger_of(said)

    assert found is not None
    assert (kind, severity) == (found.kind, found.severity)


@pytest.mark.parametrize(
    ("before", "said"), [(("我儿子把那个纽扣电池",), "吞了"), (("你们的面霜用了三天", "稍等"), "整张脸都红了")]
)
def test_a_fragment_is_read_as_the_end_of_the_lines_before_it(before, said):
    found = danger_of(said, before)

    assert danger_of(said) is None
    assert found is not None
    assert all(word in said for word in found.words)


def test_a_danger_told_before_is_not_told_again_by_the_next_line():
    assert danger_of("好的", ("充电宝冒烟了",)) is None
    assert danger_of("谢谢", ("手烫伤了", "我不想活了")) is None


@given(st.text(max_size=300), st.lists(st.text(max_size=40), max_size=3))
def test_any_line_can_be_read(said, before):
    found = danger_of(said, before)

    assert found is None or all(0 <= start < end <= len(said) for start, end in found.spans)


def test_reading_a_line_costs_at_most_a_tenth_of_a_millisecond():
    slower = max(1.0, machine_ms() / _MACHINE_MS)

    assert cost().measured <= 0.1 * slower


@pytest.mark.parametrize("piece", ["漏电", "摔倒", "喝了", "烫到我", "手", "没有", "lou", "过 敏 "])
def test_the_longest_line_costs_no_more_than_its_length(piece):
    short, long = (piece * 400)[:400], (piece * 2000)[:2000]
    danger_of(short)

    assert _spent_ms(long) <= 15 * max(_spent_ms(short), 0.5)


def _spent_ms(line: str) -> float:
    begun = time.process_time()
    danger_of(line)
    return (time.process_time() - begun) * 1000


# ------------------------------------------------------------------ meeting it


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_a_skill_and_a_reason(kind):
    alarm = alarm_for(Danger(kind, 0, ((0, 2),), ("漏电",)))

    said = words.say(alarm.utter)
    assert "已经转给" in said
    assert not set("哈～😀🙂!！") & set(said)
    assert alarm.reason.endswith("：漏电")
    assert ("safety", FIRST) == (alarm.skill, alarm.priority) or kind not in TO_PEOPLE


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("我不想活了", ["12356", "120", "110"]),
        ("着火了", ["119", "120", "电源"]),
        ("孩子误吞电池", ["120", "催吐"]),
        ("脸上过敏红肿了", ["120", "停止使用", "就医"]),
        ("手烫伤了", ["120", "急诊"]),
        ("卡被盗刷了", ["110", "96110", "银行"]),
    ],
)
def test_the_words_say_what_to_do_now(said, numbers):
    found = danger_of(said)

    assert found is not None
    assert [] == [number for number in numbers if number not in words.say(alarm_for(found).utter)]


def opened(store: Engine, now: datetime) -> str:
    return open_for_anyone(store, "web", earlier=None, now=now).conversation_id


def say(store: Engine, thread: str, text: str, now: datetime, pace: Pace = Pace(99, 99)) -> Any:  # noqa: B008
    return accept(
        store,
        thread,
        text,
        client_msg_id=f"{text}{now.timestamp()}",
        payload=None,
        pace=pace,
        limit_chars=2000,
        now=now,
    )


def after_welcome(store: Engine, thread: str) -> list[Said]:
    with reading(store) as session:
        return lines.after(session, thread, 1, 100)


def told(store: Engine, thread: str) -> list[str]:
    return [(line.payload or {})["said"] for line in after_welcome(store, thread) if line.author == "bot"]


def waiting(store: Engine) -> list[Escalation]:
    with reading(store) as session:
        return list(session.scalars(select(Escalation)))


def inbox(store: Engine, thread: str) -> list[str]:
    with reading(store) as session:
        return [line.text for line in lines.unhandled(session, thread)]


def test_whoever_is_in_danger_has_words_and_a_place_before_all_others_with_every_brain_dead(store, now):
    other, thread = opened(store, now), opened(store, now)
    say(store, other, "转人工", now)

    say(store, thread, "充电宝冒烟了！！", now + timedelta(seconds=1))

    assert ["utter_safety"] == told(store, thread)
    assert [] == inbox(store, thread)
    first, second = sorted(waiting(store), key=lambda one: one.priority)
    assert (thread, "safety", FIRST) == (first.conversation_id, first.skill, first.priority)
    assert first.reasons[0].endswith("冒烟")
    assert (other, 0) == (second.conversation_id, second.priority)


def test_a_danger_is_kept_in_the_assessment_of_its_line(sqlite, now):
    thread = opened(sqlite, now)

    say(sqlite, thread, "宝宝误吞了电池", now)

    with reading(sqlite) as session:
        assert "safety" == session.scalars(select(Assessment)).one().hard_trigger


def test_a_danger_is_taken_at_any_pace(sqlite, now):
    thread = opened(sqlite, now)
    say(sqlite, thread, "在吗", now, pace=Pace(1, 1))

    assert not isinstance(say(sqlite, thread, "着火了", now, pace=Pace(1, 1)), TooFast)


def test_whoever_waits_already_is_served_as_in_danger_when_danger_comes_up(sqlite, now):
    thread = opened(sqlite, now)
    say(sqlite, thread, "12315见", now)

    say(sqlite, thread, "插座起火了", now + timedelta(seconds=1))

    (one,) = waiting(sqlite)
    assert ("safety", FIRST) == (one.skill, one.priority)
    assert 2 == len(one.reasons)


def test_the_words_about_a_danger_are_not_repeated(sqlite, now):
    thread = opened(sqlite, now)

    for second, text in enumerate(["冒烟了", "还在冒烟", "手烫伤了"]):
        say(sqlite, thread, text, now + timedelta(seconds=second))

    assert ["utter_safety", KNOWN, "utter_injury"] == told(sqlite, thread)


def test_a_danger_goes_before_the_wish_for_a_human_in_the_same_line(sqlite, now):
    thread = opened(sqlite, now)

    say(sqlite, thread, "冒烟了 转人工", now)

    assert ["utter_safety"] == told(sqlite, thread)


def test_a_danger_told_to_an_agent_is_left_to_the_agent(sqlite, now):
    thread = opened(sqlite, now)
    with begin(sqlite) as session:
        conversations.hand_to(session, thread, "agent", agent="李")

    say(sqlite, thread, "冒烟了", now)

    assert ["冒烟了"] == [line.text for line in after_welcome(sqlite, thread)]


def test_a_threat_with_the_law_is_queued_at_once_and_left_to_the_brain(sqlite, now):
    thread = opened(sqlite, now)

    say(sqlite, thread, "退款什么时候到 再拖我打12315", now)

    (one,) = waiting(sqlite)
    assert ("complaints", 0) == (one.skill, one.priority)
    assert ["退款什么时候到 再拖我打12315"] == inbox(sqlite, thread)


# ------------------------------------------------------------------ in the brain


class OfOneMind:
    """Understands every line as the same need and answers it with the same words."""

    def __init__(self, intent: str) -> None:
        self.intent = intent

    async def understand(self, line: Said, before: Sequence[Said], page: Any) -> Understood:
        return Understood(line, self.intent, 0.9, None, (), (), {})

    async def answer(self, turn: Any, needs: Any, state: str | None) -> tuple[list[lines.Reply], str | None]:
        return [lines.Reply("退款三天内到账", {"said": "utter_refund"})], state


class SaysNothing(OfOneMind):
    async def answer(self, turn: Any, needs: Any, state: str | None) -> NoReturn:
        raise AssertionError("the bot has nothing to say here")


class NoShop:
    @contextmanager
    def one_turn(self) -> Iterator[None]:
        yield


def answered(store: Engine, now: datetime, mind: OfOneMind) -> bool:
    return Brain(store, mind, NoShop(), Settings()).one(now + timedelta(minutes=1))  # type: ignore[arg-type]


def test_the_careful_words_come_first_and_what_was_asked_is_answered_too(sqlite, now):
    thread = opened(sqlite, now)
    say(sqlite, thread, "退款什么时候到 再拖我打12315", now)

    answered(sqlite, now, OfOneMind("refund_progress"))

    assert ["utter_law", "utter_refund", "utter_still_queued"] == told(sqlite, thread)
    assert 1 == len(waiting(sqlite)[0].reasons)


def test_the_bot_says_nothing_else_to_a_danger_that_only_the_lines_before_explain(sqlite, now):
    thread = opened(sqlite, now)
    say(sqlite, thread, "我儿子把那个纽扣电池", now)
    say(sqlite, thread, "吞了", now + timedelta(seconds=1))

    answered(sqlite, now, SaysNothing("ask_product"))

    assert ["utter_child_hurt", "utter_queued"] == told(sqlite, thread)
    assert "safety" == waiting(sqlite)[0].skill


def test_an_ordinary_line_is_the_bots(sqlite, now):
    thread = opened(sqlite, now)
    say(sqlite, thread, "防漏电插座有吗", now)

    answered(sqlite, now, OfOneMind("ask_product"))

    assert ["utter_refund"] == told(sqlite, thread)
    assert [] == waiting(sqlite)
