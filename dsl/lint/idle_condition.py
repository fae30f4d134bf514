"""A condition whose weight can never decide whether the side fires."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.check.checked import Condition, Side
from dsl.errors import Diagnostic, Severity, Span
from dsl.lint._reach import Reach
from dsl.lint._rule import Rule, Subject
from dsl.lint._truth import certain


def find(subject: Subject) -> Iterator[Diagnostic]:
    for side in subject.checked.sides if subject.checked else ():
        block = next(b for b in subject.document.sides if b.side == side.side)
        for condition, message, help in _idle(side):
            written = block.when[condition.name][1]
            place: Span = written.weight_span or written.span
            yield Diagnostic(RULE.name, message, place, Severity.WARNING, help=help)


def _idle(side: Side) -> Iterator[tuple[Condition, str, str]]:
    if side.fire is None:
        for condition in side.conditions:
            if condition.weight > 0 and not condition.must and condition.weight != 1:
                message = "every condition must hold here, so this weight decides nothing"
                yield condition, message, "add `fire: confidence >= 70`, or leave the weight out"
        return
    reach = Reach(side)
    states = reach.states()
    verdicts = {reach.fires(state) for state in states or ()}
    if certain(side.fire) is True:
        return  # which is another finding
    if states is None or not verdicts - {False}:
        return  # too many to say, or a side that never fires, which is another finding
    for condition in reach.free:
        if condition.weight and not reach.reads_weights and condition.term.same not in reach.named:
            continue  # its weight makes the confidence that is published
        others = reach.states(without=condition)
        if others is None or any(_decides(reach, state, condition) for state in others):
            continue
        if condition.weight:
            message = f"whether `{condition.name}` holds can never decide: its weight is too small, or not needed"
            yield condition, message, "change the weights or the threshold of `fire`, or make it a `must`"
        else:
            message = f"`{condition.name}` decides nothing: it has no weight, and `fire` does not name it"
            yield condition, message, "give it a weight, or make it a `must`"


def _decides(reach: Reach, state: tuple[float, frozenset[int]], condition: Condition) -> bool:
    without, with_it = reach.fires(state), reach.fires(reach.added(state, condition))
    return without is None or with_it is None or without is not with_it


RULE = Rule("idle-condition", "truth", "A condition whose weight can never decide whether the side fires.", find)
