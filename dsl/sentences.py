"""Syntax trees of the grammar -> the small sentences of a document: conditions, stops, targets, entries and the rest.

One method per rule of `grammar.lark`, under the rule's name.
"""

from __future__ import annotations

from typing import Any

from dsl import ast
from dsl.errors import Span
from dsl.expressions import Expressions, Node, milliseconds

_CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Sentences(Expressions):
    """Builds the sentences of one text; findings are added to `found`."""

    def optional(self, tree: Node) -> Any:
        return self.build(tree) if tree is not None else None

    def whole(self, token: Node, what: str, low: int = 1) -> int:
        """Read a whole number of at least `low`."""
        value = self.amount(token).value
        if value != int(min(value, 1e15)) or value < low:
            self.refuse("wrong-type", f"{what} is a whole number from {low}", self.span(token))
            return low
        return int(value)

    def condition(self, tree: Node) -> ast.Condition:
        must, expr, weight = tree.children
        number: ast.Number | None = self.optional(weight)
        place = number.span if number else None
        return ast.Condition(self.build(expr), bool(must), number.value if number else None, self.text.span, place)

    def weight(self, tree: Node) -> ast.Number:
        return self.number(tree)

    def param(self, tree: Node) -> ast.ParamValue:
        default, low, high, step = (self.optional(part) for part in tree.children)
        for number in (low, high, step):
            if number is not None and number.unit != default.unit:
                self.refuse(
                    "wrong-type",
                    f"a param and its range have one unit: {_unit(default)} here, {_unit(number)} there",
                    number.span,
                )
                return ast.ParamValue(default, None, None, None, self.text.span)
        self._range(default, low, high)
        if step is not None and step.value <= 0:
            self.refuse("wrong-type", "a step is greater than 0", step.span)
        return ast.ParamValue(default, low, high, step, self.text.span)

    def _range(self, default: ast.Expr | None, low: ast.Number | None, high: ast.Number | None) -> None:
        if low is None or high is None:
            return
        if low.value > high.value:
            self.refuse("wrong-type", "the range is empty: its low end is above its high end", low.span)
        elif isinstance(default, ast.Number) and not low.value <= default.value <= high.value:
            self.refuse(
                "wrong-type", f"the default is not within its range, {low.span.text} to {high.span.text}", default.span
            )

    # -- prices --

    def stop(self, tree: Node) -> ast.Stop:
        level, clamp = tree.children
        return ast.Stop(self.build(level), self.optional(clamp), self.text.span)

    def clamp(self, tree: Node) -> ast.ClampRange:
        low, high = tree.children
        return ast.ClampRange(self.build(low), self.build(high), self.span(tree))

    def target(self, tree: Node) -> ast.Target:
        level, clamp, take, then = tree.children
        return ast.Target(
            self.build(level), self.optional(clamp), self.optional(take), self.optional(then), self.text.span
        )

    def take(self, tree: Node) -> ast.Expr:
        part: ast.Expr = self.build(tree.children[0])
        if isinstance(part, ast.Number) and not (part.unit == "%" and 0 < part.value <= 1):
            advice = f"write `take {part.span.text}%`" if not part.unit and 1 < part.value <= 100 else ""
            if not part.unit and 0 < part.value <= 1:
                advice = f"did you mean `{100 * part.value:g}%` or `{part.span.text}%`?"
            self.refuse("wrong-type", "`take` needs a percentage above 0% and up to 100%", part.span, help=advice)
        return part

    def then(self, tree: Node) -> ast.Move:
        move: ast.Move = self.build(tree.children[0])
        return move

    def move_to(self, tree: Node) -> ast.Move:
        expr = self.build(tree.children[0])
        if isinstance(expr, ast.Name) and expr.name == "entry":
            return ast.Move("entry", self.span(tree))
        if isinstance(expr, ast.Unary) and isinstance(expr.operand, ast.Number) and expr.operand.unit == "%":
            return ast.Move("offset", self.span(tree), expr)
        return ast.Move("price", self.span(tree), expr)

    def move_offset(self, tree: Node) -> ast.Move:
        return ast.Move("offset", self.span(tree), self.build(tree.children[1]))

    def move_target(self, tree: Node) -> ast.Move:
        token = tree.children[0]
        return ast.Move("target", self.span(tree), target=self.whole(token, "the number of a target"))

    # -- entry --

    def entry_market(self, tree: Node) -> ast.EntryLeg:
        return ast.EntryLeg("market", None, None, self.optional(tree.children[1]), self.text.span)

    def entry_priced(self, tree: Node) -> ast.EntryLeg:
        kind, price, patience, take = tree.children
        bars = self.optional(patience)
        return ast.EntryLeg(str(kind), self.build(price), bars, self.optional(take), self.text.span)

    def entry_add(self, tree: Node) -> ast.EntryLeg:
        price, take = tree.children
        return ast.EntryLeg("add", self.build(price), None, self.build(take), self.text.span)

    def patience(self, tree: Node) -> ast.Expr:
        bars: ast.Expr = self.build(tree.children[0])
        return bars

    # -- leaving --

    def exit(self, tree: Node) -> ast.Exit:
        expr, take = tree.children
        return ast.Exit(self.build(expr), self.optional(take), self.text.span)

    def trail(self, tree: Node) -> ast.Trail:
        level, after = tree.children
        return ast.Trail(self.build(level), self.optional(after), self.text.span)

    def after_target(self, tree: Node) -> tuple[str, float]:
        token = tree.children[0]
        return "target", float(self.whole(token, "the number of a target"))

    def after_profit(self, tree: Node) -> tuple[str, float]:
        number = self.number(tree)
        return ("r" if number.unit == "R" else "percent"), number.value

    def cooldown(self, tree: Node) -> ast.CooldownRule:
        length, after = tree.children
        return ast.CooldownRule(self._duration(length), str(after), self.text.span)

    def duration(self, tree: Node) -> int:
        return self._duration(tree.children[0])

    def _duration(self, token: Node) -> int:
        if not self.amount(token).value:
            self.refuse("wrong-type", "a duration is longer than nothing", self.span(token))
        return milliseconds(token)

    # -- when and where --

    def on_close(self, tree: Node) -> ast.ScheduleRule:
        return ast.ScheduleRule("close", self.text.span)

    def every(self, tree: Node) -> ast.ScheduleRule:
        return ast.ScheduleRule("every", self.text.span, ms=self._duration(tree.children[0]))

    def cron(self, tree: Node) -> ast.ScheduleRule:
        line = str(tree.children[0])
        place = tree.children[0]
        for field, (what, low, high) in zip(line.split(), _CRON_FIELDS, strict=True):
            if not _cron_field(field.lower(), low, high):
                start = place.start_pos + line.index(field)
                span = self.text.at(start, start + len(field))
                self.refuse("wrong-type", f"`{field}` is not a cron {what}: {low} to {high}, `*`, `*/5`, `1-5`", span)
                break
        return ast.ScheduleRule("cron", self.text.span, cron=" ".join(line.split()))

    def gaps_skip(self, tree: Node) -> ast.GapsRule:
        token = tree.children[0]
        return ast.GapsRule("skip", self.whole(token, "the number of candles to skip", 0), self.text.span)

    def gaps_fill(self, tree: Node) -> ast.GapsRule:
        return ast.GapsRule("fill", 0, self.text.span)

    def gaps_stop(self, tree: Node) -> ast.GapsRule:
        return ast.GapsRule("stop", 0, self.text.span)

    # -- models and definitions --

    def label(self, tree: Node) -> ast.Label:
        up, down, bars = tree.children
        above, below = self.build(up), self.build(down)
        for number, sign in ((above, 1), (below, -1)):
            if number.unit != "%" or number.value * sign <= 0:
                self.refuse(
                    "wrong-type",
                    "a label is a rise before a fall, both in percent",
                    number.span,
                    help="write it as in `1% before -1% within 24 bars`",
                )
        return ast.Label(above, below, self.whole(bars, "the number of candles"), self.text.span)

    def bounds_both(self, tree: Node) -> tuple[float | None, float | None]:
        low, high = (self.build(part) for part in tree.children)
        self._range(None, low, high)
        return low.value, high.value

    def bounds_low(self, tree: Node) -> tuple[float | None, float | None]:
        return self.build(tree.children[0]).value, None

    def bounds_high(self, tree: Node) -> tuple[float | None, float | None]:
        return None, self.build(tree.children[0]).value

    def signature(self, tree: Node) -> ast.Signature:
        name, *parts = tree.children
        parameters = tuple(self.build(part) for part in parts if part is not None)
        seen: dict[str, Span] = {}
        for parameter in parameters:
            if parameter.name in seen:
                self.refuse("duplicate-key", f"the parameter `{parameter.name}` is declared twice", parameter.span)
            seen[parameter.name] = parameter.span
        return ast.Signature(self.identifier(name), parameters, self.text.span)

    def parameter(self, tree: Node) -> ast.SignatureParam:
        name, default, low, high = tree.children
        value, lowest, highest = self.optional(default), self.optional(low), self.optional(high)
        self._range(value, lowest, highest)
        return ast.SignatureParam(self.identifier(name), self.span(tree), value, lowest, highest)


def _unit(number: ast.Number) -> str:
    return {"": "a plain number", "%": "a percentage", "R": "a multiple of R", "ms": "a duration"}[number.unit]


def _cron_field(field: str, low: int, high: int) -> bool:
    """Tell whether one field of a cron line is `*`, numbers, ranges or steps within low and high."""
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and 0 < int(step) <= high):
            return False
        if span == "*":
            continue
        ends = [_cron_number(end, high) for end in span.split("-")]
        if len(ends) > 2 or any(end is None or not low <= end <= high for end in ends):
            return False
    return True


def _cron_number(text: str, high: int) -> int | None:
    names = {12: _MONTHS, 7: _WEEKDAYS}.get(high, ())
    if text in names:
        return names.index(text) + (high == 12)
    return int(text) if text.isdecimal() else None
