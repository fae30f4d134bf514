"""Whether YAML needs the quotes around a text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_(.+\-/0-9<=\u00a0-\ud7ff]", re.ASCII)
_OTHER_KIND = re.compile(r"[-+.]?[0-9][0-9_,.:eExXoO+-]*|0[xob][0-9A-Fa-f_]+|[yYnN]|[-+]?\.(inf|nan)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def unquoted(value: str, flow: bool, key: bool) -> str | None:
    """Return a text as it can stand without quotes, None where they are needed.

    They are needed where YAML would cut or refuse the bare text, and where it would take it for something else than a
    text: a number, a date, `true`, `no`. flow: inside `[ ]` or `{ }`; key: before a colon.
    """
    if not value or not _PLAIN.match(value) or _OTHER_KIND.fullmatch(value) or not value.isprintable():
        return None
    import yaml

    resolver: Any = yaml.resolver.Resolver()
    if resolver.resolve(yaml.ScalarNode, value, (True, False)) != "tag:yaml.org,2002:str":
        return None
    forms = [(f"{value}: x\n", 2)] if key else [(f"k: {value}\n", 2), (f"- {value} # c\n", 1)]
    if flow:
        forms = [(f"{{{value}: x}}\n", 2)] if key else [(f"[x, {value}, x]\n", 3), (f"{{k: {value}}}\n", 2)]
    return value if all(_reads(form, value, count) for form, count in forms) else None


def _reads(form: str, value: str, count: int) -> bool:
    """Tell whether a document holds `count` scalars, all of them plain, and the text is one of them."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        found = [event for event in yaml.parse(form, Loader=loader) if isinstance(event, yaml.ScalarEvent)]
    except yaml.YAMLError:
        return False
    return len(found) == count and not any(event.style for event in found) and value in [e.value for e in found]
