"""`engine test`: the tests of strategies."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import findings, options, show
from app.failure import BROKEN, CLEAN, FINDINGS, Failure

if TYPE_CHECKING:
    from dsl.testing.cases import Case
    from dsl.testing.coverage import Coverage
    from dsl.testing.run import Outcome, Tested


@dataclass(frozen=True)
class Asked:
    """How the tests are run and told. `fail_under` in percent, None: not asked."""

    words: str = ""
    fail_fast: bool = False
    verbose: bool = False
    coverage: bool = False
    fail_under: float | None = None
    junit: Path | None = None
    as_json: bool = False

    def wanted(self, case: Case) -> bool:
        return self.words.casefold() in case.name.casefold()


@click.command()
@findings.paths
@click.option("-k", "--filter", "words", default="", help="Only tests with these words in their name.")
@click.option("-x", "--fail-fast", is_flag=True, help="Stop at the first test that fails.")
@click.option("-v", "--verbose", is_flag=True, help="Name the tests that passed, too; with --coverage, every part.")
@click.option("--coverage", is_flag=True, help="Tell which conditions were never true or false, which ways not taken.")
@click.option("--fail-under", type=click.FloatRange(0, 100), help="With less coverage (percent) the status is 1.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit XML report here, too.")
@click.option("--update", is_flag=True, help="Show how the expected values that differ would be set, and ask.")
@click.option("--yes", is_flag=True, help="With --update: do not ask.")
@click.option("--watch", is_flag=True, help="Run again what a change of a file affects, until Ctrl-C.")
@options.as_json
def command(
    paths: tuple[Path, ...], words: str, fail_fast: bool, verbose: bool, coverage: bool, fail_under: float | None,
    junit: Path | None, update: bool, yes: bool, watch: bool, as_json: bool,
) -> int:  # fmt: skip
    """Run the tests of strategies: NAME.test.yaml files, strategies that have one, or folders.

    Status 0 all passed, 1 a test failed or too little is covered, 2 a test file or its strategy cannot be loaded.
    """
    asked = Asked(words, fail_fast, verbose, coverage or fail_under is not None, fail_under, junit, as_json)
    if watch and (update or as_json):
        raise Failure("--watch tells people what changes: it goes with neither --update nor --json")
    if yes and not update:
        raise Failure("--yes answers the question of --update, which was not asked")
    if update and as_json:
        raise Failure("--update asks a question: it does not go with --json")
    chosen = findings.chosen(paths)
    files = test_files(chosen)
    if watch:
        from app.cli.watch import watch_tests

        return watch_tests(chosen, lambda files: run(files, asked))
    if update:
        from app.cli.update import update_tests

        return update_tests(files, asked.wanted, yes=yes)
    return run(files, asked)


def test_files(chosen: Sequence[Path]) -> list[Path]:
    """Return the test files among files and folders. Raises Failure where there are none."""
    from dsl.testing.run import suites_in

    if missing := [path for path in chosen if not path.exists()]:
        raise Failure(f"there is no {missing[0]}")
    tests = suites_in(chosen)
    without = [f"there is no {path.name} beside it" for path in tests if not path.exists()]
    tests = [path for path in tests if path.exists()]
    if without and not tests:
        raise Failure("\n".join(without))
    for line in without:
        show.note(line)
    if not tests:
        raise Failure(f"there are no tests (NAME.test.yaml) in {', '.join(map(str, chosen))}")
    return tests


def run(files: Sequence[Path], asked: Asked) -> int:
    """Run test files and tell what came of them; return the exit status."""
    from dsl.testing.coverage import measure
    from dsl.testing.run import run_suites

    covered: tuple[Coverage, ...] = ()
    if asked.coverage:
        tested, covered = measure(files, wanted=asked.wanted, fail_fast=asked.fail_fast)
    else:
        tested = run_suites(files, wanted=asked.wanted, fail_fast=asked.fail_fast)
    if asked.words and not tested.outcomes and not tested.diagnostics:
        raise Failure(f"no test has {asked.words!r} in its name")
    if asked.junit is not None:
        _write_junit(asked.junit, tested)
    if asked.as_json:
        show.as_json(_facts(tested, covered))
    else:
        _tell(tested, covered, asked.verbose)
    if tested.diagnostics:
        return BROKEN
    least = 0 if asked.fail_under is None else asked.fail_under
    little = [one for one in covered if 100 * one.share < least]
    for one in little:
        show.note(f"{one.strategy} is covered to less than {least:g} %")
    return FINDINGS if little or any(outcome.failed for outcome in tested.outcomes) else CLEAN


def _write_junit(path: Path, tested: Tested) -> None:
    from dsl.testing.junit import as_junit

    try:
        path.write_text(as_junit(tested), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {(error.strerror or 'unknown reason').lower()}") from error


def _facts(tested: Tested, covered: Sequence[Coverage]) -> dict[str, Any]:
    from app.cli.covered import facts
    from dsl.report import as_dict

    return {
        "tests": [
            {
                "file": str(outcome.path),
                "line": outcome.case.span.line,
                "name": outcome.case.name,
                "outcome": "skipped" if outcome.skipped else "passed" if outcome.passed else "failed",
                "seconds": round(outcome.seconds, 6),
                "signals": outcome.signals,
                "why": outcome.skipped,
                "failures": [
                    {"at": str(failed.span), "message": failed.message, "details": list(failed.details)}
                    for failed in outcome.failed
                ],
            }
            for outcome in tested.outcomes
        ],
        "coverage": facts(covered),
        "diagnostics": [as_dict(finding) for finding in tested.diagnostics],
    }


def _tell(tested: Tested, covered: Sequence[Coverage], verbose: bool) -> None:
    for outcome in tested.outcomes:
        if outcome.failed:
            _failure(outcome)
        elif outcome.skipped:
            told = f"skipped  {outcome.path.name}: {outcome.case.name}: {outcome.skipped}"
            show.say(textwrap.fill(told, 80, subsequent_indent=" " * 9, break_on_hyphens=False))
        elif verbose:
            show.say(f"passed   {outcome.path.name}: {outcome.case.name}")
    if tested.diagnostics:
        from dsl.report import text

        show.say(text(tested.diagnostics))
        show.say()
    if covered:
        from app.cli.covered import lines

        for one in covered:
            show.say("\n".join((*lines(one, all_parts=verbose), "")))
    show.say(_summary(tested))


def _summary(tested: Tested) -> str:
    count = dict.fromkeys(("passed", "failed", "skipped"), 0)
    for outcome in tested.outcomes:
        count["skipped" if outcome.skipped else "passed" if outcome.passed else "failed"] += 1
    told = [f"{number} {word}" for word, number in count.items() if number]
    if tested.diagnostics:
        told.append(_counted(len(tested.diagnostics), "mistake") + " in the files")
    stopped = "; stopped at the first failure" if tested.stopped else ""
    return f"{_counted(tested.files, 'test file')}: {', '.join(told) or 'no tests'}{stopped}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


def _failure(outcome: Outcome) -> None:
    """Print a failed test in 80 columns: which, where, what, and the reasons under it."""
    told = f"FAILED   {outcome.path.name}: {outcome.case.name}"
    show.say(textwrap.fill(told, 80, subsequent_indent=" " * 9, break_on_hyphens=False))
    for failed in outcome.failed:
        show.say(f"  {failed.span}")
        for line in textwrap.wrap(failed.message, 76) or [""]:
            show.say(f"    {line}")
        for line in failed.details:
            show.say(f"      {line}")
    show.say()
