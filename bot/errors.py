"""Every error of ours: facts for the log, words for the shopper.

    BotError
    ├── ShopError                  the shop's own system
    │   ├── ShopUnavailable        no answer in time; asking later may work
    │   ├── ShopRefused            the shop will not do what was asked, and says why
    │   ├── BadPromotion           a promotion, coupon or rule of price that makes no sense
    │   ├── BadBasket              a basket that nobody can buy
    │   ├── ProductNotFound        no such product
    │   └── OrderNotFound          no such order, or not this person's (never says which)
    ├── TalkError                  a line or a conversation
    │   ├── ConversationNotFound   no such conversation, or not this session's
    │   ├── ClientIdReused         same client_msg_id, other words
    │   ├── LineTooLong            over the limit of characters
    │   └── StaleTurn              somebody else owns the conversation now; nothing was written
    ├── IdentityError              a token that proves nothing
    │   ├── BadToken               forged, expired, or for somebody else
    │   └── UsedToken              a signed identity shown a second time
    ├── KnowledgeError             the shop's questions and answers
    │   ├── BadEntry               an entry that cannot be kept; every fault is named, nothing was saved
    │   └── EntryNotFound          no such entry, or not in this version
    └── SetupError                 the operator must act; printed by the command line
        ├── NeedsTensorFlow        a stand-in was used, or a pipeline names a TensorFlow component
        ├── NoModel                no trained model fits the data
        ├── BadRules               a shop's rules cannot be read; every fault is named
        └── BadSetting             a setting is missing, weak or contradicts another

`utter` names the response in `domain.yml` that a shopper reads; `tests/test_house.py` holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping


class BotError(Exception):
    """Something of ours went wrong; the shopper is told, and what happens next."""

    utter = "utter_something_failed"
    places: Mapping[str, str] = {}  #: what fills the places of `utter`


class ShopError(BotError):
    """The shop's own system did not give what was asked."""

    utter = "utter_shop_unavailable"


class ShopUnavailable(ShopError):
    """The shop did not answer within `waited_s` seconds; asking later may work."""

    utter = "utter_shop_unavailable"

    def __init__(self, call: str, waited_s: float) -> None:
        super().__init__(f"{call}: no answer in {waited_s:.1f} s")
        self.call = call
        self.waited_s = waited_s


class ShopRefused(ShopError):
    """The shop will not do it and nothing was changed; the shopper is told why and what instead."""

    utter = "utter_shop_refused"

    def __init__(self, kind: str, order_no: str, reason: str, instead: str, way: str) -> None:
        super().__init__(f"{kind} refused for order ending {order_no[-4:]!r}, next: {way}")
        self.reason = reason
        self.instead = instead
        self.way = way  #: a `bot.shop.refusals.Way`
        self.places = {"reason": reason, "instead": instead}


class BadPromotion(ShopError):
    """A promotion, coupon or rule of price makes no sense; nothing was saved or reckoned with it."""

    def __init__(self, title: str, reason: str) -> None:
        super().__init__(f"「{title}」{reason}")
        self.title = title
        self.reason = reason  #: for the shop's staff


class BadBasket(ShopError):
    """A basket that nobody can buy; nothing was reckoned."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"「{name}」{reason}")
        self.name = name
        self.reason = reason


class ProductNotFound(ShopError):
    """The shop has no product with this id."""

    utter = "utter_product_not_found"

    def __init__(self, product_id: str) -> None:
        super().__init__(f"no product {product_id!r}")
        self.product_id = product_id


class OrderNotFound(ShopError):
    """No such order, or not this person's. The two are never told apart."""

    utter = "utter_order_not_found"

    def __init__(self, order_no: str) -> None:
        super().__init__(f"no order ending {order_no[-4:]!r} for this person")
        self.order_no = order_no


class TalkError(BotError):
    """A line or a conversation is not as it should be."""


class ConversationNotFound(TalkError):
    """No such conversation, or not this session's."""

    utter = "utter_conversation_not_found"

    def __init__(self, conversation_id: str) -> None:
        super().__init__(f"no conversation {conversation_id!r} for this session")


class ClientIdReused(TalkError):
    """The same client_msg_id came with other words: a fault of the client, nothing was stored."""

    utter = "utter_client_id_reused"

    def __init__(self, client_msg_id: str) -> None:
        super().__init__(f"client_msg_id {client_msg_id!r} was used for another line")


class LineTooLong(TalkError):
    """The line has more characters than we take."""

    utter = "utter_line_too_long"

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"{length} characters, limit {limit}")
        self.limit = limit


class StaleTurn(TalkError):
    """The conversation changed hands during the turn; nothing of the turn was written."""

    def __init__(self, conversation_id: str, fence: int) -> None:
        super().__init__(f"conversation {conversation_id}: fence {fence} no longer holds")


class IdentityError(BotError):
    """A token that proves nothing."""

    utter = "utter_bad_token"


class BadToken(IdentityError):
    """Forged, expired, or made for somebody else."""

    utter = "utter_bad_token"


class UsedToken(IdentityError):
    """A signed identity was shown a second time."""

    utter = "utter_used_token"


class KnowledgeError(BotError):
    """The shop's questions and answers; read by staff at the desk, never by a shopper."""


class BadEntry(KnowledgeError):
    """An entry cannot be kept; `reasons` say why, in Chinese for whoever wrote it. Nothing of it was saved."""

    def __init__(self, entry_id: str, reasons: list[str]) -> None:
        super().__init__(f"{entry_id}：{'；'.join(reasons)}")
        self.entry_id = entry_id
        self.reasons = reasons


class EntryNotFound(KnowledgeError):
    """There is no such entry, or it never had this version."""

    def __init__(self, entry_id: str, version: int | None = None) -> None:
        super().__init__(f"没有条目 {entry_id}" + (f" 的第 {version} 版" if version else ""))


class SetupError(BotError):
    """The operator must act; the command line prints this and stops."""


class NeedsTensorFlow(SetupError, ImportError):
    """A part of Rasa that needs a package this environment leaves out was used."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is not in this environment: Liuxin runs Rasa without TensorFlow and without the clients of "
            f"other channels and brokers. To use it, train and serve stock Rasa 3.6.21 in a Python 3.10 environment "
            f"of its own (see docs/decisions/0001-rasa-without-tensorflow.md)."
        )
        self.name = name


class NoModel(SetupError):
    """No trained model fits the data in the working folder."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"no model in {folder} fits domain.yml, config.yml and data/: run `make train`")


class BadRules(SetupError):
    """A shop's rules cannot be read; `reasons` name every fault for the shop's owner."""

    def __init__(self, path: str, reasons: list[str]) -> None:
        super().__init__("；".join([path, *reasons]))
        self.reasons = reasons


class BadSetting(SetupError):
    """A setting is missing, weak or contradicts another."""
