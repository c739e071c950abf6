"""What comes in and goes out of the shopper API, as strict forms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.store.lines import Said

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:\-]+$")]


class Strict(BaseModel):
    """A form that takes nothing it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Page(Strict):
    """Where the shopper is."""

    product_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9\-]{1,32}$")] | None = Field(None, description="商品编号")
    order_no: Annotated[str, Field(pattern=r"^[A-Za-z0-9\-]{6,32}$")] | None = Field(None, description="订单号")


class OpenIn(Strict):
    """Opens a conversation."""

    shop: Annotated[str, Field(max_length=64)] = Field("demo", description="name of the shop")
    identity: Annotated[str, Field(max_length=4096)] | None = Field(None, description="JWT signed by the storefront")
    page: Page | None = None


class OpenOut(BaseModel):
    """A conversation the visitor may speak in."""

    conversation_id: str
    token: str = Field(description="send it as `Authorization: Bearer …` with every other call")
    signed_in: bool
    name: str | None = Field(description="masked name of a signed-in shopper")


class LineIn(Strict):
    """One line of the shopper."""

    client_msg_id: Id = Field(description="made by the client, unique in the conversation; keeps a retry from doubling")
    text: str = Field(min_length=1, description="at most 2,000 characters")
    page: Page | None = None

    @field_validator("text")
    @classmethod
    def _readable(cls, text: str) -> str:
        if "\x00" in text or not text.strip():
            raise ValueError("消息是空的或有不能识别的字符")
        text.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
        return text


class LineAccepted(BaseModel):
    """The line is stored and will be answered."""

    seq: int
    at: datetime


class LineOut(BaseModel):
    """One line as readers see it."""

    seq: int
    author: str
    text: str
    at: datetime
    client_msg_id: str | None = None
    payload: dict[str, Any] | None = None


class LinesOut(BaseModel):
    """A stretch of a conversation."""

    lines: list[LineOut]
    owner: str = Field(description="bot, queue or agent: who answers now")
    agent: str | None = None


class Refusal(BaseModel):
    """Why something was not done, in the reader's language."""

    code: str
    reason: str


def line_out(said: Said) -> LineOut:
    """A stored line as a shopper may see it; the shopper's own payload (their page) stays with us."""
    payload = said.payload if said.author != "shopper" else None
    return LineOut(
        seq=said.seq, author=said.author, text=said.text, at=said.at.astimezone(UTC),
        client_msg_id=said.client_msg_id if said.author == "shopper" else None, payload=payload,
    )  # fmt: skip
