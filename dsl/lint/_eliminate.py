"""Whether linear inequalities have a solution, by eliminating one quantity after the other (Fourier 1826, Motzkin)."""

from __future__ import annotations

Constraint = tuple[dict[int, float], float, bool]
"""Sum of weight x quantity, plus a constant, is at most 0; below 0 where the last is True."""

_MOST = 300
_EXACT = 1e-9


def solvable(given: list[Constraint]) -> bool:
    """Return False only where there is certainly no solution; True where finding out would take too long."""
    rest: dict[tuple[object, ...], Constraint] = {}
    for constraint in given:
        if not _add(rest, constraint):
            return False
    while rest:
        lower: dict[int, int] = {}
        upper: dict[int, int] = {}
        for weights, _, _ in rest.values():
            for atom, weight in weights.items():
                side = upper if weight > 0 else lower
                side[atom] = side.get(atom, 0) + 1
        chosen = min(
            {*lower, *upper},
            key=lambda a: lower.get(a, 0) * upper.get(a, 0) - lower.get(a, 0) - upper.get(a, 0),
        )
        ups = [c for c in rest.values() if c[0].get(chosen, 0.0) > 0]
        downs = [c for c in rest.values() if c[0].get(chosen, 0.0) < 0]
        rest = {key: c for key, c in rest.items() if chosen not in c[0]}
        for up in ups:
            for down in downs:
                if not _add(rest, _joined(up, down, chosen)):
                    return False
        if len(rest) > _MOST:
            return True
    return True


def _joined(up: Constraint, down: Constraint, atom: int) -> Constraint:
    """Return the sum of two constraints in which a quantity cancels out."""
    by_up, by_down = 1 / up[0][atom], -1 / down[0][atom]
    weights = {key: weight * by_up for key, weight in up[0].items() if key != atom}
    for key, weight in down[0].items():
        if key != atom:
            total = weights.get(key, 0.0) + weight * by_down
            if abs(total) > 1e-12:
                weights[key] = total
            else:
                weights.pop(key, None)
    return weights, up[1] * by_up + down[1] * by_down, up[2] or down[2]


def _add(rest: dict[tuple[object, ...], Constraint], constraint: Constraint) -> bool:
    """Keep a constraint unless a tighter one is there; return False where it is a contradiction in itself."""
    weights, constant, strict = constraint
    if not weights:
        return constant < 0 or (constant <= _EXACT and not strict)
    scale = max(abs(weight) for weight in weights.values())
    weights = {atom: weight / scale for atom, weight in weights.items()}
    constant /= scale
    key = tuple(sorted((atom, round(weight, 10)) for atom, weight in weights.items()))
    before = rest.get(key)
    if before is None or (constant, strict) > (before[1], before[2]):
        rest[key] = (weights, constant, strict)
    return True
