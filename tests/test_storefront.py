"""The whole product in a real browser: the demo storefront, the widget, the gateway, the brain."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from conftest import Stack
from playwright.sync_api import Browser, Page, expect

from bot.shop.demo import DemoShop

pytestmark = pytest.mark.browser

ANSWER_WITHIN_MS = 30_000


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A new visitor on the storefront."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="zh-CN", base_url=stack.url)
    context.set_default_timeout(ANSWER_WITHIN_MS)
    yield context.new_page()
    context.close()


def open_chat(page: Page) -> None:
    page.wait_for_function("window.Liuxin")
    page.evaluate("Liuxin.open()")
    expect(bubbles(page).first).to_contain_text("机器人")


def bubbles(page: Page):
    return page.locator("liuxin-chat .bubble")


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="消息").or_(page.locator("liuxin-chat textarea")).first.fill(text)
    page.locator("liuxin-chat textarea").press("Enter")


def sign_in(page: Page, buyer_id: str) -> None:
    page.goto("/")
    page.locator("#buyer").select_option(buyer_id)
    page.wait_for_load_state("networkidle")


def test_a_visitor_asks_about_the_product_on_the_page_and_finds_the_talk_again_after_a_reload(page, shop: DemoShop):
    product = shop.products()[0]
    page.goto(f"/p/{product.id}")
    open_chat(page)

    say(page, "这个多少钱")
    expect(bubbles(page).last).to_contain_text(f"{product.price_fen // 100}")
    page.reload()
    open_chat(page)

    expect(bubbles(page).filter(has_text="这个多少钱")).to_have_count(1)
    expect(bubbles(page).last).to_contain_text(product.short_name)


def test_a_signed_in_shopper_learns_at_once_where_the_parcel_is(page, shop: DemoShop):
    order = shop.orders_of("u1001")[0]
    sign_in(page, "u1001")
    open_chat(page)

    say(page, "我的快递到哪了")

    expect(bubbles(page).last).to_contain_text(order.order_no)
    expect(page.locator("liuxin-chat").get_by_text(order.parcels[0].courier).first).to_be_visible()


def test_a_complaint_gets_a_number_and_a_promised_time(page):
    sign_in(page, "u1003")
    open_chat(page)

    say(page, "等了一个星期都没人管，我要投诉")

    expect(bubbles(page).last).to_contain_text(re.compile(r"TS\d{6}-[2-9A-Z]{5}.*\d{2}:\d{2}前"))


def test_the_button_for_a_human_puts_the_shopper_into_the_queue(page):
    page.goto("/")
    open_chat(page)

    page.locator("liuxin-chat").get_by_role("button", name="转人工").first.click()

    expect(bubbles(page).last).to_contain_text("已为您转人工")
    expect(page.locator("liuxin-chat")).to_contain_text("排队中")


def test_two_tabs_of_one_shopper_show_the_same_talk(page, stack: Stack):
    sign_in(page, "u1008")
    open_chat(page)
    other = page.context.new_page()
    other.goto("/orders")
    open_chat(other)

    say(page, "你们几点下班呀")

    expect(bubbles(other).filter(has_text="你们几点下班呀")).to_have_count(1)
    expect(bubbles(page).filter(has_text="你们几点下班呀")).to_have_count(1)
