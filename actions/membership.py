"""Tier, points, coupons of a signed-in shopper."""

from __future__ import annotations

import re

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events
from actions.deals import asks_why_not, tell_why_not
from actions.knowing import told
from actions.ordering import SHOP_TIME
from actions.requests import TakeRequest
from bot.shop.facts import Buyer
from bot.talk.turn import Turn

#: What the shopper's own record answers, and no general rule.
_OWN = re.compile(r"我[的有现是在还]|多少|几[张个分]|查|有没有|有[吗么]|看看|哪些|余额|还剩|什么等级|啥等级")


class AboutBuyer(Answer):
    """An answer about the signed-in shopper; asks to sign in otherwise."""

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        if not _OWN.search(turn.text) and told(say, turn):
            return None
        buyer = turn.shop.buyer(turn.buyer_id) if turn.buyer_id else None
        if buyer is None:
            self.about_nobody(say, turn)
        else:
            self.about(buyer, say, turn)
        return None

    def about_nobody(self, say: CollectingDispatcher, turn: Turn) -> None:
        """Say what can be said without knowing who asks."""
        say.utter_message(response="utter_sign_in_first")

    def about(self, buyer: Buyer, say: CollectingDispatcher, turn: Turn) -> None:
        """Say the answer about *buyer*."""


class TellTier(AboutBuyer):
    """Says the shopper's tier and its benefits; to the anonymous, all tiers."""

    def name(self) -> str:
        return "action_tell_tier"

    def about_nobody(self, say: CollectingDispatcher, turn: Turn) -> None:
        tiers = turn.shop.terms().tiers
        say.utter_message(response="utter_tiers", tiers="；".join(f"{name}：{gives}" for name, gives in tiers.items()))

    def about(self, buyer: Buyer, say: CollectingDispatcher, turn: Turn) -> None:
        gives = turn.shop.terms().tiers.get(buyer.tier)
        say.utter_message(response="utter_tier", tier=buyer.tier, benefits=f"权益：{gives}。" if gives else "")


class TellPoints(AboutBuyer):
    """Says how many points the shopper has."""

    def name(self) -> str:
        return "action_tell_points"

    def about(self, buyer: Buyer, say: CollectingDispatcher, turn: Turn) -> None:
        say.utter_message(response="utter_points", points=buyer.points)


class TellCoupons(AboutBuyer):
    """Says which coupons can be used, and how many are gone; of goods in talk, why a coupon takes nothing off them."""

    def name(self) -> str:
        return "action_tell_coupons"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        why_not = tell_why_not(tracker, say, turn) if asks_why_not(turn.text) else None
        return why_not if why_not is not None else super().answer(tracker, say, turn)

    def about(self, buyer: Buyer, say: CollectingDispatcher, turn: Turn) -> None:
        coupons = turn.shop.coupons_of(buyer.id)
        usable = [coupon for coupon in coupons if coupon.used_at is None and coupon.expires_at > turn.now]
        if not usable:
            gone = f"有{len(coupons)}张已经用过或过期。" if coupons else ""
            say.utter_message(response="utter_no_coupons", gone=gone)
            return
        words = "；".join(
            f"{coupon.title}（{coupon.expires_at.astimezone(SHOP_TIME):%m月%d日}到期）" for coupon in usable[:6]
        )
        say.utter_message(response="utter_coupons", count=len(usable), coupons=words)


class TakeRedemption(TakeRequest):
    """Registers a wish to redeem points."""

    matter = "积分兑换"

    def name(self) -> str:
        return "action_take_redemption"
