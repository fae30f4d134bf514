"""A strategy's rules in the form in which the simulator reads them: tables of numbers, made once per strategy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Timeframe
from engine.domain.signal import Side
from engine.domain.strategy import Plan, SideRules, StrategyRules
from engine.kernels import columns as at
from engine.trade.held import kept_nodes, needs_position
from engine.trade.program import Writer
from engine.trade.quote import LEVELS
from engine.trade.scene import Rule, rules_of

Whole = npt.NDArray[np.int64]

SIDES = (Side.LONG, Side.SHORT)
"""Slots of a lane, in the order in which they are decided."""
AFTER = {"target": at.AFTER_TARGET, "r": at.AFTER_R, "percent": at.AFTER_PERCENT}
COOLDOWNS = ("signal", "exit", "stop")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of a strategy, or of none (its positions are followed without them).

    `timeframes` are those of its rules, `kept` per rule the nodes kept at the signal; `room` the most targets, adds
    and kept values that a rule has, `exits_room` the most exit rules. `book` (N, BOOK_COLUMNS) has first programs
    (`program_rows`: operation, operand), then exit rules, trails and moves of the stop, which `table` finds. The
    operand of a node's value is its place among `numbers` or `truths` (nodes, with the place of their timeframe).
    """

    rules: tuple[Rule, ...]
    timeframes: tuple[Timeframe, ...]
    kept: tuple[tuple[int, ...], ...]
    room: tuple[int, int, int]
    exits_room: int
    table: Whole
    book: Floats
    program_rows: int
    cooldowns: Whole
    depth: int
    numbers: tuple[tuple[int, int], ...]
    truths: tuple[tuple[int, int], ...]

    def rule_of(self, key: tuple[str, str]) -> int:
        """Return the place of the rule of a timeframe and side, -1 if there is none."""
        return next((place for place, rule in enumerate(self.rules) if rule.key == key), -1)


def rulebook_of(plan: Plan, strategy: StrategyRules | None) -> Rulebook:
    """Return the rulebook of a strategy of the plan, or an empty one."""
    if strategy is None:
        return _NO_RULES
    found = _MADE.get(id(strategy))
    if found is None or found[0] is not strategy or found[1] is not plan:
        if len(_MADE) > 1_000:
            _MADE.clear()
        found = _MADE[id(strategy)] = (strategy, plan, _make(plan, strategy))
    return found[2]


def _make(plan: Plan, strategy: StrategyRules | None) -> Rulebook:
    rules = rules_of(strategy) if strategy else ()
    timeframes = tuple(dict.fromkeys(rule.timeframe for rule in rules))
    writer = Writer(lambda node: plan.nodes[node].boolean)
    kept = tuple(kept_nodes(rule.side) for rule in rules)
    table = np.zeros((len(rules), at.RULE_COLUMNS), np.int64)
    exits: list[tuple[float, ...]] = []
    trails: list[tuple[float, ...]] = []
    moves: list[tuple[float, ...]] = []
    columns: dict[int, int] = {}
    for place, rule in enumerate(rules):
        begun = len(exits), len(trails), len(moves)
        _write(writer, rule.side, kept[place], exits, trails, moves)
        frame = timeframes.index(rule.timeframe)
        for node in (*writer.numbers, *writer.truths):
            columns.setdefault(node, frame)
        table[place] = (
            SIDES.index(rule.side.side), frame, rule.timeframe.ms, begun[0], len(exits), begun[1], len(trails),
            begun[2], len(moves),
        )  # fmt: skip
    parts = [_rows(part) for part in (writer.items, exits, trails, moves)]
    for column, part in ((at.RULE_EXITS, 0), (at.RULE_EXITS + 2, 1), (at.RULE_EXITS + 4, 2)):
        table[:, column : column + 2] += sum(len(rows) for rows in parts[: part + 1])
    sides = [rule.side for rule in rules]
    return Rulebook(
        rules, timeframes, kept,
        room=(
            max((len(side.targets) for side in sides), default=0),
            max((len(side.entry.adds) for side in sides if side.entry), default=0),
            max(map(len, kept), default=0),
        ),
        exits_room=max((len(side.exits) for side in sides), default=0),
        table=table, book=np.concatenate(parts), program_rows=len(writer.items),
        cooldowns=np.array(
            [(cooldown.ms, COOLDOWNS.index(cooldown.after)) for cooldown in (strategy.cooldowns if strategy else ())],
            np.int64,
        ).reshape(-1, 2),
        depth=writer.depth(),
        numbers=tuple((node, columns[node]) for node in writer.numbers),
        truths=tuple((node, columns[node]) for node in writer.truths),
    )  # fmt: skip


def _write(
    writer: Writer, side: SideRules, kept: tuple[int, ...], exits: list[tuple[float, ...]],
    trails: list[tuple[float, ...]], moves: list[tuple[float, ...]],
) -> None:  # fmt: skip
    """Add the exit rules, the trails and the moves of the stop of one side to the tables."""
    for exit_rule in side.exits:
        exits.append((*writer.write(exit_rule.when, kept, truth=True), exit_rule.take))
    for trail in side.trails:
        after = (at.AFTER_NOTHING, 0.0) if trail.after is None else (AFTER[trail.after[0]], trail.after[1])
        trails.append((*writer.write(trail.level.value, kept), LEVELS.index(trail.level.kind), *after))
    for target in side.targets:
        if target.then is None or target.then.kind == "entry" or not needs_position(target.then.value):
            moves.append((0.0, 0.0, 0.0))
        else:
            program = writer.write(target.then.value, kept, frozen=True)
            moves.append((*program, float(target.then.kind == "offset")))


def _rows(rows: Sequence[tuple[float, ...]]) -> Floats:
    """Return rows of a part of the book, as wide as all of it."""
    part = np.zeros((len(rows), at.BOOK_COLUMNS))
    for place, row in enumerate(rows):
        part[place, : len(row)] = row
    return part


_MADE: dict[int, tuple[StrategyRules, Plan, Rulebook]] = {}
"""What rulebook_of answered, by identity: it is asked for in each block."""
_NO_RULES = _make(Plan((), ()), None)
