"""What no field of the catalogue answers: looked up in the shop's own questions and answers, else asked of the staff
(rows B7, E8). No action stands here."""

from __future__ import annotations

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, open_case
from actions.requests import known_case
from bot.handoff.promise import in_words, request_by
from bot.shop.facts import Product
from bot.store import cases, knowledge
from bot.store.cases import CaseFacts
from bot.talk.turn import Turn

QUESTION = "question"  #: type of the case by which staff are asked
_MOST_FIELDS = 8


def told(say: CollectingDispatcher, turn: Turn, product: Product | None = None) -> bool:
    """Answer the line from the shop's questions and answers, with the source; False if none surely answers it."""
    if turn.knowledge is None or not turn.text.strip():
        return False
    category = product.category if product else None
    hit = turn.knowledge.find(turn.text, now=turn.now, product=product.id if product else None, category=category)
    if hit is None:
        return False
    source = {"entry": hit.entry_id, "version": hit.version, "words": hit.source}
    say.utter_message(response="utter_knowledge", answer=hit.answer, json_message={"source": source})
    return True


def unanswered(turn: Turn) -> None:
    """Keep the line as a question that nobody could answer: staff see what is asked often."""
    if turn.text.strip():
        knowledge.record_unanswered(turn.session, (turn.conversation_id, turn.seq), turn.text, turn.now)


def told_or_unanswered(say: CollectingDispatcher, turn: Turn, product: Product | None = None) -> bool:
    """As `told`; what is not answered is kept."""
    if told(say, turn, product):
        return True
    if turn.knowledge is not None:
        unanswered(turn)
    return False


def ask_staff(say: CollectingDispatcher, turn: Turn, product: Product, what: str) -> Events:
    """The page has no word of *what*: say so, and ask the staff; a second question goes to the same case."""
    if told(say, turn, product):
        return []
    unanswered(turn)
    case = known_case(turn, QUESTION)
    if case is None:
        facts = CaseFacts(
            QUESTION, severity=3, summary=f"{product.short_name}：{turn.text}", promised_at=request_by(turn.now),
            product_id=product.id,
        )  # fmt: skip
        case = open_case(turn, facts)
    else:
        cases.add_words(turn.session, case.number, turn.claim.customer_id, f"{product.short_name}：{turn.text}")
    known = "、".join(list(product.attributes)[:_MOST_FIELDS])
    say.utter_message(
        response="utter_attribute_missing", name=product.short_name, what=what, number=case.number,
        promised=in_words(case.promised_at, turn.now), known=f"详情里写到的有：{known}。" if known else "",
    )  # fmt: skip
    return [SlotSet("case_number", case.number)]
