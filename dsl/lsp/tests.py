"""Test files, as they stand in the editor: what is wrong with them, and the strategy that they speak of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from dsl.document import Listing, Node, Scalar, Table, read_table
from dsl.errors import Diagnostic, Source, Span
from dsl.lsp.analysis import Analysis
from dsl.lsp.spot import Spot
from dsl.suggest import listing, nearest
from dsl.testing.keys import TRUTHS


def found(analysis: Analysis) -> tuple[Diagnostic, ...]:
    """Return everything that is found in a text; in a test file also names of conditions that its strategy lacks."""
    if analysis.kind != "test":
        return analysis.found
    return analysis.mine([*analysis.found, *_missing(analysis)])


def _missing(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield a finding for each verdict on what the strategy does not have, as far as the strategy can be read."""
    home = strategy(analysis)
    if home is None or any(side.broken for side in home.document.sides) or home.document.broken:
        return
    known = {name for name, _ in conditions(analysis)}
    source = Source(str(analysis.path), analysis.text)
    for _, name, span in verdicts(source) if known else ():
        if name not in known:
            near = nearest(name, known)
            advice = f"did you mean `{near}`?" if near else f"there are {listing(sorted(known)[:12], 'and')}"
            message = f"no condition of `{home.path.stem}` and no let that is one is named `{name}`"
            yield Diagnostic("unknown-name", message, Span(source, span.start, span.end), help=advice)


def strategy_path(analysis: Analysis) -> Path:
    """Return where the strategy of a test file should be."""
    named = next((_plain(e.value) for e in analysis.outline.entries if e.path == ("strategy",)), "")
    stem = named or analysis.path.name.rpartition(".")[0].removesuffix(".test")
    return analysis.path.parent / (stem if stem.endswith(".yaml") else f"{stem}.yaml")


def _plain(value: str) -> str:
    return value.split(" #")[0].strip().strip("\"'")


def strategy(analysis: Analysis) -> Analysis | None:
    """Return the strategy of a test file; None where there is none."""
    path = strategy_path(analysis)
    text = text_of(path, analysis.texts)
    return None if text is None else _analysis(path, text, analysis.encoding)


@lru_cache(maxsize=8)
def _analysis(path: Path, text: str, encoding: str) -> Analysis:
    return Analysis(path, text, encoding)


def text_of(path: Path, texts: Mapping[Path, str]) -> str | None:
    """Return a file as it stands in the editor, else on disk; None where it cannot be read."""
    if path in texts:
        return texts[path]
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return None


def values(analysis: Analysis, place: Spot) -> Iterator[tuple[str, str]]:
    """Yield what may be written at a place of a test file that is no key of its own, each with what it is."""
    assert place.field is not None
    name, under = place.field.name, place.path[-1]
    if name == "when" and under == name:
        yield from conditions(analysis)
    elif name == "when":
        yield from ((word, "") for word in TRUTHS)
    elif name == "strategy":
        files = sorted(p for p in analysis.path.parent.glob("*.yaml") if ".test" not in p.name)
        yield from ((path.stem, "") for path in files)
    elif name == "timeframe" and (home := strategy(analysis)) is not None:
        yield from ((text, f"{home.path.stem} runs on it") for text, _ in home.document.timeframes)
    elif name == "symbol":
        yield from ((symbol, "") for symbol in ("BTC/USDT", "ETH/USDT", "SOL/USDT"))
    elif name == "reason" and "signal" in place.path and (home := strategy(analysis)) is not None:
        yield from ((exit_, f"an exit of the {side.side} side") for side in home.document.sides for exit_ in side.exits)
    else:
        yield from ((example, "") for example in place.field.examples)


def conditions(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Yield the names whose verdict a test may expect: conditions, and lets that are conditions."""
    home = strategy(analysis)
    if home is None:
        return
    for side in home.document.sides:
        for name, (_, given) in side.when.items():
            yield name, f"{side.side}: {' '.join(given.span.text.split())}"
    lets = home.checked.lets if home.checked else {}
    for name, (_, expr) in home.document.lets.items():
        if name in lets and lets[name].type.is_bool:
            yield name, f"let: {' '.join(expr.span.text.split())}"


def verdicts(source: Source) -> Iterator[tuple[str | None, str, Span]]:
    """Yield each verdict of a test file: the side of its signal where that is given, the condition, and its place."""
    table, _, _ = read_table(source)
    if table is not None:
        yield from _verdicts(table)


def _verdicts(node: Node) -> Iterator[tuple[str | None, str, Span]]:
    if isinstance(node, Listing):
        for item in node.items:
            yield from _verdicts(item)
    if not isinstance(node, Table):
        return
    for entry in node.entries.values():
        yield from _verdicts(entry.value)
    side, given = node.get("side"), node.get("when")
    if isinstance(given, Table):
        of = side.value if isinstance(side, Scalar) else None
        for name, entry in given.entries.items():
            yield of, name, entry.key.span
