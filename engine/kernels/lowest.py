"""Lowest of the last `length` values, the current one included.

The window is cut into blocks of `length` values (van Herk 1992; Gil and Werman 1993): its extreme is that of the
current block so far and of what remains of the block before, whose extremes from each place to its end were put down
when it ended. So a value costs the same whatever the prices do. A long run of one symbol takes the extremes of
1, 2, 4 ... values instead, whole arrays at a time: an extreme is the same in whichever order it is found.
An unknown value empties the window.

State: 0 known values in a row, 1 place in the block, 2 extreme of the block so far, 3 ... the ring: behind the place
values of this block, before it extremes of the last one from there to its end. Of several symbols, all that share
their place are one loop; one that fell behind for a missing candle is stepped alone until it is brought back.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled

MANY = 2_048
"""Values of one symbol that are looked at together."""
SELDOM = 16
"""How seldom, in places, or a quarter of the window, a symbol that fell behind is brought back to the others' place."""


def rows(length: int) -> int:
    return 3 + length


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def lowest(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    count, lanes = here.shape
    if lanes == 1:
        there, values, results = here.reshape(count), source.reshape(count), out.reshape(count)
        ring = state[3:].reshape(length)
        first, second = np.empty(MANY + length - 1), np.empty(MANY + length - 1)
        known, place, extreme = int(state[0, 0]), int(state[1, 0]), state[2, 0]
        t = 0
        while t < count:
            run = 0
            while run < count - t:
                piece, prices = there[t + run : t + run + MANY], values[t + run : t + run + MANY]
                whole = True
                for i in range(len(piece)):
                    whole &= (piece[i] == 1) & (prices[i] - prices[i] == 0.0)
                if not whole:
                    i = 0
                    while piece[i] == 1 and prices[i] - prices[i] == 0.0:
                        i += 1
                    run += i
                    break
                run += len(piece)
            many_at_once = run >= 2 * length and run >= MANY // 4
            ends = t + run
            for at in range(t, t + length - 1 if many_at_once else max(ends, t + 1)):
                if there[at] == 0:
                    results[at] = np.nan
                    continue
                value = values[at] + 0.0
                known += 1
                if there[at] == 2:
                    known = 1
                if value - value != 0.0:
                    known, value = 0, np.inf
                extreme = value if (place == 0) | (value < extreme) else extreme
                ring[place] = value
                place += 1
                result = extreme
                if place < length:
                    result = result if result < ring[place] else ring[place]
                else:
                    place = 0
                    for i in range(length - 2, -1, -1):
                        ring[i] = ring[i] if ring[i] < ring[i + 1] else ring[i + 1]
                results[at] = result if known >= length else np.nan
            if not many_at_once:
                t = max(ends, t + 1)
                continue
            t += length - 1
            while t < ends:
                # extremes of 2, 4, 8 ... values; two of them that overlap make the window
                many = min(MANY, ends - t)
                span, size = many + length - 1, 1
                part, longer = first[:span], second[:span]
                prices = values[t - length + 1 : t - length + 1 + span]
                for i in range(span):
                    part[i] = prices[i] + 0.0
                while 2 * size <= length:
                    later = part[size:span]
                    for i in range(span - size):
                        a, b = part[i], later[i]
                        longer[i] = a if a < b else b
                    span -= size
                    part, longer = longer, part
                    size *= 2
                given, late = results[t : t + many], part[length - size : length - size + many]
                for i in range(many):
                    a, b = part[i], late[i]
                    given[i] = a if a < b else b
                t += many
            known, place = length, (place + run - length + 1) % length
            begun = ends - place
            extreme = np.inf
            for i in range(place):
                ring[i] = values[begun + i] + 0.0
                extreme = ring[i] if ring[i] < extreme else extreme
            rest = np.inf
            for i in range(length - 1, -1, -1):
                value = values[begun - length + i] + 0.0
                rest = rest if rest < value else value
                if i >= place:
                    ring[i] = rest
        state[0, 0], state[1, 0], state[2, 0] = min(known, length), place, extreme
        return
    known_by, places, extremes = state[0], state[1], state[2]
    ok, fresh, moved = np.empty(lanes, np.bool_), np.empty(lanes), np.empty(length)
    seldom = max(SELDOM, length // 4)
    for t in range(count):
        there, values, results = here[t], source[t], out[t]
        one, middle, other = places[0], places[lanes // 2], places[lanes - 1]
        place_of = one if (one == middle) | (one == other) else middle
        common, shared = int(place_of), 0
        following_place = common + 1 if common + 1 < length else 0
        for s in range(lanes):
            ok[s] = (there[s] != 0) & (places[s] == place_of)
            shared += ok[s]
        if shared:
            ring, following = state[3 + common], state[3 + (common + 1 if common + 1 < length else common)]
            begins, final = common == 0, common + 1 == length
            after = float(following_place)
            for s in range(lanes):
                value, candle, joined_in = values[s] + 0.0, there[s], ok[s]
                known, before, own = known_by[s], extremes[s], places[s]
                finite = value - value == 0.0
                seen = known + 1.0 if candle == 1 else 1.0
                seen = seen if finite else 0.0
                seen = seen if seen < length else 1.0 * length
                known_by[s] = seen if joined_in else known
                places[s] = after if joined_in | (known == 0.0) else own
                value = value if finite else np.inf
                so_far = value if begins | (value < before) else before
                extremes[s] = so_far if joined_in else before
                fresh[s] = value
            for s in range(lanes):
                so_far, rest, known, joined_in = extremes[s], following[s], known_by[s], ok[s]
                result = so_far if final | (so_far < rest) else rest
                results[s] = result if joined_in & (known >= length) else np.nan
            for s in range(lanes):
                value, before, joined_in = fresh[s], ring[s], ok[s]
                ring[s] = value if joined_in else before
            if final:
                for i in range(length - 2, -1, -1):
                    earlier, later = state[3 + i], state[4 + i]
                    for s in range(lanes):
                        a, b, joined_in = earlier[s], later[s], ok[s]
                        earlier[s] = b if joined_in & (b < a) else a
        if shared == lanes:
            continue
        for s in range(lanes):
            if ok[s]:
                continue
            results[s] = np.nan
            if there[s] == 0:
                continue
            if there[s] == 2 or known_by[s] == 0.0:
                places[s] = place_of
            value, known, place = values[s] + 0.0, int(known_by[s]) + 1, int(places[s])
            if there[s] == 2:
                known = 1
            if value - value != 0.0:
                known, value = 0, np.inf
            if place == 0 or value < extremes[s]:
                extremes[s] = value
            state[3 + place, s] = value
            place += 1
            result = extremes[s]
            if place < length:
                if state[3 + place, s] < result:
                    result = state[3 + place, s]
            else:
                place = 0
                for i in range(length - 2, -1, -1):
                    if state[4 + i, s] < state[3 + i, s]:
                        state[3 + i, s] = state[4 + i, s]
            if known >= length:
                results[s] = result
            known_by[s], places[s] = min(known, length), place
            if place % seldom == 0 and place != following_place:
                # What is left of the window, oldest first, is as good as its values: an extreme of what follows a value
                # stands for it. Cut where the others cut, it is the same window.
                for i in range(length):
                    moved[i] = state[3 + (place + i) % length, s]
                begun = length - following_place
                extremes[s] = np.inf
                for i in range(begun, length):
                    state[3 + i - begun, s] = moved[i]
                    if moved[i] < extremes[s]:
                        extremes[s] = moved[i]
                rest_of = np.inf
                for i in range(begun - 1, -1, -1):
                    if moved[i] < rest_of:
                        rest_of = moved[i]
                    state[3 + following_place + i, s] = rest_of
                places[s] = following_place
