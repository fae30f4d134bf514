"""What came of test files as JUnit XML, in the form that GitHub, GitLab and Jenkins read: a suite for each file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as Xml

from dsl.errors import Diagnostic
from dsl.testing.run import Outcome, Tested

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(tested: Tested) -> str:
    """Return the document. A mistake in a file is an error of a case named `can be read`."""
    root = Xml.Element("testsuites", name="engine test")
    files: dict[Path, list[Xml.Element]] = {}
    for outcome in tested.outcomes:
        files.setdefault(outcome.path, []).append(_case(outcome))
    for path, found in _mistaken(tested.diagnostics).items():
        files.setdefault(path, []).append(_unread(path, found))
    for path, cases in files.items():
        suite = Xml.SubElement(root, "testsuite", name=_plain(str(path)))
        suite.extend(cases)
        _count(suite, cases)
    _count(root, [case for cases in files.values() for case in cases])
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _case(outcome: Outcome) -> Xml.Element:
    case = Xml.Element(
        "testcase",
        name=_plain(outcome.case.name),
        classname=_plain(outcome.path.name.removesuffix(".yaml").removesuffix(".test")),
        file=_plain(str(outcome.path)),
        line=str(outcome.case.span.line),
        time=f"{outcome.seconds:.3f}",
    )
    if outcome.skipped:
        Xml.SubElement(case, "skipped", message=_plain(outcome.skipped))
    elif outcome.failed:
        first, more = outcome.failed[0], len(outcome.failed) - 1
        message = first.message + (f" (and {more} more)" if more else "")
        failure = Xml.SubElement(case, "failure", message=_plain(message), type="expectation")
        lines = (line for one in outcome.failed for line in (str(one.span), f"  {one.message}", *_under(one.details)))
        failure.text = _plain("\n".join(lines))
    return case


def _under(details: Iterable[str]) -> Iterable[str]:
    return (f"    {line}" for line in details)


def _mistaken(found: Iterable[Diagnostic]) -> dict[Path, list[Diagnostic]]:
    files: dict[Path, list[Diagnostic]] = {}
    for finding in found:
        files.setdefault(Path(finding.span.source.path), []).append(finding)
    return files


def _unread(path: Path, found: list[Diagnostic]) -> Xml.Element:
    first = found[0]
    case = Xml.Element(
        "testcase", name="can be read", classname=_plain(path.name.removesuffix(".yaml").removesuffix(".test")),
        file=_plain(str(path)), line=str(first.span.line), time="0.000",
    )  # fmt: skip
    error = Xml.SubElement(case, "error", message=_plain(first.message), type=first.name)
    error.text = _plain("\n".join(f"{one.span}: {one.name}: {one.message}" for one in found))
    return case


def _count(element: Xml.Element, cases: list[Xml.Element]) -> None:
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    element.set("tests", str(len(cases)))
    for name, kind in kinds.items():
        element.set(name, str(sum(case.find(kind) is not None for case in cases)))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")


def _plain(text: str) -> str:
    """Return the text without what XML cannot hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
