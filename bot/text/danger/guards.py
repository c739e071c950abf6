"""When words of danger tell of none: denied, feared, supposed, asked before buying, or part of what a thing is called."""

from __future__ import annotations

import re

_ENDS = re.compile(r"[,。!?;、…~\s:]")
_SENTENCE = re.compile(r"[。!?;\n]")
_DENIED = re.compile(
    r"(?<!差点)(?<!差点儿)(?<!是)(?:没有?|没人|未|无|不(?:会|能|再|可能|容易|至于)?|别|免得|省得|以免|避免|防止?|以防|预防|杜绝|减少|降低|拒绝|零)"
    r"(?:会|有|再|被|让|发生|出现|引起|导致|造成|产生|任何|什么|过|人|因为|那么|太|很|容易|怎么)*$"
)
_SUPPOSED = re.compile(
    r"(?<!恐)(?<!不)怕|担心|如果|要是|假如|假设|倘若|若是?|万一|会不会|会否|是否|能不能会|可能会|差评说|评价说|听说|据说|网上说|有人说|评论说|看评价|容易"
)
#: Already eaten or done: then a question is no question.
_DONE = re.compile(r"(?:已经|刚|刚才|刚刚|都)(?:给)?(?:吃|喝|用|吞|涂|抹|咽|闻)(?:了|下)")
_FEARED = re.compile(r"怕|会不会|不会|能不能")
_REAL = re.compile(r"现在|已经|刚|昨|今[天早]|结果|真的|果然|突然")
_ASKED = re.compile(
    r"吗|(?<![怎什这那多])么|嘛|(?:不|没|不是)$|对吧|是吧|多少|哪[个款种些里]|有用|大不大|快不快|香不|多久|好不好|会怎么?样|能用|可以用|怎么(?:用|选|配|弄掉)|是什么|是怎么回事"
)
#: 知道吗, 有人管吗, 可以退吗 … ask nothing about the danger.
_REPROACH = re.compile(
    r"(?:你们?|有人)?(?:知道|晓得|懂|明白|清楚|看到|在|负责|管|听到|看见)了?吗|(?:管|负责|赔|处理)不(?:管|负责|赔|处理)|(?:能|可以|包|给|支持)(?:不能|不可以)?.{0,2}[退换赔].{0,2}[吗么不]"
)
_PERFECT = re.compile(r"^(?:了|得|成|死|到我|在我)")
_PERFECT_ASKED = re.compile(r"^了?(?:吗|么|没|没有)(?:$|[,。!?\s])")
_KIND_OF = re.compile(
    r"^[的是]?〇|^(?:了?(?:用|选|买|涂|敷|抹)(?:哪|什么))|^(?:的)?(?:那种|那款|保护|险|测试|检测|专用|用的|药|膏|器|仪|卡套?|贴|衣|手套|面罩|面具|游戏|电影|概率|风险|几率|可能|点是|等级|功能|报警|怎么补|特效|玩具)|^的话|^.{0,8}的话"
)
_WANTS = re.compile(
    r"推荐|礼物|领带|有货|现货|多少钱|哪[款种个]|怎么(?:用|选|清理|退|赔|操作)|想?买|想换|下单|适合|温和|有(?:没有|.{1,6}吗)|含.{1,6}吗|成分|配料|配方|能(?:不能)?.{0,3}(?:用|吃|喝|戴|贴|穿|涂|退|赔|换|染)|可以.{0,3}(?:用|吃|喝|戴|贴|穿|涂|退|赔|换)"
    r"|包退|包赔|支持|退[吗不么]|行[吗不么]|小样|试试|用什么|涂什么|喝什么|买什么|吃什么|正常吗|回购|好用|什么意思|药膏|地址|送到|寄到"
)
_CAUSE = re.compile(
    r"[用吃喝]得|[用吃喝涂抹戴穿]过敏|用(?:了|完|着|后|你)|用.{0,4}[天次晚周月](?:了|后|就|,|\s|$)|[用吃喝涂抹擦敷戴穿贴洗染喷闻滴粘尝咬](?:了|完|着|上|的你|.{0,2}就|你)|一[用吃喝涂抹擦敷戴穿贴喷].{0,3}(?:就|,|\s)|开封|打开"
    r"|你们?(?:的|家|那|这个|说)|你家|因为你|害[我得]|导致|昨[天晚]|今[天早]|前天|刚|早上|早起|晚上|一晚|半夜|现在|突然|已经|一直|开始|结果|被|染完|下巴|全脸|脸上|身上|脖子|单子|诊断"
)
_ELSEWHERE = re.compile(r"别家|别的[牌店]|其[他它][牌店]|某牌|以前用|之前用别|从小|天生|遗传|换季|一到")
_OURS = re.compile(r"[用吃喝涂抹穿戴买](?:了|过|完|的)?你们?")


def harmless(text: str, start: int, end: int) -> bool:
    """Whether the words at *start* … *end* - 1 of a prepared line are denied, feared, supposed, asked or a name."""
    before, after = _clause_before(text, start), _clause_after(text, end)
    if _DENIED.search(before) or _KIND_OF.search(after) or _FEARED.search(text, start, end):
        return True
    return not _DONE.search(text) and (_supposed(text, start) or _asked(before, after))


def wants_to_know(text: str) -> bool:
    """Whether a line asks to buy or for a rule, or speaks of somebody else's goods, and names no cause of its own."""
    return _elsewhere(text) or (_WANTS.search(text) is not None and _CAUSE.search(text) is None)


def caused(text: str) -> bool:
    """Whether a line says what was done before it happened and asks no advice for buying."""
    return _CAUSE.search(text) is not None and _WANTS.search(text) is None and not _elsewhere(text)


def _elsewhere(text: str) -> bool:
    return _ELSEWHERE.search(text) is not None and _OURS.search(text) is None


def _clause_before(text: str, start: int) -> str:
    clause = text[max(0, start - 16) : start]
    ends = list(_ENDS.finditer(clause))
    return clause[ends[-1].end() :] if ends else clause


def _clause_after(text: str, end: int) -> str:
    clause = text[end : end + 16]
    stop = _ENDS.search(clause)
    return clause[: stop.start()] if stop else clause


def _supposed(text: str, start: int) -> bool:
    """如果, 要是, 怕 … shortly before, in the same sentence, and nothing that says it is real between."""
    before = _SENTENCE.split(text[max(0, start - 14) : start])[-1]
    found = list(_SUPPOSED.finditer(before))
    return bool(found) and not _REAL.search(before[found[-1].end() :])


def _asked(before: str, after: str) -> bool:
    if before.endswith("会") and after.startswith("吧"):
        return True
    if _PERFECT.search(after):
        return _PERFECT_ASKED.search(after) is not None
    return _ASKED.search(_REPROACH.sub("", after)) is not None
