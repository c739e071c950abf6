"""Chinese as shoppers type it: one form for many spellings, what is read off a line, who wants a human."""

from __future__ import annotations

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.text import mask
from bot.text.attributes import asked_fields
from bot.text.faults import fault_named
from bot.text.human import asks_for_human
from bot.text.normalise import plain, spelling
from bot.text.patterns import find, marked

any_text = st.text(st.characters(codec=None), max_size=80)
chinese_text = st.text(
    "订单号多少钱轉後臺繁體，。？！１２３abcＡ😀 \u200b\ufe0f\u0301人工13800138000 202611221234567890", max_size=60
)
thorough = settings(max_examples=300, deadline=None, derandomize=True, database=None)


# One form for many spellings


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("這個多少錢", "这个多少钱"),
        ("後臺 發貨", "后台 发货"),
        ("在吗？？！", "在吗??!"),
        ("  在吗 　\n\t 亲 ", "在吗 亲"),
        ("人\u200b工\ufeff", "人工"),
        ("❤️好", "❤好"),
        ("①号", "1号"),
        ("㎏", "kg"),
        ("L码", "l码"),
        ("", ""),
        ("\u200b\u200b", ""),
        ("\ud800好", "好"),
    ],
)
def test_a_line_has_one_form_however_it_was_typed(typed, read):
    assert read == plain(typed).text


@given(any_text | chinese_text)
@example("ﷺ" * 5)
@example("\ud800\udc00")
@example("İ" * 3)
@thorough
def test_every_text_has_a_plain_form_and_every_sign_of_it_knows_its_place(typed):
    form = plain(typed)

    assert typed == form.original
    assert len(form.text) == len(form.at)
    assert list(form.at) == sorted(form.at)
    assert all(0 <= place < len(typed) for place in form.at)


@given(any_text | chinese_text)
@thorough
def test_the_place_of_a_sign_is_where_it_was_typed(typed):
    form = plain(typed)

    for sign, place in zip(form.text, form.at, strict=True):
        if sign.isascii() and sign.isalnum():
            assert sign in unicodedata.normalize("NFKC", typed[place]).lower()


@given(any_text | chinese_text)
@thorough
def test_a_plain_text_is_plain_already(typed):
    once = plain(typed).text

    assert once == plain(once).text or unicodedata.normalize("NFKC", once) != once


@given(any_text | chinese_text)
@thorough
def test_a_plain_text_has_nothing_unseen_in_it(typed):
    text = plain(typed).text

    assert text == text.strip(" ")
    assert "  " not in text
    assert all(unicodedata.category(sign) not in ("Cc", "Cf", "Cs") for sign in text)


def test_a_stretch_of_the_plain_text_is_found_in_what_was_typed():
    typed = "我要　　ＡＢ１２ 號"
    form = plain(typed)

    start = form.text.index("ab12")
    begin, end = form.span(start, start + 4)

    assert "ＡＢ１２" == typed[begin:end]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("转人攻", "转人工"),
        ("什么时候发或", "什么时候发货"),
        ("优惠卷", "优惠券"),
        ("报价保", "保价"),
        ("在吗？？？？", "在吗?"),
        ("好。。。。", "好。"),
    ],
)
def test_known_slips_are_mended_and_shouting_is_said_once(typed, meant):
    assert meant == spelling(plain(typed).text)


# What is read off a line


@pytest.mark.parametrize(
    ("line", "kind", "value"),
    [
        ("订单 202611221234567890 到哪了", "order_no", "202611221234567890"),
        ("订单号：202611221234567890", "order_no", "202611221234567890"),
        ("20261122123456789０", "order_no", "202611221234567890"),
        ("订单编号 10012345678", "order_no", "10012345678"),
        ("电话13800138000", "phone", "13800138000"),
        ("+86 138-0013-8000", "phone", "13800138000"),
        ("商品ID 13800138000 有货吗", "product_id", "13800138000"),
        ("商品编号：10000001", "product_id", "10000001"),
        ("尾号是8000", "phone_tail", "8000"),
        ("后四位8000", "phone_tail", "8000"),
        ("单号 SF1234567890123", "waybill", "SF1234567890123"),
        ("运单号773312345678901", "waybill", "773312345678901"),
        ("发圆通吗", "courier", "圆通速递"),
        ("身高175能穿吗", "height", "175"),
        ("175cm", "height", "175"),
        ("130斤穿什么码", "weight", "130斤"),
        ("体重65kg", "weight", "65kg"),
        ("脚长245mm", "foot_length", "245mm"),
        ("¥39.9", "amount", "39.9"),
        ("300块钱以内", "amount", "300"),
        ("用500积分换", "points", "500"),
        ("XL还有吗", "size", "XL"),
        ("42码有吗", "size", "42"),
        ("黑色的有吗", "colour", "黑色"),
        ("昨天下午买的", "date", "昨天下午"),
        ("浙江省杭州市西湖区文三路90号", "address", "浙江省杭州市西湖区文三路90号"),
        ("地址改成苏州市姑苏区梧桐里12号3幢501", "address", "苏州市姑苏区梧桐里12号3幢501"),
        ("寄到幸福小区3栋2单元501", "address", "幸福小区3栋2单元501"),
        ("新疆包邮不", "address", "新疆"),
        ("幾天能到臺灣", "address", "台湾"),
        ("订单号是那个六六八二零四五五一九", "order_no", "6682045519"),
        ("单号 W-5520-7714-08 付过了", "order_no", "W-5520-7714-08"),
        ("单号TB77450192836", "order_no", "TB77450192836"),
        ("取消 8803217745019", "order_no", "8803217745019"),
        ("中通73520049918836 到哪", "waybill", "73520049918836"),
        ("我的手几号15500003333", "phone", "15500003333"),
        ("能发京东吗", "courier", "京东物流"),
        ("一米七 一百六十斤", "height", "170"),
        ("身高1.65米", "height", "165"),
        ("165 98斤", "height", "165"),
        ("我172 130 穿M", "weight", "130"),
        ("一米七 一百六十斤", "weight", "160斤"),
        ("1米78，体重嘛大概一百五", "weight", "150"),
        ("脚长24.5", "foot_length", "24.5"),
        ("三百二的那单", "amount", "320"),
        ("差了十二块", "amount", "12"),
        ("预算两千手机有什么推荐", "amount", "2000"),
        ("昨天买2399今天2199", "amount", "2199"),
        ("扣完是76块4", "amount", "76.4"),
        ("应退12,480元", "amount", "12480"),
        ("那张满300减40的券", "coupon", "满300减40"),
        ("昨天领的五元券", "coupon", "五元券"),
        ("会员日发的8折券", "coupon", "8折券"),
        ("有没有运费券", "coupon", "运费券"),
        ("一千分抵几块", "points", "1000"),
        ("还有两千多分", "points", "2000"),
        ("170的校服裤短了换175", "size", "175"),
        ("改成M码thank you", "size", "M"),
        ("uk6是国内几码", "size", "UK6"),
        ("平时穿38的", "size", "38"),
        ("换成藏青色", "colour", "藏青色"),
        ("给我白的", "colour", "白"),
    ],
)
def test_what_a_line_names_is_found(line, kind, value):
    assert value in [hit.value for hit in find(line) if hit.kind == kind]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("商品ID 13800138000", "phone"),
        ("202611221380013800", "phone"),
        ("订单202611221234567890", "phone_tail"),
        ("满300减40", "phone_tail"),
        ("1234", "phone_tail"),
        ("买3件", "order_no"),
        ("2026年", "order_no"),
        ("SML", "size"),
        ("在吗", "address"),
        ("云南咖啡豆", "address"),
        ("大理石茶几", "address"),
        ("买了三件", "amount"),
        ("还要三天", "amount"),
        ("一块用不", "amount"),
        ("百元内的台灯", "amount"),
        ("胖妹妹一百七能塞进去不", "amount"),
        ("十分满意", "points"),
        ("5分好评", "points"),
        ("三分钟", "points"),
        ("床1米8的", "height"),
        ("沙发是L型的", "size"),
        ("type-c的", "size"),
        ("奶粉的溯源码", "colour"),
        ("口红颜色不喜欢", "colour"),
        ("税号91330106MA27", "order_no"),
        ("服务单号880231", "order_no"),
        ("放菜鸟驿站了", "courier"),
    ],
)
def test_what_a_line_does_not_name_is_not_found(line, kind):
    assert kind not in [hit.kind for hit in find(line)]


@pytest.mark.parametrize("line", ["8000", "是8000", "8000谢谢", "８０００", "尾号8000", "13800138000"])
def test_four_digits_are_a_phones_tail_when_we_asked_for_one(line):
    found = find(line, phone_tail_asked=True)

    assert ["8000"] == [hit.value for hit in found if hit.kind == "phone_tail"]


@pytest.mark.parametrize("line", ["80001", "我2026年11月买的8000块的", "800"])
def test_other_digits_are_none_even_then(line):
    assert "phone_tail" not in [hit.kind for hit in find(line, phone_tail_asked=True)]


CARDS = [
    ("咨询订单号:338126790054 商品ID:17755019832", {"order_no": "338126790054", "product_id": "17755019832"}),
    ("[订单编号:7100386254，订单金额:358，下单时间:2024/9/3]", {"order_no": "7100386254", "amount": "358", "date": "2024/9/3"}),
    ("查询订单号：77120045193， 商品号：13655201178", {"order_no": "77120045193", "product_id": "13655201178"}),
    ("由用户点击发送 [订单编号:552018846093，订单金额:，下单时间:NaN]", {"order_no": "552018846093"}),
    ("2024-03-02 09:41:55 订单编号: 4417290083 ￥88.80", {"order_no": "4417290083", "amount": "88.80", "date": "2024-03-02 09:41:55"}),
    ("918273645501200", {"order_no": "918273645501200"}),
    ("【订单号】6610938820415【实付】¥46.5", {"order_no": "6610938820415", "amount": "46.5"}),
    ("[订单编号：660175、订单金额：、下单时间：]", {"order_no": "660175"}),
    ("查询订单号:33790165842，商品号: 开票", {"order_no": "33790165842"}),
    ("［订单编号：２８８８１００３４４７５，订单金额：￥８９．９０］", {"order_no": "288810034475", "amount": "89.90"}),
    ("<订单 20240122897731>", {"order_no": "20240122897731"}),
    ("商品ID:18600417392 咨询订单号:245508119037", {"product_id": "18600417392", "order_no": "245508119037"}),
]  # fmt: skip


@pytest.mark.parametrize(("card", "parts"), CARDS)
def test_an_order_card_of_any_shape_is_read_even_with_half_of_it_empty(card, parts):
    assert parts == {hit.kind: hit.value for hit in find(card)}


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "三",
        "a1",
        "1.",
        "1,",
        "1-",
        "👍",
        "\u200b",
        "市区路",
        "花路1",
        "退了",
        "三百",
        "1块",
        "1月",
        "单号 ",
        "北京1号",
        "满",
        "券",
        "上",
        "高1",
    ],
)
def test_the_work_grows_with_the_line_and_no_faster(unit):
    short, long = ((unit * 40_000)[:size] for size in (2_000, 16_000))

    took = [min(timed(text) for _ in range(3)) for text in (short, long)]

    assert took[1] < 32 * took[0] + 0.02


def timed(text: str) -> float:
    """CPU seconds of reading *text*."""
    begun = time.process_time()
    find(text)
    return time.process_time() - begun


@given(any_text | chinese_text, st.booleans())
@thorough
def test_whatever_is_found_stands_where_it_is_said_to_stand(typed, asked):
    found = find(typed, phone_tail_asked=asked)

    for hit in found:
        assert 0 <= hit.start < hit.end <= len(typed)
        if hit.kind not in ("courier", "amount", "points", "height", "weight", "foot_length", "order_no", "phone"):
            assert set(plain(hit.value).text) & set(plain(typed[hit.start : hit.end]).text)
    apart = [hit for hit in found if hit.kind != "phone_tail"]
    assert all(one.end <= other.start for one, other in pairwise(apart))


def test_numbers_of_one_kind_are_one_to_whoever_learns_from_them():
    one, other = "订单202611221234567890到哪了", "订单202601010000000001到哪了"

    assert marked(one, find(one)) == marked(other, find(other))
    assert "2026" not in marked(one, find(one))


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("退我300块", "退我〔金额〕块"),
        ("现在拍是199吗", "现在拍是000吗"),
        ("新疆包邮吗", "新疆包邮吗"),
        ("寄到幸福小区3栋2单元", "寄到〔地址〕"),
    ],
)
def test_only_what_has_a_shape_of_its_own_is_hidden_from_whoever_learns(line, seen):
    assert seen == marked(line, find(line))


# A human, please

WANTS_A_HUMAN = """
转人工|人工|人工客服|人工服务|转人工客服|转接人工|转人工服务|我要人工|我要转人工|我要人工客服|请转人工|帮我转人工|麻烦转人工|麻烦转一下人工|能转人工吗
可以转人工吗|能不能转人工|可不可以转人工|给我转人工|快转人工|赶紧转人工|直接转人工|马上转人工|转人工！！！|转人工啊|转人工吧|转人工谢谢|人工人工|人工呢|人工！
找人工|找人工客服|我要找人工|我想找人工客服|叫人工|叫个人工|换人工|换人工来|联系人工|呼叫人工|接人工|来个人工|真人|我要真人|找真人|真人客服|我要找真人客服
要活人|叫个活人来|我要跟真人说话|不要机器人，我要人工|别机器人回复了给我找人工|轉人工|转 人 工|转人攻|zhuanrengong|找你们经理|叫你们领导来|我要找你们主管|叫老板来|亲，转人工
""".replace("\n", "|")

DOES_NOT = """
人工智能是什么|这是人工皮吗|人工费多少|安装人工费怎么算|人工草坪多少钱|是人工合成的吗|不用转人工|不要转人工|先不转人工|别转人工|不需要人工|不用人工了谢谢|没必要转人工
转人工要多久|转人工要钱吗|你是人工吗|你是真人吗|你是机器人吗|在吗|客服你好|快递员电话多少|机器人多少钱|扫地机器人怎么用|这个扫拖机器人好用吗|经理推荐款|老板大气
人工降雨|领导用的礼盒有吗|真人实拍吗|模特是真人吗
""".replace("\n", "|")


def phrases(text: str) -> list[str]:
    return [phrase for phrase in text.split("|") if phrase]


def test_there_are_sixty_ways_to_call_a_human_and_thirty_that_look_alike():
    assert (60, 30) <= (len(set(phrases(WANTS_A_HUMAN))), len(set(phrases(DOES_NOT))))


@pytest.mark.parametrize("line", phrases(WANTS_A_HUMAN))
def test_who_wants_a_human_is_understood_without_any_model(line):
    assert asks_for_human(line)


@pytest.mark.parametrize("line", phrases(DOES_NOT))
def test_who_does_not_ask_for_a_human_is_left_with_the_bot(line):
    assert not asks_for_human(line)


@given(any_text | st.text("转人工找真活客服不要机器 ", max_size=100))
@settings(max_examples=300, deadline=500, derandomize=True, database=None)
def test_no_text_makes_the_question_for_a_human_fall_or_dawdle(typed):
    assert asks_for_human(typed) in (True, False)


# Other words


@pytest.mark.parametrize(
    ("full", "shown"), [("张三丰", "张**"), ("王五", "王*"), ("李", "李"), ("", ""), ("欧阳娜娜", "欧***")]
)
def test_a_name_is_shown_by_its_first_sign(full, shown):
    assert shown == mask.name(full)


@pytest.mark.parametrize(("number", "shown"), [("13800138000", "138****8000"), ("8000", "****"), ("", "")])
def test_a_phone_is_shown_without_its_middle(number, shown):
    assert shown == mask.phone(number)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("都五天了还没发货", "发货"),
        ("快递太慢了", "物流"),
        ("退款怎么还不到账", "退款"),
        ("收到就是坏的", "质量"),
        ("客服态度太差了", "服务"),
        ("刚买就降价", "价格"),
        ("少了一件", "收到的东西"),
    ],
)
def test_an_apology_names_what_went_wrong(said, named):
    assert named in fault_named(said)


def test_an_apology_for_what_was_not_said_names_nothing_particular():
    assert "不好的体验" in fault_named("我要投诉")


FIELDS = ("面料", "厚薄", "产地", "净重", "电池容量", "续航时间", "执行标准")


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("产地是哪里", "产地"),
        ("这个是什么料子的", "面料"),
        ("是纯棉的吗", "面料"),
        ("能用多久", "续航时间"),
        ("夏天穿会不会厚", "厚薄"),
        ("多重啊", "净重"),
        ("哪产的", "产地"),
    ],
)
def test_a_question_is_led_to_the_field_that_answers_it(question, field):
    assert field == asked_fields(question, FIELDS)[0]


def test_a_field_named_outright_comes_alone():
    assert ["电池容量"] == asked_fields("电池容量多大", FIELDS)


def test_a_question_no_field_answers_is_led_to_none():
    assert [] == asked_fields("老板人好吗", FIELDS)
    assert [] == asked_fields("是纯棉的吗", ["功率"])
