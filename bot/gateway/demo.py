"""The demo storefront: pages of a shop that does not exist, so that the chat can be tried like a shopper would.

Mounted in demo mode only. "Signing in" is a choice from a list; the cookie `demo_buyer` holds nothing but its id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Request, Response
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel

from bot.errors import ProductNotFound, ShopUnavailable
from bot.gateway.pictures import picture
from bot.shop.facts import Order, Parcel, Product, Shop, Sku

_FOLDER = Path(__file__).parent / "storefront"
_FILES = {"storefront.css": "text/css", "storefront.js": "text/javascript", "icon.svg": "image/svg+xml"}
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_COOKIE = "demo_buyer"

ProductId = Annotated[str, PathParameter(pattern=r"^[0-9]{8,11}$")]
ChosenBuyer = Annotated[str | None, Cookie(alias=_COOKIE)]


class Choice(BaseModel):
    """Who the visitor wants to be; None signs out."""

    buyer_id: str | None


def router(shop: Shop, buyers: Sequence[tuple[str, str]], sign_identity: Callable[[str], str]) -> APIRouter:
    """The storefront of *shop*; *buyers* are (id, description) of those a visitor may be."""
    known = dict(buyers)
    routes = APIRouter(include_in_schema=False, route_class=_ShopRoute)
    _add_pages(routes)
    _add_goods(routes, shop)
    _add_shoppers(routes, shop, known, sign_identity)
    return routes


class _ShopRoute(APIRoute):
    """The edge at which the shop's errors become answers."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except ProductNotFound:
                return _refusal(404, "product_not_found", "没有这件商品")
            except ShopUnavailable:
                return _refusal(503, "shop_unavailable", "店铺系统暂时没有回应，请稍后再试")

        return answer


def _add_pages(routes: APIRouter) -> None:
    @routes.get("/")
    def index() -> Response:
        return _page("index.html")

    @routes.get("/p/{product_id}")
    def product_page(product_id: ProductId) -> Response:
        return _page("product.html")

    @routes.get("/orders")
    def orders_page() -> Response:
        return _page("orders.html")

    @routes.get("/storefront/{name}")
    def static(name: str) -> Response:
        if name not in _FILES:
            return _refusal(404, "not_found", "没有这个文件")
        return FileResponse(_FOLDER / name, media_type=_FILES[name], headers={"Cache-Control": "no-cache"})


def _add_goods(routes: APIRouter, shop: Shop) -> None:
    @routes.get("/demo/api/shop")
    def about() -> dict[str, Any]:
        terms = shop.terms()
        return {"name": terms.name, "service_hours": terms.service_hours, "free_from_fen": terms.free_freight_from_fen}

    @routes.get("/demo/api/products")
    def products() -> list[dict[str, Any]]:
        return [_in_grid(product) for product in shop.products()]

    @routes.get("/demo/api/products/{product_id}")
    def product(product_id: ProductId) -> dict[str, Any]:
        return _on_page(shop.product(product_id))

    @routes.get("/demo/img/{product_id}.svg")
    def image(product_id: ProductId) -> Response:
        headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
        return Response(picture(shop.product(product_id)), media_type="image/svg+xml", headers=headers)


def _add_shoppers(routes: APIRouter, shop: Shop, known: Mapping[str, str], sign_identity: Callable[[str], str]) -> None:
    @routes.get("/demo/api/buyers")
    def buyers(demo_buyer: ChosenBuyer = None) -> dict[str, Any]:
        choices = [{"id": buyer_id, "description": description} for buyer_id, description in known.items()]
        return {"chosen": demo_buyer if demo_buyer in known else None, "buyers": choices}

    @routes.post("/demo/api/buyer")
    def choose(choice: Choice, response: Response) -> dict[str, str | None]:
        chosen = choice.buyer_id if choice.buyer_id in known else None
        if chosen:
            response.set_cookie(_COOKIE, chosen, httponly=True, samesite="lax")
        else:
            response.delete_cookie(_COOKIE, httponly=True, samesite="lax")
        return {"chosen": chosen}

    @routes.get("/demo/api/orders")
    def orders(demo_buyer: ChosenBuyer = None) -> list[dict[str, Any]]:
        return [_order(order) for order in shop.orders_of(demo_buyer)] if demo_buyer in known and demo_buyer else []

    @routes.get("/demo/identity")
    def identity(response: Response, demo_buyer: ChosenBuyer = None) -> dict[str, str | None]:
        response.headers["Cache-Control"] = "no-store"
        return {"identity": sign_identity(demo_buyer) if demo_buyer in known and demo_buyer else None}


def _page(name: str) -> Response:
    return FileResponse(_FOLDER / name, media_type="text/html; charset=utf-8", headers=_PAGE_HEADERS)


def _refusal(status: int, code: str, reason: str) -> JSONResponse:
    return JSONResponse({"code": code, "reason": reason}, status)


def _in_grid(product: Product) -> dict[str, Any]:
    return {
        "id": product.id,
        "name": product.name,
        "short_name": product.short_name,
        "aliases": product.aliases,
        "category": product.category,
        "brand": product.brand,
        "price_fen": product.price_fen,
        "list_price_fen": product.list_price_fen,
        "sold": product.sold,
        "stock": product.stock,
    }


def _on_page(product: Product) -> dict[str, Any]:
    """Everything the page shows. The drawback is the staff's note, not the page's."""
    sizes = product.size_table
    return _in_grid(product) | {
        "attributes": list(product.attributes.items()),
        "skus": [_sku(sku) for sku in product.skus],
        "size_table": sizes and {"columns": sizes.columns, "rows": list(sizes.rows.items())},
        "in_the_box": product.in_the_box,
        "warranty": product.warranty,
        "returnable_7_days": product.returnable_7_days,
        "evidence": product.evidence,
        "installation": product.installation,
        "care": product.care,
        "usage": product.usage,
    }


def _sku(sku: Sku) -> dict[str, Any]:
    restock = sku.restock_on and sku.restock_on.isoformat()
    return {"options": dict(sku.options), "price_fen": sku.price_fen, "stock": sku.stock, "restock_on": restock}


def _order(order: Order) -> dict[str, Any]:
    return {
        "order_no": order.order_no,
        "state": order.state.value,
        "placed_at": order.placed_at.isoformat(),
        "total_fen": order.total_fen,
        "items": [
            {"product_id": item.product_id, "name": item.name, "spec": item.spec, "quantity": item.quantity,
             "price_fen": item.price_fen}
            for item in order.items
        ],
        "parcels": [_parcel(parcel) for parcel in order.parcels],
        "refund": order.refund and {"amount_fen": order.refund.amount_fen, "step": order.refund.step},
    }  # fmt: skip


def _parcel(parcel: Parcel) -> dict[str, Any]:
    newest = parcel.traces[-1] if parcel.traces else None
    return {
        "courier": parcel.courier,
        "waybill": parcel.waybill,
        "state": parcel.state.value,
        "newest": newest and {"at": newest.at.isoformat(), "text": newest.text},
    }
