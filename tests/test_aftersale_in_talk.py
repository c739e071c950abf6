"""After-sale in talk, the hands alone: the shop's rules decide, the terms are said, and the same facts give the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from test_orders_in_talk import Fails, at_stage, away, order_of, own, talk, today

from actions.aftersale import TakeReturn
from actions.refunding import shop_rules
from actions.remedying import is_question, problem_of, remedy_named
from bot.shop.aftersale import Problem, RemedyKind
from bot.shop.facts import OrderState
from bot.shop.refusals import Stage

__all__ = ["own", "talk", "today"]  # fixtures


def summary_terms(chat: Any) -> list[tuple[str, str, str]]:
    """Type, order and terms of every case; the shopper's words left out."""
    return [(case.type, case.order_no, case.summary.partition("【")[2]) for case in chat.cases()]


def test_a_return_is_told_with_its_deadline_freight_money_and_condition(talk, own):
    order = order_of(own, "u1008", "已签收")

    chat = talk("u1008")
    said = chat.say("鞋子不合适 我要退货", "return_goods")

    (case,) = chat.cases()
    assert order.title in said and case.number in said
    for fact in ("七天无理由", "还有", "运费", "元", "条件是"):
        assert fact in said
    assert (order.order_no, "return_goods") == (case.order_no, case.type)


def test_angry_or_polite_the_same_facts_give_the_same_terms(talk):
    polite, angry = talk("u1008"), talk("u1008")

    polite.say("麻烦帮我看下，收到的跑鞋开胶了，想退货，谢谢", "return_goods")
    angry.say("什么垃圾！！跑鞋开胶了骗子！！！我要退货！", "return_goods")

    assert summary_terms(polite) == summary_terms(angry)
    assert "商家" not in summary_terms(angry)[0][2]
    assert "寄回运费我们出" in summary_terms(angry)[0][2]


def test_a_question_about_a_return_is_answered_and_registered_only_after_a_yes(talk):
    chat = talk("u1008")

    told = chat.say("鞋子能退吗 运费谁出", "return_goods")
    before = chat.cases()
    done = chat.say("好的", "affirm")

    assert "要我现在帮您申请退货吗" in told and "运费" in told
    assert [] == before
    assert ["return_goods"] == [case.type for case in chat.cases()]
    assert chat.cases()[0].number in done


def test_a_question_about_a_return_and_a_no_registers_nothing(talk):
    chat = talk("u1008")
    chat.say("鞋子能退吗", "return_goods")
    chat.say("不用了", "deny")

    assert [] == chat.cases()


def test_a_fault_is_registered_its_ways_are_told_and_one_is_chosen(talk):
    chat = talk("u1008")

    told = chat.say("跑鞋开胶了", "report_fault")
    ways = chat.replies()
    chosen = chat.say("换货", "exchange_goods")

    (case,) = chat.cases()
    assert ["退货退款", "换货", "维修"] == ways
    assert "照片或视频" in told and 1 == told.count("？")
    assert "按换货处理" in chosen
    assert "选择：换货" in case.summary


@pytest.mark.parametrize("heard", ["aftersale_progress", "claim_compensation", "modify_order", "inform"])
def test_a_tap_on_a_way_chooses_it_whatever_it_is_heard_as(talk, heard):
    chat = talk("u1006")
    chat.say("湿巾少发了一包", "wrong_or_missing")

    said = chat.say("仅退款", heard)

    (case,) = chat.cases()
    assert "按仅退款处理" in said
    assert "选择：仅退款" in case.summary


def test_a_tap_on_a_row_of_the_order_names_it_whatever_it_is_heard_as(talk):
    chat = talk("u1006")
    chat.say("不想要了 退货", "return_goods")

    said = chat.say("手口湿巾 8包", "wrong_or_missing")

    assert "无理由" in said
    assert [] == [case.type for case in chat.cases() if case.type == "wrong_or_missing"]


def test_a_question_after_choosing_chooses_nothing(talk):
    chat = talk("u1008")
    chat.say("跑鞋发错颜色了", "wrong_or_missing")
    chat.say("换货", "exchange_goods")

    told = chat.say("退货运费你们出吗", "return_goods")

    assert "寄回运费我们出" in told
    assert "选择：退货" not in chat.cases()[0].summary


def test_the_order_of_a_fault_stays_the_one_talked_about(talk, own):
    chat = talk("u1001")
    chat.say("青羽手机黑屏了", "report_fault")

    chat.say("那帮我报修", "repair_goods")

    (case,) = chat.cases()
    assert "选择：维修" in case.summary


def test_photos_sent_before_choosing_go_into_the_case(talk):
    chat = talk("u1008")
    chat.say("跑鞋开胶了", "report_fault")

    chat.say("[图片] 鞋头这里", "inform")

    assert "鞋头这里" in chat.cases()[0].summary


def test_a_return_after_its_time_is_refused_with_its_reason_and_faults_stay_ours(talk):
    chat = talk("u1001")

    refused = chat.say("面霜不喜欢 想退货", "return_goods")
    told = chat.say("其实是质量有问题 用了脸上发红", "report_fault")

    assert "已经结束" in refused and "质量" in refused
    assert chat.cases()[0].number in told


def test_of_several_rows_the_shopper_says_which_and_only_once(talk):
    chat = talk("u1006")

    asked = chat.say("纸尿裤那单我要退货", "return_goods", page=None)
    other = talk("u1006")
    other.say("不想要了 退货", "return_goods")
    rows = other.replies()
    told = other.say(rows[1], "inform")

    assert "不支持七天无理由" in asked  # named in the line: not asked
    assert ["云薄纸尿裤 L", "手口湿巾 8包"] == rows
    assert "哪一件" not in told


def test_what_a_box_under_way_holds_cannot_be_returned_but_what_came_can(talk, own):
    chat = talk("u1007")

    keyboard = chat.say("键盘按键失灵", "report_fault")

    assert "质量问题退货" in keyboard
    assert order_of(own, "u1007", "已发货").order_no == chat.cases()[0].order_no


def test_what_has_not_left_is_cancelled_instead_of_returned(talk, own):
    chat = talk("u1002")

    asked = chat.say("空气炸锅不想要了 退货", "return_goods")
    chat.say("好的", "affirm")

    assert "还没有发货" in asked and "取消订单" in asked
    assert OrderState.REFUNDING is own.order(order_no_in(chat), "u1002").state


def order_no_in(chat: Any) -> str:
    return chat.audited()[0][0].removeprefix("order:")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Stage.UNPAID, "直接取消"),
        (Stage.TO_PACK, "直接取消"),
        (Stage.UNDER_WAY, "当面拒收"),
        (Stage.REFUNDING, "已经在退款"),
    ],
)
def test_the_same_words_get_the_right_answer_before_on_the_way_and_after(talk, own, wanted, said):
    order = at_stage(own, wanted, alone=False)

    assert said in talk(order.buyer_id).say("不想要了 我要退货", "return_goods", page={"order_no": order.order_no})


def test_one_row_of_what_has_not_left_is_taken_out_and_the_rest_stays(talk, own):
    order = next(
        order
        for number in range(1009, 1301)
        for order in own.orders_of(f"u{number}", 50)
        if order.state == "待发货" and len({item.name for item in order.items}) == len(order.items) > 1
    )
    chat, page = talk(order.buyer_id), {"order_no": order.order_no}

    asked = chat.say(f"{order.items[0].name}不想要了 退货", "return_goods", page=page)
    chat.say("确认", "affirm", page=page)

    after = own.order(order.order_no, order.buyer_id)
    assert "整行去掉" in asked
    assert [item.sku_id for item in order.items[1:]] == [item.sku_id for item in after.items]


def test_an_order_in_refund_is_told_its_refund(talk):
    chat = talk("u1004")

    said = chat.say("冲锋衣我要退货", "return_goods")

    assert "已经在退款" in said and "799元" in said
    assert [] == chat.cases()


def test_missing_goods_within_the_limit_are_offered_and_above_it_promised_by_nobody(talk, own):
    cheap, dear = talk("u1006"), talk("u1008")

    offered = cheap.say("湿巾少发了一包", "wrong_or_missing")
    promised = dear.say("鞋子少发了一只", "wrong_or_missing")

    assert "补发" in offered and "不用寄回" in offered
    assert "审核" in promised
    for word in ("补发", "仅退款", "元"):
        assert word not in promised
    assert [1, 1] == [len(chat.cases()) for chat in (cheap, dear)]


def test_after_three_claims_in_ninety_days_a_human_decides(talk):
    for _ in range(3):
        talk("u1006").say("湿巾少发了一包", "wrong_or_missing")

    assert "审核" in talk("u1006").say("湿巾少发了一包", "wrong_or_missing")


def test_a_repair_without_a_warranty_says_so_and_what_there_is_instead(talk, own):
    said = talk("u1006").say("湿巾坏了 要修", "repair_goods")

    assert "没有写保修" in said
    assert "退货退款" in said


def test_a_refund_is_told_by_step_sum_and_day_and_a_late_one_calls_a_human(talk, own):
    order = order_of(own, "u1004", "退款中")
    chat = talk("u1004")

    said = chat.say("我的退款到哪了", "refund_progress")

    assert order.refund.step in said and "799元" in said and "超时" in said
    assert 1 == len(chat.wishes) and order.order_no in chat.wishes[0]


def test_a_parcel_shown_as_signed_is_looked_for_first_and_then_proved_by_the_courier(talk, own, today):
    order = order_of(own, "u1008", "已签收")
    last = order.parcels[0].traces[-1]
    fresh = replace(last, at=today)
    box = replace(order.parcels[0], traces=(*order.parcels[0].traces[:-1], fresh))
    just_signed = replace(order, parcels=(box,))
    chat = talk("u1008", of=Fails(own, "orders_of", lambda *_: [just_signed]))

    look = chat.say("显示签收了我没收到", "not_received")
    registered = chat.say("驿站和门卫都问了 没有", "inform")

    assert "问一下" in look
    (case,) = chat.cases()
    assert 1 == case.severity
    assert "签收凭证" in registered and case.number in registered


def test_a_parcel_that_is_not_signed_is_told_where_it_is(talk, own):
    order = order_of(own, "u1003", "已发货")

    assert order.parcels[0].waybill in talk("u1003").say("快递没收到", "not_received")


def test_a_shop_away_leaves_a_case_with_the_words(talk, own):
    chat = talk("u1008", of=Fails(own, "orders_of", away))

    said = chat.say("跑鞋开胶了", "report_fault")

    assert chat.cases()[0].number in said
    assert "跑鞋开胶了" in chat.cases()[0].summary


def test_a_stranger_proves_the_order_and_the_words_of_before_count(talk, own):
    order = order_of(own, "u1008", "已签收")
    chat = talk()
    chat.say("跑鞋开胶了 要换", "exchange_goods")
    chat.say(f"订单号{order.order_no}", "inform")

    said = chat.say(order.phone[-4:], "inform")

    assert "质量问题换货" in said
    assert "跑鞋开胶了" in chat.cases()[0].summary


def test_a_stranger_without_the_number_is_registered_with_all_that_was_said(talk):
    chat = talk()
    asked = chat.say("我要退货", "return_goods")
    said = chat.say("是上周买的那件黑色羽绒服", "inform")

    (case,) = chat.cases()
    assert "订单号" in asked
    assert case.number in said
    assert "我要退货\n是上周买的那件黑色羽绒服" == case.summary


def test_nothing_of_anothers_order_is_told_or_registered(talk, own):
    theirs = order_of(own, "u1008", "已签收")
    chat = talk("u1001")

    said = chat.say(f"订单{theirs.order_no}要退货", "return_goods")

    assert theirs.title not in said
    assert [] == chat.cases()


def test_a_turn_that_dies_registers_once(talk):
    chat = talk("u1008")
    chat.say("鞋子不合适 我要退货", "return_goods", lost=True)
    chat.say("鞋子不合适 我要退货", "return_goods")

    assert 1 == len(chat.cases())


def test_said_again_it_is_the_same_case(talk):
    chat = talk("u1008")
    chat.say("鞋子不合适 我要退货", "return_goods")

    again = chat.say("我要退货 怎么还没人理", "return_goods")

    (case,) = chat.cases()
    assert case.number in again and "没人理" in case.summary


def test_a_cancelled_order_needs_no_return(talk, own):
    order = at_stage(own, Stage.CLOSED, alone=False)

    said = talk(order.buyer_id).say("退货", "return_goods", page={"order_no": order.order_no})

    assert any(word in said for word in ("已经取消", "已经在退款"))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("收到就碎了", Problem.DAMAGED), ("杯子摔坏了", Problem.DAMAGED), ("用了两天不亮了", Problem.QUALITY),
        ("开胶", Problem.QUALITY), ("发错颜色了", Problem.WRONG), ("我买的是黑色来的是白色", Problem.WRONG),
        ("少发了一件", Problem.MISSING), ("配件没给装", Problem.MISSING), ("和图片色差太大", Problem.NOT_AS_DESCRIBED),
        ("不喜欢", None), ("尺码不合适", None), ("我要退货", None),
    ],
)  # fmt: skip
def test_what_is_the_matter_is_read_off_the_words(words, problem):
    assert problem is problem_of(words)


@pytest.mark.parametrize(
    ("words", "kind"),
    [("退货退款", RemedyKind.RETURN), ("仅退款", RemedyKind.REFUND_ONLY), ("换一个新的", RemedyKind.EXCHANGE),
     ("补发吧", RemedyKind.RESEND), ("给我修", RemedyKind.REPAIR), ("照片发你了", None)],
)  # fmt: skip
def test_a_way_is_chosen_by_its_name(words, kind):
    assert kind is remedy_named(words)


@pytest.mark.parametrize("words", ["能退吗", "运费谁出", "怎么退", "拆了还能退不", "我想问下能退吗"])
def test_a_question_is_no_application(words):
    assert is_question(words)


@pytest.mark.parametrize(
    "words", ["我要退货", "不想要了退掉", "帮我申请换货", "怎么这么差 我要退货", "什么破玩意 退货！"]
)
def test_an_application_is_no_question(words):
    assert not is_question(words)


def test_the_rules_are_those_of_the_settings_and_of_the_shops_catalogue():
    assert TakeReturn().rules is shop_rules()
    assert "留心生活旗舰店" == shop_rules().shop
