"""A call for every output of every function of the language, its arguments left at their defaults."""

from __future__ import annotations

from dsl.catalogue import Function, Slot, catalogue

FUNCTIONS = sorted(f.name for f in catalogue() if f.kind != "builtin")


def argument(slot: Slot) -> str:
    """Return something to pass where an argument has no default of its own; `x` is a plain number."""
    if slot.name == "x":
        return "0.5 * close / open"
    if slot.series:
        return "close > open" if slot.boolean else "close"
    if slot.choices:
        return slot.choices[0]
    low = 1 if slot.low is None else slot.low
    return f"{max(low, min(10, slot.high or 10)):g}"


def calls(function: Function) -> list[str]:
    """Return a call for each output of the function."""
    required = [f"{slot.name}={argument(slot)}" for slot in function.slots if slot.default is None]
    call = f"{function.name}({', '.join(required)})"
    names = [output.name for output in function.outputs]
    return [call] if names == ["value"] else [f"{call}.{name}" for name in names]


CALLS = [call for name in FUNCTIONS if (found := catalogue().get(name)) for call in calls(found) if name != "recur"]
