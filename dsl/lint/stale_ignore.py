"""A comment that silences nothing hides what comes later."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dsl.errors import Diagnostic, Severity, Span
from dsl.lint._rule import Rule, Subject
from dsl.lint._silence import silences

_NAMES = """circular-let circular-use deprecated-function duplicate-key duplicate-test id-not-file-name
look-ahead lower-timeframe missing-file missing-key missing-strategy not-formatted parts-not-100
position-out-of-place series-length series-syntax shadowed-name stop-wrong-side syntax
target-wrong-side type-mismatch unit-mismatch unknown-function unknown-key unknown-name
unknown-output wrong-arguments wrong-candle wrong-length wrong-type yaml-syntax"""
OTHERS = frozenset(re.split(r"\s+", _NAMES))
"""The names of findings that are not those of lint rules."""


def find(subject: Subject) -> Iterator[Diagnostic]:
    """Yield the comments whose day is over, or whose name is that of no finding."""
    from dsl.lint import RULES
    from dsl.suggest import nearest

    known = {name.replace("_", "-") for name in RULES.names()} | OTHERS
    for given in silences(subject.document.span.source):
        if given.wrong_date:
            yield _told(given.span, "this comment ends on a day that does not exist", "write it as in `2027-01-01`")
        elif given.over(subject.today):
            yield _told(given.span, f"this comment ended on {given.until}", "mend what it silenced, or move the date")
        elif given.name not in known:
            near = nearest(given.name, sorted(known))
            yield _told(given.span, f"no finding is named `{given.name}`", f"did you mean `{near}`?" if near else "")


def unused(subject: Subject, findings: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the comments that silence none of `findings`; where not all rules could run none is judged."""
    from dsl.lint import RULES

    if subject.checked is None:
        return
    rules = {name.replace("_", "-") for name in RULES.names()}
    for given in silences(subject.document.span.source):
        judged = given.name in rules and not given.over(subject.today)
        if judged and not any(given.covers(finding) for finding in findings):
            yield _told(given.span, f"there is no `{given.name}` here to be silenced", "remove the comment")


def _told(span: Span, message: str, help: str) -> Diagnostic:
    return Diagnostic(RULE.name, message, span, Severity.WARNING, help=help)


RULE = Rule("stale-ignore", "messages, tests", "A comment that silences nothing hides what comes later.", find)
