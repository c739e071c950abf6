"""A clear wish for a human: honoured at once by whoever sees it first, also with the brain dead (row A5, T22)."""

from __future__ import annotations

import re

from bot.text.normalise import plain, spelling

_HUMAN = r"(?:人工客服|人工服务|人工|真人客服|真人|活人|真客服|客服人员|客服专员|人工坐席|坐席)"
_LEAD = r"(?:主管|经理|领导|负责人|老板|店长|值班经理)"
_FIRST = (
    r"(?:我要|我想|要|想|请|麻烦|帮我|给我|能不能|能|可以|可不可以|快|赶紧|直接|马上|立刻|求|那就|还是|亲|你好|,|\s)*"
)
_CALL = r"(?:转接到|转接|转到|转给|转|找个|找|叫个|叫|换个|换|接|联系|呼叫|召唤|来个|来位|来|要个|要|安排个|安排|让|喊|连线|上)"
_LAST = r"(?:来|接|服务|客服|回复|说话|处理|沟通|一下|下|吧|啊|呀|吗|嘛|呢|谢谢|行不|行吗|好吗|可以吗|聊|说|接听|接待|跟我说|[!?~。.,\s])*"
_ASKS = re.compile(
    rf"^{_FIRST}{_CALL}(?:一个|一位|个|位|下|一下|你们|你们的)?(?:{_HUMAN}|{_LEAD}){_LAST}$"
    rf"|^{_FIRST}{_HUMAN}(?:[,!\s]*{_HUMAN}){{0,5}}{_LAST}$"
    r"|转\s*(?:接)?\s*人\s*工(?!智能|费|成本)"
    r"|zhuan\s*ren\s*gong|^ren\s*gong$"
    rf"|(?:不要|不想|别|不跟|不和)(?:再)?(?:跟|和|用|给我)?(?:机器人|ai|智能客服|机器)(?:聊|说|回复|回答|讲)?.{{0,6}}(?:要|找|换|转|叫).{{0,4}}{_HUMAN}"
    rf"|我(?:要|想)(?:找|和|跟|要)?(?:你们|个)?(?:{_HUMAN}|{_LEAD})"
)
_NOT = re.compile(
    r"(?:不用|不要|不需要|别|无需|没必要|不想|先不|不必)(?:再|给我|帮我)?(?:转|找|叫)?(?:接)?(?:人工|真人)"
    r"|人工(?:费|智能|成本|皮|草|钻|合成|养殖|湖|呼吸|降雨|授粉)|转人工(?:了吗|是什么|要多久|要钱|收费)"
)


def asks_for_human(text: str) -> bool:
    """Whether *text* clearly asks for a human and for nothing else that we could mistake it for."""
    words = spelling(plain(text).text)
    if len(words) > 60 or _NOT.search(words):
        return False
    return _ASKS.search(words) is not None
