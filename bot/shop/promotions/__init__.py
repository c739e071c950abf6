"""The promotion calculator: what a basket costs with everything that may be used on it, to the fen, and why (row B4).

Pure, integer fen. **The order of application**, each step on what the one before left:

1. 会员价        a member's percentage of each piece's price as marked
2. 折扣          a percentage of each piece, or of every second, third … piece of a product (the cheaper ones);
                 a price is rounded to the fen, half a fen upwards
3. 满减          once, from its threshold
4. 每满减        for each full threshold
5. 券            coupons in hand
6. 积分          points: at most their share of the goods
7. 运费          freight by province or weight, free from the shop's threshold; then 包邮 and 运费券
8. 赠品          gifts, while there are any

Inside a step the narrower scope comes first (products, categories, the whole shop), then what takes off more, then the
coupon that expires sooner, then the lower number.

**Thresholds** of steps 1 and 2 are measured on prices as marked, all others (freight and gifts too) on prices after
step 2, whatever steps 3 to 6 take off: an offer never spoils another's threshold. What is taken off never exceeds
what is left of the goods it is taken from.

**Beside each other** stand two offers if each names the other's kind in `stacks_with`. If not:

* steps 1 to 4 exclude by goods: an offer that takes something off claims all goods of its scope that are still open
  to it; a later step that may not stand beside it counts and touches only the other goods;
* coupons, 包邮 and gifts exclude each other on the whole order. At most one 包邮 is used.

**The best combination** is the choice of offers, coupons included, for which this order leaves least to pay (gifts have
no price: they come on top). If offers take so much off that goods become free, rounding may hide a better one by at
most a fen an offer. `Quote.proven` says whether every choice that could be better was looked at.

**Shares.** What an offer takes off is split over its goods by what was left to pay for each, largest remainder first:
the sum is exact, and `PaidLine.paid_fen` is what a refund pays back (`bot.shop.shares.part` for single pieces).

**One item more** never costs more than its own price as marked, plus what its weight adds to the freight as marked:
what the others cost then never rises. (Shares may move: a fixed 满减 is spread over more goods.)
"""

from __future__ import annotations

from bot.shop.promotions.bargaining import Bargain, Concession, bargain
from bot.shop.promotions.basket import BasketLine, Shopper, line_of
from bot.shop.promotions.filling import Gap, gaps
from bot.shop.promotions.quoting import quote
from bot.shop.promotions.records import PaidLine, Quote, Step, Unused
from bot.shop.promotions.rules import checked, covers, sound

__all__ = [
    "Bargain",
    "BasketLine",
    "Concession",
    "Gap",
    "PaidLine",
    "Quote",
    "Shopper",
    "Step",
    "Unused",
    "bargain",
    "checked",
    "covers",
    "gaps",
    "line_of",
    "quote",
    "sound",
]
