"""Between positions as people know them and their rows in the simulator (engine.kernels.columns): exact both ways."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.domain.market import Floats
from engine.domain.position import Fill, Position, Status
from engine.domain.signal import Add, EntryOrder, Signal, StopMove, TakeProfit
from engine.kernels import columns as at
from engine.trade.held import UNKNOWN
from engine.trade.quote import KINDS, LEVELS, MOVES, width

STATUSES = (
    Status.PENDING, Status.OPEN, Status.TP_HIT, Status.SL_HIT, Status.EXPIRED, Status.CANCELLED, Status.EXITED,
)  # fmt: skip
REASONS = ("entry", "add", "target", "stop", "exit", "expire")
BOUGHT = ("entry", "add")

Row = Sequence[float]
Room = tuple[int, int, int]


def write_terms(row: Floats, position: Position, room: Room, kept: Sequence[int]) -> None:
    """Write the frozen terms of a position; `kept` says how many of its values at the signal its rules know."""
    signal, entry = position.signal, position.signal.entry
    row[:] = 0.0
    row[: at.TERMS] = (
        signal.close_time, KINDS.index(entry.kind), entry.price, entry.cancel_after, entry.part,
        UNKNOWN if signal.stop is None else signal.stop, signal.expire_ms, len(signal.targets), len(entry.adds),
    )  # fmt: skip
    for place, target in enumerate(signal.targets):
        move = target.then
        first = at.TERMS + at.TARGET * place
        row[first : first + at.TARGET] = (
            target.price, target.part, MOVES.index(move.kind) if move else at.NO_MOVE, move.value if move else 0.0,
            target.ratio,
        )  # fmt: skip
    for place, add in enumerate(entry.adds):
        first = width(room[0], 0, 0) + at.ADD * place
        row[first : first + at.ADD] = add.price, add.part, LEVELS.index(add.kind), add.value
    first = width(room[0], room[1], 0)
    row[first:] = UNKNOWN
    for place, value in position.at_entry:
        if place < len(kept):
            row[first + place] = value


def order_of(row: Row, room: Room) -> EntryOrder:
    """Return the entry order that terms say."""
    first, adds = width(room[0], 0, 0), []
    for place in range(int(row[at.ADDS])):
        price, part, kind, value = row[first + at.ADD * place : first + at.ADD * (place + 1)]
        adds.append(Add(price, part, LEVELS[int(kind)], value))
    return EntryOrder(KINDS[int(row[at.KIND])], row[at.PRICE], int(row[at.PATIENCE]), row[at.PART], tuple(adds))


def targets_of(row: Row) -> tuple[TakeProfit, ...]:
    """Return the targets that terms say."""
    targets = []
    for place in range(int(row[at.TARGETS])):
        first = at.TERMS + at.TARGET * place
        price, part, move, value, ratio = row[first : first + at.TARGET]
        targets.append(TakeProfit(price, part, _move_of(int(move), value), ratio))
    return tuple(targets)


def _move_of(move: int, value: float) -> StopMove | None:
    if move == at.NO_MOVE:
        return None
    if move == at.TO_ENTRY:
        return StopMove("entry")
    return StopMove(MOVES[move], int(value) if move == at.TO_RULE else value)


def level_of(price: float) -> float | None:
    """Return a price that may be missing."""
    return None if math.isnan(price) else price


def write_state(row: Floats, position: Position, room: Room, exits: Sequence[str], exits_room: int) -> None:
    """Write the state of a live position; `exits` are the names of its exit rules."""
    out = [fill for fill in position.fills if fill.reason not in BOUGHT]
    row[:] = 0.0
    row[at.STATUS] = status_code(position.status)
    row[at.OPENED], row[at.CLOSED], row[at.ENTRY] = position.opened_at, position.closed_at, position.entry
    row[at.STOP] = UNKNOWN if position.stop is None else position.stop
    row[at.STOP_WHY] = _why_code(position.stop_why)
    row[at.FILLED], row[at.REMAINING] = position.filled, position.remaining
    row[at.HIT], row[at.ADDED] = position.targets_hit, position.adds_filled
    row[at.BEST], row[at.WORST], row[at.BARS] = position.best, position.worst, position.bars
    row[at.EXIT_PRICE], row[at.RESULT], row[at.RESULT_R] = position.exit_price, position.result, position.result_r
    row[at.AMBIGUOUS], row[at.FOLLOWED], row[at.TOLD] = position.ambiguous, position.followed_until, position.told
    row[at.TRAILING] = sum(1 << place for place in position.trailing)
    row[at.FILLS] = len(position.fills)
    for fill in out:
        row[at.PARTS_OUT] += fill.part
        row[at.PROCEEDS] += fill.part * fill.price
    for fill in position.fills:
        row[at.FEES] += fill.part * fill.price * fill.fee
    row[at.FIRST_FILL] = position.fills[0].price if position.fills else 0.0
    row[at.MOVED] = float(bool(position.targets))
    row[at.STATE : at.STATE + len(position.targets)] = position.targets
    _write_exits(row, position, at.STATE + room[0], exits, exits_room)


def _write_exits(row: Floats, position: Position, first: int, exits: Sequence[str], exits_room: int) -> None:
    places = {name: place for place, name in enumerate(exits)}
    taken = [places[name] for name in position.exits_taken if name in places]
    for order, place in enumerate(taken, 1):
        row[first + place] = order
    row[at.TAKEN] = len(taken)
    if any(name not in places for name in position.exiting):
        row[at.FOREIGN] = 1.0
        return
    for order, name in enumerate(position.exiting, 1):
        row[first + exits_room + places[name]] = order
    row[at.WAITING] = len(position.exiting)


def position_of(
    row: Row, signal: Signal, at_entry: tuple[tuple[int, float], ...], fills: tuple[Fill, ...], room: Room,
    exits: Sequence[str], exits_room: int, before: Position | None,
) -> Position:  # fmt: skip
    """Return the position that a state says; `before` is what it was taken up from."""
    first = at.STATE + room[0]
    taken = _named(exits, row[first : first + exits_room])
    waiting = _named(exits, row[first + exits_room : first + 2 * exits_room])
    if before is not None:
        taken = (*(name for name in before.exits_taken if name not in exits), *taken)
        waiting = before.exiting if row[at.FOREIGN] else waiting
    mask = int(row[at.TRAILING])
    row = [value if value == value else UNKNOWN for value in row]  # one unknown, which equals itself
    return Position(
        signal=signal, status=STATUSES[int(row[at.STATUS])], opened_at=int(row[at.OPENED]),
        closed_at=int(row[at.CLOSED]), entry=row[at.ENTRY], stop=level_of(row[at.STOP]), filled=row[at.FILLED],
        remaining=row[at.REMAINING], targets_hit=int(row[at.HIT]), adds_filled=int(row[at.ADDED]), exits_taken=taken,
        fills=fills, best=row[at.BEST], worst=row[at.WORST], bars=int(row[at.BARS]), exit_price=row[at.EXIT_PRICE],
        result=row[at.RESULT], result_r=row[at.RESULT_R], ambiguous=int(row[at.AMBIGUOUS]),
        trailing=tuple(place for place in range(mask.bit_length()) if mask >> place & 1), at_entry=at_entry,
        followed_until=int(row[at.FOLLOWED]),
        targets=tuple(row[at.STATE : at.STATE + len(signal.targets)]) if row[at.MOVED] else (),
        stop_why=why_of(int(row[at.STOP_WHY])), exiting=waiting, told=int(row[at.TOLD]),
    )  # fmt: skip


def fill_of(row: Row, fee: float) -> Fill:
    """Return a fill that the simulator wrote down."""
    return Fill(int(row[at.F_TIME]), row[at.F_PRICE], row[at.F_PART], REASONS[int(row[at.F_REASON])], fee)


def status_code(status: Status) -> int:
    """Return the code of a status, its place in STATUSES."""
    return STATUSES.index(status)


def why_of(code: int) -> str:
    """Return where a stop comes from, by its code."""
    if code == at.BY_STOP:
        return "stop"
    return "trail" if code == at.BY_TRAIL else f"target {code}"


def _why_code(why: str) -> int:
    if why == "trail":
        return at.BY_TRAIL
    return int(why.removeprefix("target ")) if why.startswith("target ") else at.BY_STOP


def _named(exits: Sequence[str], orders: Row) -> tuple[str, ...]:
    """Return the names of exit rules in the order that `orders` say, 0: not among them."""
    found = sorted((order, name) for order, name in zip(orders, exits, strict=False) if order)
    return tuple(name for _, name in found)
