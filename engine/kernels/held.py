"""Whether a condition held on each of the last `length` candles: false as soon as one is false.

Candles before the start are unknown.
State: 0 candles seen, up to `length`; 1 and 2: candles since the last that decides, and since the last unknown
one, counted from 1 (0: none).
"""

from __future__ import annotations

from engine.kernels.jit import HERE, STATE, TRUTH, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 3


@compiled(HERE, TRUTH, STATE, TRUTH, WHOLE)
def held(here: Truths, condition: Truths, state: Floats, out: Truths, length: int) -> None:
    count, lanes = here.shape
    if lanes == 1:
        alone, given, told = here.reshape(count), condition.reshape(count), out.reshape(count)
        seen, decided, unknown = state[0, 0], state[1, 0], state[2, 0]
        for t in range(count):
            told[t] = 1
            if alone[t] == 0:
                continue
            if alone[t] == 2:
                seen = decided = unknown = 0.0
            seen = seen + 1.0 if seen < length else seen
            decided = 1.0 if given[t] == 0 else (decided + 1.0 if decided > 0.0 else 0.0)
            unknown = 1.0 if given[t] == 1 else (unknown + 1.0 if unknown > 0.0 else 0.0)
            if (decided > 0.0) & (decided <= length):
                told[t] = 0
            elif (seen >= length) & ((unknown == 0.0) | (unknown > length)):
                told[t] = 2
        state[0, 0], state[1, 0], state[2, 0] = seen, decided, unknown
        return
    seen_by, deciders, unknowns = state[0], state[1], state[2]
    for t in range(count):
        there, truths, results = here[t], condition[t], out[t]
        for s in range(lanes):  # all is read first and nothing branches, so that the compiler makes vectors of it
            candle, truth, seen, decided, unknown = there[s], truths[s], seen_by[s], deciders[s], unknowns[s]
            new_seen = 0.0 if candle == 2 else seen
            new_decided = 0.0 if candle == 2 else decided
            new_unknown = 0.0 if candle == 2 else unknown
            new_seen = new_seen + 1.0 if new_seen < length else new_seen
            new_decided = 1.0 if truth == 0 else (new_decided + 1.0 if new_decided > 0.0 else 0.0)
            new_unknown = 1.0 if truth == 1 else (new_unknown + 1.0 if new_unknown > 0.0 else 0.0)
            by_one = (new_decided > 0.0) & (new_decided <= length)
            by_all = (new_seen >= length) & ((new_unknown == 0.0) | (new_unknown > length))
            result = 0 if by_one else (2 if by_all else 1)
            results[s] = 1 if candle == 0 else result
            seen_by[s] = seen if candle == 0 else new_seen
            deciders[s] = decided if candle == 0 else new_decided
            unknowns[s] = unknown if candle == 0 else new_unknown
