"""A comment that silences nothing hides what comes later."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence

from dsl.errors import Diagnostic, Severity, Source, Span
from dsl.lint._rule import Rule, Subject
from dsl.lint._silence import FORM, silences, unreadable

_ERRORS = """circular-let circular-use duplicate-key duplicate-test id-not-file-name
look-ahead lower-timeframe missing-file missing-key missing-strategy parts-not-100
position-out-of-place series-length series-syntax shadowed-name stop-wrong-side syntax
target-wrong-side type-mismatch unit-mismatch unknown-function unknown-key unknown-name
unknown-output wrong-arguments wrong-candle wrong-length wrong-type yaml-syntax"""
ERRORS = frozenset(re.split(r"\s+", _ERRORS)) | {"unknown-template-field"}
"""The names of findings that are errors, and never silenced."""
OTHERS = ERRORS | {"deprecated-function", "not-formatted", "message-too-long"}
"""The names of findings that are not those of lint rules."""


def find(subject: Subject) -> Iterator[Diagnostic]:
    """Yield the comments that cannot be read, whose day is over, or whose name is that of no finding."""
    return stale(subject.document.span.source, subject.today)


def stale(source: Source, today: datetime.date) -> Iterator[Diagnostic]:
    """Yield the comments of any text that silence nothing, whatever is found in it."""
    from dsl.lint import RULES
    from dsl.suggest import nearest

    known = {RULES[name].name for name in RULES.names()} | OTHERS
    for whole in unreadable(source):
        yield _told(whole, "this comment cannot be read, and silences nothing", f"write it as in `{FORM}`")
    for given in silences(source):
        if given.name not in known:
            near = nearest(given.name, sorted(known))
            yield _told(given.span, f"no finding is named `{given.name}`", f"did you mean `{near}`?" if near else "")
        elif given.wrong_date:
            yield _told(given.span, "this comment ends on a day that does not exist", "write it as in `2027-01-01`")
        elif given.over(today):
            yield _told(given.span, f"this comment ended on {given.until}", "mend what it silenced, or move the date")
        elif given.name in ERRORS:
            yield _told(given.span, f"`{given.name}` is an error, and no error is silenced", "mend it")


def unused(source: Source, findings: Sequence[Diagnostic], today: datetime.date) -> Iterator[Diagnostic]:
    """Yield the comments, in order otherwise, that silence none of `findings`, which are all there are."""
    from dsl.lint import RULES

    judged = {RULES[name].name for name in RULES.names()} | (OTHERS - ERRORS)
    for given in silences(source):
        if given.name in judged and not given.over(today) and not any(given.covers(finding) for finding in findings):
            yield _told(given.span, f"there is no `{given.name}` here to be silenced", "remove the comment")


def _told(span: Span, message: str, help: str) -> Diagnostic:
    return Diagnostic(RULE.name, message, span, Severity.WARNING, help=help)


RULE = Rule("stale-ignore", "messages, tests", "A comment that silences nothing hides what comes later.", find)
