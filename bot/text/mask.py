"""Personal data made unreadable for lists and logs (pure)."""

from __future__ import annotations


def name(full: str) -> str:
    """张三丰 -> 张**; one letter stays as it is."""
    return full[:1] + "*" * (len(full) - 1)


def phone(number: str) -> str:
    """13800138000 -> 138****8000."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 8 else "*" * len(number)
