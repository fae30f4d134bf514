"""`engine test`: the tests of strategies."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import findings, options, show
from app.failure import BROKEN, CLEAN, FINDINGS, Failure

if TYPE_CHECKING:
    from dsl.testing.run import Outcome, Tested


@click.command()
@findings.paths
@options.as_json
@click.option("-v", "--verbose", is_flag=True, help="Name the tests that passed, too.")
def command(paths: tuple[Path, ...], as_json: bool, verbose: bool) -> int:
    """Run the tests of strategies: NAME.test.yaml files, strategies that have one, or folders.

    Status 0 all passed, 1 a test failed, 2 a test file or its strategy cannot be loaded.
    """
    from dsl.testing.run import run_suites, suites_in

    chosen = findings.chosen(paths)
    if missing := [path for path in chosen if not path.exists()]:
        raise Failure(f"there is no {missing[0]}")
    tests = suites_in(chosen)
    without = [f"there is no {path.name} beside it" for path in tests if not path.exists()]
    tests = [path for path in tests if path.exists()]
    if without and not tests:
        raise Failure("\n".join(without))
    for line in without:
        show.note(line)
    tested = run_suites(tests)
    if not tested.files:
        raise Failure(f"there are no tests (NAME.test.yaml) in {', '.join(map(str, chosen))}")
    if as_json:
        show.as_json(_facts(tested))
    else:
        _tell(tested, verbose)
    if tested.diagnostics:
        return BROKEN
    return FINDINGS if any(outcome.failed for outcome in tested.outcomes) else CLEAN


def _facts(tested: Tested) -> dict[str, Any]:
    from dsl.report import as_dict

    return {
        "tests": [
            {
                "file": str(outcome.path),
                "name": outcome.case.name,
                "outcome": "skipped" if outcome.skipped else "passed" if outcome.passed else "failed",
                "signals": outcome.signals,
                "why": outcome.skipped,
                "failures": [
                    {"at": str(failed.span), "message": failed.message, "details": list(failed.details)}
                    for failed in outcome.failed
                ],
            }
            for outcome in tested.outcomes
        ],
        "diagnostics": [as_dict(finding) for finding in tested.diagnostics],
    }


def _tell(tested: Tested, verbose: bool) -> None:
    for outcome in tested.outcomes:
        if outcome.failed:
            _failure(outcome)
        elif outcome.skipped:
            show.say(f"skipped  {outcome.path.name}: {outcome.case.name} ({outcome.skipped})")
        elif verbose:
            show.say(f"passed   {outcome.path.name}: {outcome.case.name}")
    if tested.diagnostics:
        from dsl.report import text

        show.say(text(tested.diagnostics))
        show.say()
    show.say(_summary(tested))


def _summary(tested: Tested) -> str:
    count = dict.fromkeys(("passed", "failed", "skipped"), 0)
    for outcome in tested.outcomes:
        count["skipped" if outcome.skipped else "passed" if outcome.passed else "failed"] += 1
    told = [f"{number} {word}" for word, number in count.items() if number]
    if tested.diagnostics:
        told.append(_counted(len(tested.diagnostics), "mistake") + " in the files")
    return f"{_counted(tested.files, 'test file')}: {', '.join(told) or 'no tests'}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


def _failure(outcome: Outcome) -> None:
    """Print a failed test in 80 columns: which, where, what, and the reasons under it."""
    show.say(f"FAILED   {outcome.path.name}: {outcome.case.name}")
    for failed in outcome.failed:
        show.say(f"  {failed.span}")
        for line in textwrap.wrap(failed.message, 76) or [""]:
            show.say(f"    {line}")
        for line in failed.details:
            show.say(f"      {line}")
    show.say()
