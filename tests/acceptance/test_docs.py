"""The pages speak of commands, files and documents that exist and work."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from app.cli.main import COMMANDS, root
from app.config import load_config
from dsl.errors import Severity
from dsl.load import load
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


DOCUMENTS = [
    pytest.param(text, id=f"{name(page)}-{place}")
    for page in PAGES
    if name(page) != "docs/language.md" and page.parent.name not in ("lint", "functions")  # have tests of their own
    for place, (kind, text) in enumerate(FENCE.findall(page.read_text(encoding="utf-8")))
    if kind == "yaml" and kind_of(text) != "fragment"
]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_a_document_that_is_shown_is_right(text: str, tmp_path: Path) -> None:
    kind = kind_of(text)
    if kind == "config":
        (tmp_path / "engine.yaml").write_text(text)
        assert [d.message for d in load_config(tmp_path / "engine.yaml")[1]] == []
    elif kind == "tests":
        shutil.copytree(ROOT / "strategies", tmp_path / "s")
        data = yaml.safe_load(text)
        path = tmp_path / "s" / f"{data.get('strategy', 'scalper')}.test.yaml"
        path.write_text(text)
        assert [d.message for d in read_suite(path)[1] if d.severity is Severity.ERROR] == []
    else:
        path = tmp_path / f"{yaml.safe_load(text)['id']}.yaml"
        path.write_text(text)
        assert [d.message for d in load([path]).diagnostics if d.severity is Severity.ERROR] == []


def test_only_parts_of_documents_are_left_unread() -> None:
    """A fragment is shown only on the page that explains it."""
    left = {
        name(page)
        for page in PAGES
        if page.parent.name not in ("lint", "functions")
        for kind, text in FENCE.findall(page.read_text(encoding="utf-8"))
        if kind == "yaml" and name(page) != "docs/language.md" and kind_of(text) == "fragment"
    }
    assert left <= {"docs/learn.md", "docs/trading.md", "docs/contributing.md"}
