"""Every setting, read once, frozen. Nobody else reads the environment.

Each may be given as an environment variable `LIUXIN_<NAME>` or in a file `.env`; `STORE_URL` also without the prefix.
"""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import BadSetting

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Where things are and how long we wait. Durations in seconds, sizes in the unit of the name."""

    model_config = SettingsConfigDict(env_prefix="LIUXIN_", env_file=".env", frozen=True, extra="ignore")

    var: Path = Field(ROOT / "var", description="folder for databases, models and keys; nothing in it is committed")
    store_url: str = Field(
        "", validation_alias=AliasChoices("STORE_URL", "LIUXIN_STORE_URL"), description="empty: SQLite in `var`"
    )
    demo: bool = Field(True, description="serve the demo storefront and sign identities for its shoppers")
    aftersale: Path = Field(ROOT / "data/shop/aftersale.yml", description="the shop's after-sale rules, one YAML file")
    shop_id: str = Field("demo", description="name of the shop; the issuer (iss) of its signed identities")
    host: str = Field("127.0.0.1", description="address the gateway listens on")
    port: int = Field(8000, description="port the gateway listens on")

    origins: tuple[str, ...] = Field((), description='shop pages on other hosts that may embed the chat: ["https://…"]')

    identity_secret: SecretStr = Field(
        SecretStr(""), description="shared with the storefront: signs identities (HS256)"
    )
    session_secret: SecretStr = Field(SecretStr(""), description="signs conversation tokens")
    rest_token: SecretStr = Field(SecretStr(""), description="bearer token of the Rasa REST door; empty: door closed")

    line_limit_chars: int = Field(2000, description="longest line a shopper may send")
    body_limit_bytes: int = Field(16 * 1024, description="longest request body")
    lines_per_10_s: int = Field(5, description="lines a conversation may send within ten seconds")
    lines_per_min: int = Field(20, description="lines a conversation may send within a minute")
    requests_per_min: int = Field(240, description="requests of one address within a minute")
    conversations_per_12_h: int = Field(60, description="anonymous conversations one address may open in twelve hours")

    action_budget_s: float = Field(3.0, description="longest wait for the shop within one turn")
    lease_s: float = Field(20.0, description="how long a brain may hold a conversation before another takes it")
    stuck_turn_s: float = Field(15.0, description="a turn this long: the brain process ends itself and is restarted")
    turn_tries: int = Field(4, description="times a line is tried before it goes to the dead letters and a human")
    unanswered_s: float = Field(10.0, description="a line waiting this long for its brain: the shopper is told")
    human_after_s: float = Field(30.0, description="a line waiting this long for its brain: a human is called")
    context_lines: int = Field(6, description="earlier lines given to the understanding")
    window_turns: int = Field(6, description="turns of dialogue kept in Rasa's state (docs/a-message.md)")

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the store."""
        return self.store_url or f"sqlite:///{self.var / 'liuxin.db'}"

    @property
    def models(self) -> Path:
        """Folder of trained models."""
        return self.var / "models"

    def secret(self, name: str) -> str:
        """The secret `name`; in the demo a random one is made once and kept in `var/<name>` (mode 0600).

        Raises
        ------
        BadSetting
            Outside the demo the secret is missing or shorter than 32 characters.
        """
        given: str = getattr(self, name).get_secret_value()
        if given and len(given) < 32:
            raise BadSetting(f"LIUXIN_{name.upper()} is shorter than 32 characters")
        if given:
            return given
        if not self.demo:
            raise BadSetting(f"LIUXIN_{name.upper()} must be set (at least 32 random characters)")
        return _kept_secret(self.var / name)


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _read_when_written(path)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text()


def _read_when_written(path: Path) -> str:
    """Another process made the file this instant: its text follows at once, or it died between and we write."""
    text = path.read_text()
    if not text:
        path.write_text(secrets.token_urlsafe(32))
        text = path.read_text()
    return text


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
