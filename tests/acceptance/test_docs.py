"""The pages speak of commands, files and documents that exist and work."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from app.cli.main import COMMANDS, root
from app.config import load_config
from dsl.errors import Diagnostic, Severity
from dsl.load import load, load_expression
from dsl.testing.cases import read_suite

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = sorted(path for room in ("app", "engine", "dsl", "db") for path in (ROOT / room).rglob("*.py"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`engine ([^`\n]+)`")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# -- commands --


def shown(page: Path) -> Iterator[str]:
    """Yield what follows `engine` wherever a page shows a command: in a fence at a line's start, or in a span."""
    text = page.read_text(encoding="utf-8")
    for kind, body in FENCE.findall(text):
        if kind in ("", "sh", "bash", "console"):
            for line in body.splitlines():
                for part in re.split(r"&&|;|\|(?= )", line):
                    if match := re.match(r"\s*(?:\$ )?(?:\.venv/bin/)?engine(?: (.*))?$", part.partition(" #")[0]):
                        yield match[1] or ""
    yield from SPAN.findall(FENCE.sub("", text) if page.suffix == ".md" else text)


COMMAND_LINES = [
    pytest.param(line.strip(), id=f"{name(page)}: {line.strip()}")
    for page in [*PAGES, *SOURCES]
    for line in shown(page)
    if not re.match(r"\s*(\{|COMMAND|NAME)", line)
]


def commands(line: str) -> Iterator[tuple[click.Command, list[str]]]:
    """Yield each command that a line names (`run|validate` names two), and what follows it."""
    words = shlex.split(line.replace("...", ""))
    for first in words[0].split("|"):
        command, left = root.get_command(click.Context(root), first), words[1:]
        assert command is not None, f"there is no command {first}"
        while isinstance(command, click.Group) and left and not left[0].startswith("-"):
            inner = command.get_command(click.Context(command), left[0])
            assert inner is not None, f"there is no command {first} {left[0]}"
            command, left = inner, left[1:]
        yield command, left


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_a_command_that_is_shown_exists_with_its_options(line: str) -> None:
    if line.startswith("-"):
        assert line.split()[0] in ("--help", "-h", "--version")
        return
    for command, left in commands(line):
        options = {spelling: option for option in command.params for spelling in (*option.opts, *option.secondary_opts)}
        wanted = [word.partition("=")[0] for word in left if re.match(r"--?[a-z]", word)]
        assert [word for word in wanted if word not in {*options, "--help", "-h"}] == []
        takes_one = {word for word in wanted if word in options and not getattr(options[word], "is_flag", False)}
        free = [w for i, w in enumerate(left) if not w.startswith("-") and (i == 0 or left[i - 1] not in takes_one)]
        places = [p for p in command.params if isinstance(p, click.Argument)]
        assert not free or places, f"it takes no argument such as {free[0]}"
        assert len(free) <= len(places) or any(place.nargs == -1 for place in places)


def test_the_page_of_commands_lists_each_with_its_own_words() -> None:
    rows = re.findall(r"^\| `engine (\w+)` \| (.*?) \|$", (ROOT / "docs" / "commands.md").read_text(), re.MULTILINE)
    assert rows == sorted(COMMANDS.items())


def test_every_make_target_that_is_shown_exists() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", text, re.MULTILINE))
    named = {
        match
        for page in PAGES
        for code in [*(b for _, b in FENCE.findall(page.read_text())), *re.findall(r"`([^`\n]+)`", page.read_text())]
        for match in re.findall(r"(?:^|&& )make ([a-z]+)", code, re.MULTILINE)
    }
    assert named
    assert named - targets == set()


# -- links --


def slug(heading: str) -> str:
    """Return the anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", "")).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_a_page_links_to_exists(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", FENCE.sub("", there.read_text(encoding="utf-8")), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, target


# -- documents --


def kind_of(text: str) -> str:
    data = yaml.safe_load(text)
    keys = set(data) if isinstance(data, dict) else set()
    if {"id", "timeframes"} <= keys:
        return "strategy"
    if "tests" in keys:
        return "tests"
    if keys & {"channels", "brand", "watchlists", "venues", "costs", "home", "max_open", "venue_urls"}:
        return "config"
    return "fragment"


TESTED_ELSEWHERE = ("lint", "functions")
"""Folders of pages with tests of their own: tests/dsl/lint/test_pages.py, tests/dsl/library/test_pages.py."""

BLOCKS = [
    pytest.param(kind, text, id=f"{name(page)}-{place}-{kind}")
    for page in PAGES
    if name(page) != "docs/language.md" and page.parent.name not in TESTED_ELSEWHERE
    for place, (kind, text) in enumerate(FENCE.findall(page.read_text(encoding="utf-8")))
    if kind in ("yaml", "json", "toml", "expr")
]
REST = {
    "name": "Sample", "version": "1.0.0", "about": "A sample.", "timeframes": "[1h]",
    "universe": "{symbols: [ETH/USDT]}", "long": "{when: {up: close > open}, stop: 1%, targets: [2R]}",
}  # fmt: skip
"""What a strategy needs; a part of one is completed with what it does not have."""


STRATEGIES = {
    yaml.safe_load(text)["id"]: text
    for page in PAGES
    if page.parent.name not in TESTED_ELSEWHERE
    for kind, text in FENCE.findall(page.read_text(encoding="utf-8"))
    if kind == "yaml" and kind_of(text) == "strategy"
}
"""The strategies that pages show, by id."""


def built_in(name: str) -> str:
    return (ROOT / "strategies" / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "text"), BLOCKS)
def test_what_is_shown_is_right(kind: str, text: str, tmp_path: Path) -> None:
    assert [finding.message for finding in wrong_with(kind, text, tmp_path) if finding.severity is Severity.ERROR] == []


def wrong_with(kind: str, text: str, folder: Path) -> list[Diagnostic]:
    """Return what the program says of a document, or of a part of one; raises where it is not even that."""
    if kind == "json":
        json.loads(text)
        return []
    if kind == "toml":
        tomllib.loads(text)
        return []
    if kind == "expr":
        return [finding for line in text.splitlines() for finding in load_expression(line, "1h")[2]]
    form = kind_of(text)
    if form == "config":
        (folder / "engine.yaml").write_text(text)
        return load_config(folder / "engine.yaml")[1]
    if form == "tests":
        shutil.copytree(ROOT / "strategies", folder / "s", dirs_exist_ok=True)
        tested = yaml.safe_load(text).get("strategy", "scalper")
        path = folder / "s" / f"{tested}.test.yaml"
        (folder / "s" / f"{tested}.yaml").write_text(STRATEGIES.get(tested) or built_in(tested))
        path.write_text(text)
        return read_suite(path)[1]
    data = yaml.safe_load(text)
    assert isinstance(data, dict), "neither a document nor a part of one"
    head = "" if "language" in data else f"language: 1\nid: {data.get('id', 'sample')}\n"
    rest = "".join(f"{key}: {value}\n" for key, value in REST.items() if key not in data and form == "fragment")
    path = folder / f"{data.get('id', 'sample')}.yaml"
    path.write_text(head + text + rest)
    return load([path]).diagnostics


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("yaml", "long:\n  when:\n    a: must nonsense > 1\n  stop: 1%\n  targets: [2R]\n", "unknown-name"),
        ("yaml", "modle: {name: x}\n", "unknown-key"),
        ("yaml", "channels: {telegramm: {}}\n", ""),
        ("expr", "close > rsi(14)\n", "unit-mismatch"),
    ],
)
def test_what_is_wrong_would_be_told(kind: str, text: str, told: str, tmp_path: Path) -> None:
    assert told in " ".join(finding.name for finding in wrong_with(kind, text, tmp_path))
    assert wrong_with(kind, text, tmp_path)


def test_the_first_strategy_passes_its_first_tests(tmp_path: Path) -> None:
    """What the quickstart shows is typed as it stands, and does what the page says."""
    page = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
    strategy, tests = (text for kind, text in FENCE.findall(page) if kind == "yaml")
    (tmp_path / "first.yaml").write_text(strategy)
    (tmp_path / "first.test.yaml").write_text(tests)
    for command in ("validate", "lint", "test"):
        line = [sys.executable, "-m", "app", command, str(tmp_path / "first.yaml")]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


# -- the way through --


def test_the_page_of_findings_is_up_to_date() -> None:
    """Where this fails, run `make docs`."""
    script = ROOT / "docs" / "write_findings.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_page_is_reached_from_the_index() -> None:
    """From docs/README.md at most two links lead to any page, and README.md leads to the index."""
    assert "(docs/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    reached = {ROOT / "docs" / "README.md"}
    for _ in range(2):
        reached |= {there for page in list(reached) for there in links(page)}
    left = {name(page) for page in PAGES if page.is_relative_to(ROOT / "docs") and page not in reached}
    assert left == set()


def links(page: Path) -> set[Path]:
    if page.suffix != ".md":
        return set()
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", text)
    return {(page.parent / target).resolve() for target in targets if not re.match(r"[a-z]+:", target)}
