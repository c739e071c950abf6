"""How likely a talk is to end badly, and why."""

from __future__ import annotations

import pytest

from bot.risk.assess import SIGNALS, Talk, alike, assess, hard_trigger


def p(*said: str, intents: tuple[str, ...] = (), misses: int = 0) -> float:
    return assess(Talk(said, intents, misses)).p_dissatisfied


def test_an_ordinary_question_is_at_the_base_and_needs_no_reason():
    found = assess(Talk(("这款有红色吗",)))

    assert (0.22, ()) == (found.p_dissatisfied, found.reasons)


@pytest.mark.parametrize(
    ("talk", "because"),
    [
        (Talk(("你们就是骗子",)), "言辞激烈：骗子"),
        (Talk(("我的快递到哪了", "我的快递到哪里了")), "同一问题问了2遍"),
        (
            Talk(
                (
                    "a",
                    "b",
                    "什么时候退款",
                ),
                ("refund_progress",) * 3,
            ),
            "同一诉求第3次提出",
        ),
        (Talk(("那款呢",), misses=2), "机器人连续2次没答上"),
        (Talk(("？？？",)), "催促1次"),
        (Talk(("还没有解决",)), "反复否定：未解决"),
    ],
)
def test_what_raises_the_risk_is_said_to_the_agent(talk, because):
    found = assess(talk)

    assert found.p_dissatisfied > 0.22
    assert any(reason.startswith(because) for reason in found.reasons)


def test_thanks_lower_the_risk_and_are_no_reason_for_alarm():
    found = assess(Talk(("好的谢谢",)))

    assert found.p_dissatisfied < 0.22
    assert found.reasons == ()


def test_the_same_question_again_and_again_weighs_more_each_time():
    question = "我的快递到哪了"
    risks = [p(*[question] * times) for times in (1, 2, 3, 4)]

    assert sorted(set(risks)) == risks


def test_a_question_is_not_asked_again_because_it_is_short():
    assert p("在") == p("在", "在")


def test_only_the_newest_line_speaks_of_the_mood():
    assert p("这款有红色吗") == p("垃圾", "这款有红色吗")


def test_more_misses_of_ours_weigh_more():
    assert p("那款呢") < p("那款呢", misses=1) < p("那款呢", misses=2)


def test_the_strongest_reason_comes_first_and_there_are_four_at_most():
    angry = "骗子！到底还没解决"

    found = assess(Talk((angry,) * 5, ("complain",) * 5, misses=3))

    weights = [float(reason.rpartition("(+")[2].rstrip(")")) for reason in found.reasons]
    assert len(weights) == 4
    assert sorted(weights, reverse=True) == weights


@pytest.mark.parametrize("said", ["", " ", "？", "👍", "a" * 2000, "骗子" * 1000])
def test_any_line_has_a_risk_between_none_and_all(said):
    risk = p(*[said] * 50, intents=("complain",) * 50, misses=6)

    assert 0 <= risk <= 1


@pytest.mark.parametrize(
    ("said", "gravest"),
    [
        ("我不想活了", "self_harm"),
        ("再不处理我死了算了，打12315", "self_harm"),
        ("充电器冒烟了", "safety"),
        ("用完脸上过敏了，我要找律师", "safety"),
        ("我要打12315", "law"),
        ("我的卡被盗刷了", "fraud"),
        ("孩子误吞了电池", "safety"),
        ("发抖音曝光你们", "law"),
        ("我要投诉", None),
        ("会不会漏电", None),
        ("笑死我了", None),
    ],
)
def test_the_gravest_of_what_cannot_wait_is_named(said, gravest):
    assert gravest == hard_trigger(said)
    assert gravest == assess(Talk(("你好", said))).hard_trigger


def test_a_fragment_is_grave_after_the_line_it_ends():
    assert "safety" == assess(Talk(("我儿子把那个纽扣电池", "吞了"))).hard_trigger
    assert assess(Talk(("我想看看帽子", "吞了"))).hard_trigger is None


def test_likeness_goes_from_nothing_in_common_to_the_same():
    assert alike("查快递", "查快递") == 1
    assert alike("查快递", "退货款") == 0
    assert alike("", "查快递") == 0
    assert 0 < alike("我的快递到哪了", "我的快递到哪里了") < 1
    assert alike("快递到哪", "到哪快递呀") == alike("到哪快递呀", "快递到哪")


def test_every_signal_is_silent_about_an_ordinary_line():
    assert [] == [signal.__name__ for signal in SIGNALS if signal(Talk(("请问什么材质",)))]


def test_an_assessment_says_which_weights_made_it():
    assert assess(Talk(("你好",))).model_version == "priors-1"
