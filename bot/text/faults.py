"""The fault a complaint is about, for an apology that names it (pure, row D7)."""

from __future__ import annotations

import re

_FAULTS = (
    (re.compile(r"发货|出货|还没发"), "发货让您等了这么久"),
    (re.compile(r"物流|快递|派送|送货|配送"), "物流没有让您满意"),
    (re.compile(r"退款|退钱|到账"), "退款让您等了这么久"),
    (re.compile(r"质量|坏|破|漏|假|次品|瑕疵"), "商品质量出了问题"),
    (re.compile(r"态度|客服|不理|敷衍|机器人|回复"), "服务没有做好"),
    (re.compile(r"价|贵|优惠|活动|券|宣传|说好"), "价格或活动与说明不一致"),
    (re.compile(r"少|错|漏发|不符|不一样"), "收到的东西不对"),
)


def fault_named(text: str) -> str:
    """The fault in words that can begin an apology; a general one if none is recognised."""
    return next((words for pattern, words in _FAULTS if pattern.search(text)), "给您带来不好的体验")
