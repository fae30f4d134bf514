"""A side that can never fire, however its conditions turn out."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._reach import Reach
from dsl.lint._rule import Rule, Subject
from dsl.lint._solve import possible


def find(subject: Subject) -> Iterator[Diagnostic]:
    for side in subject.checked.sides if subject.checked else ():
        if side.fire is None:
            continue
        reach = Reach(side)
        states = reach.states()
        if states is None or any(reach.fires(state) is not False for state in states):
            continue
        if not side.fire.uncertain and not possible((side.fire, True)):
            continue  # it contradicts itself, which is another finding
        made = sorted({100 * total / reach.total if reach.total else 100.0 for total, _ in states})
        shown = ", ".join(f"{value:.3g}" for value in made)
        label = f"the weights make {shown}" if len(made) < 6 else f"the weights reach {made[-1]:.3g} at most"
        label = "" if side.confidence else label
        if reach.exclusive and not side.confidence:
            label += ", because some conditions exclude each other"
        block = next(b for b in subject.document.sides if b.side == side.side)
        span = block.fire.span if block.fire is not None else side.fire.span
        message = f"the {side.side} side can never fire"
        yield Diagnostic(
            RULE.name, message, span, Severity.WARNING, label, "lower the threshold, or change the weights"
        )


RULE = Rule("unreachable-fire", "truth", "A side that can never fire, however its conditions turn out.", find)
