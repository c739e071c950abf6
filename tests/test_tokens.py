"""Who may speak as whom: the storefront's signed identities and our own conversation tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest

from bot.errors import BadToken
from bot.gateway.tokens import Speaker, give_token, read_identity, read_token, sign_identity

SECRET = "s" * 64


def identity(now: datetime, secret: str = SECRET, algorithm: str = "HS256", **other: Any) -> str:
    """A good identity, except for what *other* says; None leaves a claim out."""
    claims = {"iss": "demo", "aud": "liuxin", "sub": "u1001", "jti": "j1", "exp": now + timedelta(minutes=5), **other}
    return jwt.encode({key: value for key, value in claims.items() if value is not None}, secret, algorithm)


def test_a_shopper_signed_by_the_storefront_is_who_it_says(now):
    token = sign_identity("u1001", SECRET, "demo", jti="j1", now=now, name="林知夏", tier="金卡")

    who = read_identity(token, SECRET, "demo", now=now)

    assert ("u1001", "林知夏", "金卡") == (who.buyer_id, who.name, who.tier)
    assert now + timedelta(minutes=5) <= who.expires_at


def test_an_identity_of_another_shop_uses_up_nobody_elses_number(now):
    ours = read_identity(identity(now), SECRET, "demo", now=now)
    theirs = read_identity(identity(now, iss="other"), SECRET, "other", now=now)

    assert ours.jti != theirs.jti


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "x" * 40},
        {"secret": "", "algorithm": "none"},
        {"algorithm": "HS512"},
        {"aud": "liuxin-conversation"},
        {"aud": None},
        {"iss": "another shop"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 1001},
        {"sub": "u" * 129},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "j" * 101},
        {"exp": None},
        {"exp": "soon"},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 10**30},
    ],
    ids=str,
)
def test_an_identity_with_anything_wrong_proves_nothing(now, wrong):
    token = identity(now, **wrong)

    with pytest.raises(BadToken):
        read_identity(token, SECRET, "demo", now=now)


def test_an_identity_with_one_letter_changed_proves_nothing(now):
    head, body, seal = identity(now).split(".")
    _, forged, _ = identity(now, sub="u1002").split(".")

    for token in (f"{head}.{forged}.{seal}", f"{head}.{body}.", f"{head}.{body}", "", "....", "爱"):
        with pytest.raises(BadToken):
            read_identity(token, SECRET, "demo", now=now)


def test_an_identity_dies_after_its_time_with_half_a_minute_for_clocks_that_differ(now):
    token = identity(now, exp=now + timedelta(minutes=5))

    in_time = read_identity(token, SECRET, "demo", now=now + timedelta(minutes=5, seconds=29))

    assert "u1001" == in_time.buyer_id
    with pytest.raises(BadToken):
        read_identity(token, SECRET, "demo", now=now + timedelta(minutes=5, seconds=31))


def test_an_identity_does_not_hold_before_its_time(now):
    with pytest.raises(BadToken):
        read_identity(identity(now, nbf=now + timedelta(minutes=2)), SECRET, "demo", now=now)


def test_an_identity_that_lives_longer_than_ten_minutes_is_refused(now):
    longest = read_identity(identity(now, exp=now + timedelta(minutes=10)), SECRET, "demo", now=now)

    assert "u1001" == longest.buyer_id
    with pytest.raises(BadToken):
        read_identity(identity(now, exp=now + timedelta(minutes=11)), SECRET, "demo", now=now)


def test_a_conversation_token_opens_the_conversation_it_was_given_for(now):
    speaker = Speaker("c1", "p1", signed_in=True)

    assert speaker == read_token(give_token(speaker, SECRET, now=now), SECRET, now=now)


@pytest.mark.parametrize(("signed_in", "lives"), [(True, timedelta(hours=12)), (False, timedelta(days=30))])
def test_a_conversation_token_lives_half_a_day_signed_in_and_a_month_anonymous(now, signed_in, lives):
    token = give_token(Speaker("c1", "p1", signed_in), SECRET, now=now)

    assert "c1" == read_token(token, SECRET, now=now + lives - timedelta(seconds=1)).conversation_id
    with pytest.raises(BadToken):
        read_token(token, SECRET, now=now + lives + timedelta(minutes=1))


def test_a_storefront_cannot_make_conversation_tokens_nor_a_token_sign_anybody_in(now):
    conversation = give_token(Speaker("c1", "p1", True), SECRET, now=now)

    with pytest.raises(BadToken):
        read_token(identity(now), SECRET, now=now)
    with pytest.raises(BadToken):
        read_identity(conversation, SECRET, "demo", now=now)
