"""Who is speaking: identities signed by the storefront, and the conversation tokens we give for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from bot.errors import BadToken
from bot.talk.opening import SignedIn

AUDIENCE = "liuxin"
_CONVERSATION_AUDIENCE = "liuxin-conversation"
_LONGEST_IDENTITY_S = 600
_ANONYMOUS_DAYS, _SIGNED_IN_HOURS = 30, 12
_LEEWAY_S = 30
#: jwt would ask the machine for the time; we ask whoever called.
_TIMES_ARE_OURS: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whoever holds a conversation token."""

    conversation_id: str
    customer_id: str
    signed_in: bool


def read_identity(token: str, secret: str, issuer: str, *, now: datetime) -> SignedIn:
    """Whom a storefront's token names.

    The token is a JWT, HS256, with iss (the shop), aud "liuxin", sub (the shop's buyer id), iat, exp at most ten
    minutes ahead, and jti; name and tier may be added.

    Raises
    ------
    BadToken
        Any of that does not hold.
    """
    try:
        claims = jwt.decode(
            token, secret, algorithms=["HS256"], audience=AUDIENCE, issuer=issuer,
            options={"require": ["exp", "aud", "iss", "sub", "jti"], **_TIMES_ARE_OURS},
        )  # fmt: skip
        _check_times(claims, now)
        expires_at = datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as cause:
        raise BadToken(f"identity: {type(cause).__name__}") from cause
    if expires_at > now + timedelta(seconds=_LONGEST_IDENTITY_S + _LEEWAY_S):
        raise BadToken("identity: lives longer than ten minutes")
    buyer_id, jti = claims["sub"], claims["jti"]
    if not (isinstance(buyer_id, str) and isinstance(jti, str) and 0 < len(buyer_id) <= 128 and 0 < len(jti) <= 100):
        raise BadToken("identity: sub or jti is empty or too long")
    worthless_from = expires_at + timedelta(seconds=_LEEWAY_S)
    return SignedIn(buyer_id, f"{issuer}:{jti}"[:128], worthless_from, _text(claims, "name"), _text(claims, "tier"))


def _text(claims: dict[str, object], name: str) -> str | None:
    value = claims.get(name)
    return value[:64] if isinstance(value, str) and value else None


def sign_identity(
    buyer_id: str,
    secret: str,
    issuer: str,
    *,
    jti: str,
    now: datetime,
    name: str | None = None,
    tier: str | None = None,
) -> str:
    """A storefront's token for *buyer_id*, good for five minutes: what an integrator's server does."""
    claims = {
        "iss": issuer, "aud": AUDIENCE, "sub": buyer_id, "jti": jti, "iat": now, "exp": now + timedelta(minutes=5),
        "name": name, "tier": tier,
    }  # fmt: skip
    return jwt.encode({key: value for key, value in claims.items() if value is not None}, secret, algorithm="HS256")


def give_token(speaker: Speaker, secret: str, *, now: datetime) -> str:
    """A token that opens one conversation to its holder."""
    lives = timedelta(hours=_SIGNED_IN_HOURS) if speaker.signed_in else timedelta(days=_ANONYMOUS_DAYS)
    claims = {
        "aud": _CONVERSATION_AUDIENCE, "cid": speaker.conversation_id, "sub": speaker.customer_id,
        "in": speaker.signed_in, "exp": now + lives,
    }  # fmt: skip
    return jwt.encode(claims, secret, algorithm="HS256")


def read_token(token: str, secret: str, *, now: datetime) -> Speaker:
    """Whose conversation token this is at *now*; raises `BadToken`."""
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=_CONVERSATION_AUDIENCE,
            options={"require": ["exp", "cid", "sub"], **_TIMES_ARE_OURS},
        )
        _check_times(claims, now)
        return Speaker(str(claims["cid"]), str(claims["sub"]), bool(claims.get("in")))
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as cause:
        raise BadToken(f"conversation token: {type(cause).__name__}") from cause


def _check_times(claims: dict[str, Any], now: datetime) -> None:
    """Raise unless the token holds at *now*, give or take the leeway."""
    at = now.timestamp()
    begins, ends = float(claims.get("nbf", at)), float(claims["exp"])
    if not begins - _LEEWAY_S <= at < ends + _LEEWAY_S:
        raise jwt.ExpiredSignatureError("not at this time")
