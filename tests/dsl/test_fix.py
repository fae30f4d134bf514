"""Mending: what a finding carries is applied, proved, and nothing else is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st

from dsl.errors import Diagnostic, Severity, Source, Span
from dsl.fix import _plain, findings, mend, not_formatted, with_fix
from dsl.load import load_document
from dsl.read import read_document
from dsl.report import as_json, as_sarif
from tests.dsl.texts import side, strategy

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))


def source(condition: str) -> Source:
    return Source("sample.yaml", strategy(side(condition, "stop: 1%")))


def mended(condition: str, *, lint: bool = True) -> tuple[str, list[str]]:
    """Return a condition as it is afterwards, and the names of the findings that were mended."""
    result = mend(source(condition), lint=lint)
    return result.after.split("it: ")[1].split("\n")[0], [finding.name for finding in result.applied]


@pytest.mark.parametrize(
    ("condition", "better", "names"),
    [
        ("30 > rsi(14)", "rsi(14) < 30", ["yoda-condition"]),
        ("3 < (if close > open then 1 else 5)", "(if close > open then 1 else 5) > 3", ["yoda-condition"]),
        ("not not (close > open or low > 1)", "(close > open or low > 1)", ["double-negative"]),
        ("low > 1 and not not (close > open or low > 2)", "low > 1 and (close > open or low > 2)", ["double-negative"]),
        ("close>open", "close > open", ["not-formatted"]),
        ("clsoe > open", "close > open", ["unknown-name"]),
        ("rsx(14) < 30", "rsi(14) < 30", ["unknown-function"]),
        ("bbands(20).uper < close", "bbands(20).upper < close", ["unknown-output"]),
        ("close > open && !(low = high)", "close > open and not (low == high)", ["syntax"] * 3),
        ("close>open||low>high", "close > open or low > high", ["syntax", "not-formatted"]),
        ("close > open AND low > high", "close > open and low > high", ["syntax"]),
        ("RSI(14) < 30", "rsi(14) < 30", ["syntax"]),
        ("rsi(14) < 30,5", "rsi(14) < 30.5", ["syntax"]),
        ("roc(close, 5) < .5 %", "roc(close, 5) < 0.5%", ["syntax", "syntax"]),
        ("close crosses over open", "close crosses above open", ["syntax"]),
    ],
)
def test_what_is_safe_is_mended(condition: str, better: str, names: list[str]) -> None:
    after, told = mended(condition)
    assert (after, sorted(told)) == (better, sorted(names))


@pytest.mark.parametrize(
    "condition",
    ["rsi14 < 30", "ema5(close) > 1", "1 < rsi(14) < 2", "close > rsi(14)", "close[-1] > open", "hgih5 > 1"],
)
def test_what_is_not_plain_stays(condition: str) -> None:
    assert mended(condition) == (condition, [])


def test_validate_mends_errors_only() -> None:
    assert mended("30 > rsi(14)", lint=False) == ("30 > rsi(14)", [])
    assert mended("30 > rsx(14)", lint=False) == ("30 > rsi(14)", ["unknown-function"])


def test_a_file_with_an_error_that_stays_keeps_its_habits() -> None:
    assert mended("30 > rsi(14) and nothing_known > 1")[1] == []


def test_keys_are_mended_where_only_one_can_be_meant() -> None:
    text = source("close > open").text
    assert mend(Source("sample.yaml", text.replace("version:", "vesion:"))).after == text
    unclear = text.replace("version:", "zzz:")
    assert mend(Source("sample.yaml", unclear)).after == unclear


def test_a_finding_silenced_where_it_stands_is_left() -> None:
    text = source("30 > rsi(14)  # lint: ignore yoda-condition (habit)").text
    assert mend(Source("sample.yaml", text)).after == text


def test_an_edit_that_changes_the_meaning_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    import dsl.fix as fix
    from dsl.errors import Fix

    given = source("close > open")
    at = given.text.index("close > open")
    span = Span(given, at, at + 12)
    liar = Diagnostic("liar", "it lies", span, Severity.WARNING, fix=Fix(span, "close < open", same=True))
    assert fix._proved(given, [liar], [liar], True) is None
    honest = Diagnostic("honest", "it does not", span, Severity.WARNING, fix=Fix(span, "(close > open)", same=True))
    after = fix._proved(given, [honest], [honest], True)
    assert after is not None
    assert "(close > open)" in after.text


def test_quotes_and_escapes_around_a_slip_survive() -> None:
    text = strategy(side('"clsoe \\x3e open && low > 1"', "stop: 1%"))
    after = mend(Source("sample.yaml", text), lint=False).after
    assert 'it: "close \\x3e open and low > 1"' in after


def test_a_remark_for_what_is_not_formatted_has_the_least_edit() -> None:
    given = source("close>open")
    remark = not_formatted(given)
    assert remark is not None
    assert remark.severity is Severity.INFO
    assert remark.fix is not None
    assert remark.fix.same
    assert (
        given.text[: remark.fix.span.start] + remark.fix.text + given.text[remark.fix.span.end :] == mend(given).after
    )
    assert len(remark.fix.span.text) < 5
    assert not_formatted(source("close > open")) is None


def test_json_and_sarif_carry_the_edit() -> None:
    found = findings(source("clsoe > open"))
    (told,) = json.loads(as_json(found))
    assert (told["fix"]["text"], told["fix"]["same_meaning"], told["fix"]["line"]) == ("close", False, told["line"])
    (result,) = json.loads(as_sarif(found, "1"))["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": "close"}
    assert change["replacements"][0]["deletedRegion"] == result["locations"][0]["physicalLocation"]["region"]


def test_a_slip_in_a_digit_is_none() -> None:
    given = Source("x", "ema5")
    finding = Diagnostic("unknown-name", "there is no `ema5`", Span(given, 0, 4), help="did you mean `ema50`?")
    assert with_fix(finding).fix is None


WHOLE = strategy(
    side(
        "close > open",
        "stop: 1%\ntargets: [1R take 50%, 2R]\ntrail: 2 * atr(14) after target 1\nexpire: 4h",
    )
    + "cooldown: 30m after stop\n"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("after target 1", "target 1"), ("after stop", "stop"), ("1R take 50%", "1R 50%"), ("targets:", "tragets:"),
        ("expire:", "expires:"), ("entry: market", "entry: markte"), ("take 50%", "taek 50%"), ("[5m]", "[5min]"),
        ("ETH/USDT", "ETHUSDT"), ("ETH/USDT", "eth/usdt"), ("close > open", "close>open"), ("4h", "4hr"),
        ("30m after", "30 min after"), ("close > open", "not (not (close > open))"), ("close > open", "Close > open"),
    ],
)  # fmt: skip
def test_a_slip_is_mended_to_what_was_there(before: str, after: str) -> None:
    assert before in WHOLE
    assert mend(Source("sample.yaml", WHOLE.replace(before, after, 1))).after == WHOLE


HABITS = (
    lambda a, b: f"{b} > {a}", lambda a, b: f"not (not ({a} > {b}))", lambda a, b: f"not not {a} <= {b}",
    lambda a, b: f"({b} < {a} and {b} != {a})", lambda a, b: f"not ({a} != {b})", lambda a, b: f"({a}>{b} or {b}>={a})",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given_any(
    parts=st.lists(
        st.tuples(
            st.sampled_from(HABITS),
            st.sampled_from(["rsi(14)", "close", "(if close > open then 1 else 5)", "volume[1]", "roc(close, 5)@1h"]),
            st.sampled_from(["3", "2", "4.5", "0.5%"]),
        ),
        min_size=1, max_size=3,
    ),
    style=st.sampled_from(["{}", '"{}"', "'{}'", ">-\n      {}"]),
)  # fmt: skip
def test_what_keeps_the_meaning_keeps_the_plan(parts: list[tuple[Any, str, str]], style: str) -> None:
    """Habits, brackets and layout in every style: the plan stays what it was, and nothing is left to mend."""
    condition = " and ".join(habit(a, b if "%" not in b or "roc" in a else "3") for habit, a, b in parts)
    given = Source("sample.yaml", strategy(side(style.format(condition), "stop: 1%")))
    assert not any(finding.severity is Severity.ERROR for finding in findings(given, lint=False)), condition
    result = mend(given)
    assert all(finding.fix and finding.fix.same for finding in result.applied)
    assert _plan(result.before) == _plan(result.after), condition
    left = [finding for finding in findings(Source("sample.yaml", result.after)) if finding.fix and finding.fix.same]
    assert [finding.name for finding in left] == []
    assert mend(Source("sample.yaml", result.after)).after == result.after


def _plan(text: str) -> str:
    """Return the hash of a plan in which turned comparisons and double negations are set aside."""
    return load_document(_plain(read_document(text)[0]), []).plan.hash


@pytest.mark.parametrize("path", BROKEN[::4], ids=lambda path: path.stem)
def test_mending_a_broken_file_never_makes_it_worse(path: Path) -> None:
    given = Source(str(path), path.read_text(encoding="utf-8", errors="replace"))
    result = mend(given, lint=False)
    before, after = findings(given, lint=False), findings(Source(str(path), result.after), lint=False)
    assert result.changed == bool(result.applied)
    assert not result.changed or len(after) <= len(before)
