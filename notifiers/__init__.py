"""The channels, by kind: `NOTIFIERS["telegram"](options, secrets)` makes one. See docs/publishing.md."""

from engine.registry import Registry
from notifiers._settings import Kind

NOTIFIERS: Registry[Kind] = Registry("notifier", "notifiers", "NOTIFIER")
