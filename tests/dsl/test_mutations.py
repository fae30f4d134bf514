"""One slip of the hand in a good strategy: it is told, or the plan is another one, or nothing was changed that counts.

110 edits with a fixed seed; `MUTATIONS=1100` in the environment makes as many as that. bench/bench_lint.py measures how
long an answer takes.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from dsl import ast
from dsl.errors import Diagnostic, Severity
from dsl.fix import _shape
from dsl.lint import lint
from dsl.load import Loaded, load_document
from dsl.read import read_document
from dsl.report import in_order, render
from tests.dsl.mutations import EDITS, mutated

STRATEGIES = Path(__file__).parents[2] / "strategies"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(STRATEGIES.glob("*[a-z].yaml"))
         if ".test" not in path.suffixes}  # fmt: skip
COUNT = int(os.environ.get("MUTATIONS", "110"))
CHUNK = 11


def loaded(text: str, name: str) -> tuple[Loaded, list[Diagnostic]]:
    document, found = read_document(text, path=str(STRATEGIES / f"{name}.yaml"))
    made = load_document(document, found)
    return made, [*made.diagnostics, *lint(made)]


def said(document: ast.Document) -> object:
    """Return what a document says, in a form where only what changes a decision differs.

    Names for readers, the order of lets and params, and how far an optimiser may move a param decide nothing; what is
    left out stands for its default.
    """
    sides = tuple(replace(side, entry=side.entry or _market(side)) for side in document.sides)
    params = {
        name: (key, replace(value, low=None, high=None, step=None)) for name, (key, value) in document.params.items()
    }
    plain = replace(
        document, name="", about="", version="", version_span=None, path="", sides=sides,
        params=dict(sorted(params.items())), lets=dict(sorted(document.lets.items())),
        gaps=document.gaps or ast.GapsRule("skip", 12, document.span),
    )  # fmt: skip
    return _shape(plain)


def _market(side: ast.SideBlock) -> tuple[ast.EntryLeg, ...]:
    return (ast.EntryLeg("market", None, None, None, side.span),)


GOOD = {name: loaded(text, name)[0] for name, text in TEXTS.items()}


def test_there_are_five_and_they_are_good() -> None:
    assert sorted(TEXTS) == ["ai_ml", "elite", "qfl", "scalper", "trend"]
    assert all(not made.errors for made in GOOD.values())


@pytest.mark.timeout(120)
@pytest.mark.parametrize("start", range(0, COUNT, CHUNK))
def test_a_slip_is_told_or_changes_the_plan(start: int) -> None:
    for seed in range(start, start + CHUNK):
        name = sorted(TEXTS)[seed // CHUNK % len(TEXTS)]
        edit, text = mutated(TEXTS[name], seed)
        made, found = loaded(text, name)
        for finding in in_order(found):
            assert render(finding), (edit, seed)
            assert 0 <= finding.span.start <= finding.span.end <= len(finding.span.source.text)
        told = any(finding.severity is not Severity.INFO for finding in found)
        if told or made.plan.hash != GOOD[name].plan.hash:
            continue
        assert said(made.documents[0]) == said(GOOD[name].documents[0]), (edit, seed, name)


def test_the_edits_are_of_every_kind_and_do_something() -> None:
    kinds = {mutated(TEXTS["scalper"], seed)[0] for seed in range(CHUNK)}
    assert kinds == {edit.__name__ for edit in EDITS}
    changed = sum(mutated(TEXTS["scalper"], seed)[1] != TEXTS["scalper"] for seed in range(COUNT))
    assert changed > 0.9 * COUNT
