"""What `engine explain` answers, in words and as data: from candles, from a database, or from both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.cli import show

if TYPE_CHECKING:
    from app.explained import Instant, Outcome
    from app.recorded import Record
    from dsl.explain import Anatomy, Reader, SideParts, Told
    from dsl.explain.blockers import Blocker
    from engine.domain.signal import Signal


@dataclass(frozen=True)
class Answer:
    """What is told: from candles (`instant`), from a database (`record`), or both."""

    anatomy: Anatomy
    symbol: str
    at: int
    instant: Instant | None
    record: Record | None

    def outcome(self, side: SideParts) -> Outcome:
        """Return what was decided: as it was recorded, else as it is decided again."""
        from app.explained import Outcome

        again = self.instant.outcomes[side.rules.side] if self.instant is not None else None
        if self.record is None or not self.record.decided(self.at):
            assert again is not None
            return again
        if side.rules.side in self.record.outcomes:
            return self.record.outcomes[side.rules.side]
        if again is None:
            return Outcome("unrecorded")
        before = self.record.before.get(side.rules.side)
        if again.kind == "blocked" and before is not None and before[1] == again.reason:
            return again
        if again.kind != "silent":
            return Outcome("unrecorded")
        return again

    def reader(self, side: SideParts) -> Reader | None:
        from app.recorded import written_down

        if self.instant is not None:
            return self.instant.read
        outcome = self.outcome(side)
        return written_down(self.anatomy.plan, side, outcome) if outcome.verdicts else None

    def facts(self, sides: list[SideParts]) -> dict[str, Any]:
        strategy = self.anatomy.strategy
        found: dict[str, Any] = {
            "strategy": strategy.id, "version": strategy.version, "symbol": self.symbol,
            "timeframe": self.anatomy.timeframe.text, "time": self.at,
            "from": "candles" if self.instant is not None else "database",
            "close": self.instant.close if self.instant is not None else None,
        }  # fmt: skip
        found["sides"] = [self._side_facts(side) for side in sides]
        where = self._where()
        if where is not None:
            from dsl.explain.page import facts

            found["where"] = facts(where)
        return found

    def _where(self) -> Told | None:
        from dsl.explain import tell

        if self.anatomy.where is None or self.instant is None:
            return None
        return tell(self.anatomy.where, self.instant.read)

    def _side_facts(self, side: SideParts) -> dict[str, Any]:
        from app import recorded
        from dsl.explain import tell, truth_of
        from dsl.explain.page import WORDS, facts

        outcome, read = self.outcome(side), self.reader(side)
        found: dict[str, Any] = {"side": str(side.rules.side), "outcome": _outcome_facts(outcome)}
        stood = self._stood(outcome)
        if stood is not None:
            found["outcome"]["blocked_by"] = stood.facts()
        if read is None:
            found["conditions"] = recorded.told(outcome.verdicts)
            return found
        truth = truth_of(read(side.rules.fires))
        low, high = _confidence(side, read, outcome)
        found |= {"fires": None if truth is None else WORDS[truth], "confidence": {"low": low, "high": high}}
        if side.fire is not None:
            verdict = truth_of(read(side.fire.node))
            found["fire"] = {"text": side.fire.text, "verdict": None if verdict is None else WORDS[verdict]}
        found["conditions"] = [
            {"name": rule.name, "must": rule.must, "weight": rule.weight, **facts(tell(part, read)), "text": rule.text,
             "values": {text: read(node) for text, node in rule.parts}}
            for rule, part in zip(side.rules.conditions, side.conditions, strict=True)
        ]  # fmt: skip
        return found

    def text(self, sides: list[SideParts], deep: bool) -> list[str]:
        """Return the lines for a terminal of 80 columns."""
        strategy, instant = self.anatomy.strategy, self.instant
        close = f", close {instant.close:.10g}" if instant is not None else ""
        lines = [
            f"{strategy.id} {strategy.version} on {self.symbol} {self.anatomy.timeframe}",
            f"the candle that closed at {show.when(self.at)} UTC{close}",
        ]
        if self.record is not None and self.record.decided(self.at):
            with_candles = "" if instant is None else "; values from its candles"
            lines.append(f"as the engine decided it{with_candles}")
        others = tuple(f"{strategy.id}: {t} was skipped" for t in strategy.rules if t != self.anatomy.timeframe)
        if instant is not None:
            lines += [part for line in instant.skipped if not line.startswith(others) for part in _wrapped(line)]
        for side in sides:
            lines += ["", *self._side_text(side, deep)]
        return lines + self._where_text(deep)

    def _side_text(self, side: SideParts, deep: bool) -> list[str]:
        from dsl.explain import tell
        from dsl.explain.page import Page, confidence_text, fire_text

        outcome, read = self.outcome(side), self.reader(side)
        page = Page(self._reasons(), deep)
        heading = f"{side.rules.side}: "
        stood = self._stood(outcome)
        why = _why(outcome, stood.text() if stood is not None else "")
        page.lines += _wrapped(heading + _outcome_text(outcome, side, read, self._before(side), why))
        if read is None:
            for said in outcome.verdicts:
                page.verdict(said)
            return page.lines
        low, high = _confidence(side, read, outcome)
        page.lines += _wrapped(f"confidence {confidence_text(low, high)}{fire_text(side.fire, read)}")
        for rule, part in zip(side.rules.conditions, side.conditions, strict=True):
            page.condition(rule, tell(part, read))
        return page.lines

    def _where_text(self, deep: bool) -> list[str]:
        from dsl.explain.page import Page

        where = self._where()
        if where is None:
            return []
        page = Page(self._reasons(), deep)
        page.lines += ["", "universe.where"]
        page.part(where, 0)
        return page.lines

    def _reasons(self) -> Any:
        from dsl.explain.page import Reasons

        if self.instant is None:
            return None
        return Reasons(self.anatomy.plan, self.instant.read, self.anatomy.sources, self.instant.candles)

    def _stood(self, outcome: Outcome) -> Blocker | None:
        from dsl.explain.blockers import blocker

        if outcome.lane is None or not outcome.reason:
            return None
        return blocker(outcome.reason, outcome.detail, outcome.lane, self.anatomy.strategy)

    def _before(self, side: SideParts) -> tuple[int, str] | None:
        return self.record.before.get(side.rules.side) if self.record is not None else None


def _confidence(side: SideParts, read: Reader, outcome: Outcome) -> tuple[float | None, float | None]:
    """Return the least and the greatest confidence; of a recorded signal what was published at least."""
    low, high = (read(node) for node in side.confidence)
    if low is None and outcome.kind == "signal" and outcome.signal is not None:
        low = outcome.signal.confidence
    return low, high


def _outcome_facts(outcome: Outcome) -> dict[str, Any]:
    made = outcome.signal
    found: dict[str, Any] = {"kind": outcome.kind, "reason": outcome.reason, "detail": outcome.detail}
    if made is not None:
        found["signal" if outcome.kind == "signal" else "would_signal"] = {
            "id": made.id, "entry": made.entry.price, "stop": made.stop, "targets": [t.price for t in made.targets],
            "confidence": made.confidence,
        }  # fmt: skip
    return found


def stored_lines(made: Signal) -> list[str]:
    """Return what was stored with a signal, where its strategy is not here to lay its conditions open."""
    from dsl.explain.page import Page

    lines = [
        f"{made.strategy} {made.version} on {made.symbol} {made.timeframe}",
        f"the candle that closed at {show.when(made.close_time)} UTC",
        "as the engine decided it; the strategy is not here",
        "",
        *_wrapped(f"{made.side}: a signal: {_prices(made)}"),
        f"confidence {made.confidence:.5g}",
    ]
    page = Page(None)
    for said in made.verdicts:
        page.verdict(said)
    return lines + page.lines


def stored_facts(made: Signal) -> dict[str, Any]:
    """Return the same as data, in the form of every explanation."""
    from app.explained import Outcome
    from app.recorded import told

    side = {
        "side": str(made.side),
        "outcome": _outcome_facts(Outcome("signal", signal=made)),
        "conditions": told(made.verdicts),
    }
    return {
        "strategy": made.strategy, "version": made.version, "symbol": made.symbol, "timeframe": made.timeframe,
        "time": made.close_time, "from": "database", "close": None, "sides": [side],
    }  # fmt: skip


def _why(outcome: Outcome, stood: str) -> str:
    """Return the reason of a block; what stood in the way says more than the reason's detail."""
    more = stood or outcome.detail
    return outcome.reason + (f" ({more})" if more else "")


def _outcome_text(
    outcome: Outcome, side: SideParts, read: Reader | None, before: tuple[int, str] | None, why: str
) -> str:
    from dsl.explain import truth_of

    match outcome.kind:
        case "signal":
            return f"a signal: {_prices(outcome.signal)}"
        case "blocked":
            since = f"; told at {show.when(before[0])}" if before is not None else ""
            return f"it fired and was blocked: {why}{since}"
        case "unrecorded":
            told = f"; the last block before: {before[1]}, told at {show.when(before[0])}" if before is not None else ""
            said = "nothing is recorded: it did not fire, or was blocked for the same reason as before"
            return f"{said}{told}" + ("" if read is not None else "; --candles would tell")
    fires = truth_of(read(side.rules.fires)) if read is not None else None
    if fires == 2:
        return "it fired before deciding began"
    said = "it did not fire" if fires == 0 else "unknown whether it fires, so it did not"
    return f"{said}; if it had: " + (
        f"blocked, {why}" if outcome.signal is None else f"a signal, {_prices(outcome.signal)}"
    )


def _prices(made: Signal | None) -> str:
    assert made is not None
    stop = f", stop {made.stop:.10g}" if made.stop is not None else ""
    targets = ", ".join(f"{target.price:.10g}" for target in made.targets)
    return f"{made.entry.kind} at {made.entry.price:.10g}{stop}" + (f", targets {targets}" if targets else "")


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 80, subsequent_indent="  ", break_on_hyphens=False)
