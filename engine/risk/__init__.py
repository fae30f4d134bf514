"""Protections: one file each, named after what it bounds; `RULE` makes it from its settings."""

from __future__ import annotations

from collections.abc import Callable

from engine.ports import RiskRule
from engine.registry import Registry

PROTECTIONS: Registry[Callable[..., RiskRule]] = Registry("risk", "engine.risk", "RULE")
