"""What tests saw of a strategy, for people on 80 columns and for machines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dsl.testing.coverage import Coverage, Seen

WIDTH = 80
_NAME, _COUNT = 50, 9


def lines(found: Coverage, *, all_parts: bool) -> Iterator[str]:
    """Yield a strategy's coverage: each named condition, then all that was not seen; `all_parts`: the parts too."""
    (seen, verdicts), (went, ways) = found.verdicts, found.taken
    cases = ", ".join(f"{times} on {timeframe}" for timeframe, times in found.cases.items()) or "no tests ran"
    head = f"{found.strategy}: {percent(found.share)} covered, {seen} of {verdicts} verdicts, {went} of {ways} ways"
    yield from textwrap.wrap(f"{head}; tests: {cases}", WIDTH, subsequent_indent="  ")
    yield f"  {'candles on which it was':<{_NAME}}{'true':>{_COUNT}}{'false':>{_COUNT}}{'alone':>{_COUNT}}"
    side = None
    for one in found.conditions:
        if one.depth and (one.alike or not all_parts):
            continue
        if one.side != side:
            side = one.side
            yield f"  {side or 'universe'}"
        text = one.name if one.depth == 0 and not all_parts else one.text
        yield _row(
            "    " + "  " * min(one.depth, 10) + (f"{one.name}: {text}" if one.name and all_parts else text), one
        )
    yield from _ways(found)
    yield from _unseen(found)


def _row(text: str, one: Seen) -> str:
    short = text if len(text) <= _NAME else f"{text[: _NAME - 1]}…"
    alone = (
        f"{f'{one.alone:,}' if one.alone else '-':>{_COUNT}}"
        if one.depth == 0 and one.name not in ("fire", "where")
        else ""
    )
    return f"  {short:<{_NAME}}{_count(one.true)}{_count(one.false)}{alone}"


def _count(number: int) -> str:
    return f"{number:>{_COUNT},}" if number else f"{'never':>{_COUNT}}"


def _ways(found: Coverage) -> Iterator[str]:
    """Yield the ways taken, a side in a paragraph, with how often."""
    sides: dict[str, list[str]] = {}
    for (side, name), times in found.ways.items():
        if times:
            sides.setdefault(side, []).append(f"{name} {times}")
    for side, names in sides.items():
        head = f"  ways of {side}: " if side else "  ways: "
        yield from textwrap.wrap(head + ", ".join(names), WIDTH, subsequent_indent="    ")


def _unseen(found: Coverage) -> Iterator[str]:
    for one, word in found.unseen():
        name = one.name or one.text
        told = f"{one.side} {name}" if one.side else name
        where = f" ({one.span})" if one.span is not None else ""
        yield from textwrap.wrap(f"  never {word}: {told}{where}", WIDTH, subsequent_indent="    ")
    for side, name in found.untaken():
        yield f"  never taken: {side} {name}".replace(":  ", ": ")


def percent(share: float) -> str:
    """Return a share in percent, rounded down: what is not whole is never shown as 100 %."""
    return f"{int(share * 1000) / 10:g} %"


def facts(found: Sequence[Coverage]) -> list[dict[str, Any]]:
    return [
        {
            "strategy": one.strategy, "file": str(one.path), "share": one.share,
            "verdicts": {"seen": one.verdicts[0], "all": one.verdicts[1]},
            "ways": {"taken": one.taken[0], "all": one.taken[1]},
            "cases": dict(one.cases),
            "conditions": [
                {"side": c.side, "name": c.name, "text": c.text, "depth": c.depth,
                 "at": str(c.span) if c.span else None, "true": c.true, "false": c.false, "unknown": c.unknown,
                 "alone_in_the_way": c.alone}
                for c in one.conditions if not c.alike
            ],
            "taken": [{"side": side, "way": name, "times": times} for (side, name), times in one.ways.items()],
        }
        for one in found
    ]  # fmt: skip
