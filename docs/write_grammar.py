"""Write docs/grammar.md and its diagrams from dsl/grammar.lark, so that they cannot fall behind it.

Run `python docs/write_grammar.py`; `--check` only tells which files are not what it would write.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import railroad
from lark import Lark, Token, Tree

from dsl.expressions import RESERVED
from dsl.grammar import STARTS
from dsl.lsp.spot import SENTENCES

HERE = Path(__file__).parent
GRAMMAR = HERE.parent / "dsl" / "grammar.lark"
SHOWN: dict[str, str] = {
    "PERCENT": "A number and `%`, without a blank: `0.6%`.",
    "R": "A multiple of the risk: `2R`, `1.5R`.",
    "DURATION": "A whole number and `ms`, `s`, `m`, `h`, `d` or `w`: `30m`.",
    "TIMEFRAME": "As a duration, from `s` on: `1h`.",
    "NUMBER": "`30`, `0.5`, `5_000_000`, `1.5e-3`; begins with a digit.",
    "CRON": "Five fields of a cron line: `*/5 8-20 * * 1-5`.",
    "NAME": "Letters, digits and `_`, not beginning with a digit. Names of your own have lower-case letters only.",
    "STRING": 'A symbol in quotes: `"BTC/USDT"`.',
}
"""What the terminals that are no fixed words look like."""

INTRODUCTION = """\
# Grammar

Every expression and every small sentence of a document, as the parser reads it: this page is written from
`dsl/grammar.lark`. What a sentence means is told in [language](language.md). Blanks and line breaks may stand between
any two words; a word is a keyword only where the grammar allows one, so `above`, `bars` or `take` may be names
elsewhere. Never names are WORDS.

Round boxes are typed as they stand, square ones are rules of this page. In the text below a diagram, `?` is at most
once, `*` any number of times.
"""


# -- the rules as parts --


@dataclass(frozen=True, slots=True)
class Word:
    """Text as it is typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Ref:
    """Another rule, or a terminal that is no fixed word."""

    name: str


@dataclass(frozen=True, slots=True)
class Seq:
    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Alt:
    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Opt:
    item: Any


@dataclass(frozen=True, slots=True)
class Many:
    """Any number of times, also none."""

    item: Any


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    part: Any
    section: str


def rules() -> list[Rule]:
    """Return the rules in the grammar's order. Raises ValueError for a form that it does not use yet."""
    text = GRAMMAR.read_text(encoding="utf-8")
    reader = Lark.open_from_package("lark", "lark.lark", ("grammars",), parser="lalr", propagate_positions=True)
    tree = reader.parse(text if text.endswith("\n") else f"{text}\n")
    titles = [(number, match[1]) for number, line in enumerate(text.splitlines(), 1)
              if (match := re.match(r"// -- (.*) --", line))]  # fmt: skip
    words = {name: part for name, part in _terminals(tree) if name not in SHOWN}
    found = []
    for rule in tree.find_data("rule"):
        name = _name(rule.children[0])
        if name in words:
            continue
        part = _inlined(_recursion(name, _part(rule.children[-1])), words)
        section = [title for number, title in titles if number < rule.meta.line][-1]
        found.append(Rule(name, part, section))
    return found


def _terminals(tree: Tree[Token]) -> Iterator[tuple[str, Any]]:
    """Yield the terminals, and the rules that only name fixed words (`_bars`)."""
    for token in tree.find_data("token"):
        name = _name(token.children[0])
        yield name, _part(token.children[-1])
    for rule in tree.find_data("rule"):
        name = _name(rule.children[0])
        if str(rule.children[0]).startswith("_"):
            yield name, _part(rule.children[-1])


def _name(token: Any) -> str:
    return str(token).lstrip("?!_")


def _part(node: Any) -> Any:
    """Return a node of lark's own grammar as one of the parts above."""
    if isinstance(node, Token):
        if node.type == "STRING":
            return Word(str(node)[1:-1])
        return Word(str(node)) if node.type == "REGEXP" else Ref(_name(node))
    children = [_part(child) for child in node.children if child is not None and _means(child)]
    match node.data:
        case "expansions":
            return children[0] if len(children) == 1 else Alt(tuple(children))
        case "expansion":
            return children[0] if len(children) == 1 else Seq(tuple(children))
        case "alias" | "literal" | "name" | "nonterminal" | "terminal" | "value" | "atom":
            return children[0]
        case "maybe":
            return Opt(children[0])
        case "expr":
            sign = node.children[1]
            return {"?": Opt, "*": Many}[str(sign)](children[0]) if sign else children[0]
    raise ValueError(f"{node.data} is not known to docs/write_grammar.py")


def _means(child: Any) -> bool:
    return not (isinstance(child, Token) and child.type in ("OP", "NUMBER"))


def _recursion(name: str, part: Any) -> Any:
    """Return a rule that begins with itself as what it begins with and what may follow again and again."""
    items = part.items if isinstance(part, Alt) else (part,)
    again = [item.items[1:] for item in items if isinstance(item, Seq) and item.items[0] == Ref(name)]
    first = [item for item in items if not (isinstance(item, Seq) and item.items[0] == Ref(name))]
    if not again:
        return part
    return Seq((_alt(first), Many(_alt([_seq(rest) for rest in again]))))


def _alt(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else Alt(tuple(items))


def _seq(items: tuple[Any, ...]) -> Any:
    return items[0] if len(items) == 1 else Seq(items)


def _inlined(part: Any, words: dict[str, Any]) -> Any:
    """Put the words that terminals stand for in their place."""
    if isinstance(part, Ref):
        return _inlined(words[part.name], words) if part.name in words else part
    if isinstance(part, Seq | Alt):
        inner = [_inlined(item, words) for item in part.items]
        if isinstance(part, Alt):
            flat = reduce(lambda all_, item: [*all_, *(item.items if isinstance(item, Alt) else [item])], inner, [])
            return Alt(tuple(flat))
        return Seq(tuple(inner))
    return type(part)(_inlined(part.item, words)) if isinstance(part, Opt | Many) else part


# -- as text and as a diagram --


def ebnf(part: Any, inside: str = "") -> str:
    """Return a part in EBNF; `inside`: what it stands in."""
    match part:
        case Word(text):
            return f"'{text}'" if "'" not in text else f'"{text}"'
        case Ref(name):
            return name
        case Opt(item) | Many(item):
            return f"{ebnf(item, 'one')}{'?' if isinstance(part, Opt) else '*'}"
        case Seq(items):
            text = " ".join(ebnf(item, "seq") for item in items)
            return f"({text})" if inside == "one" else text
    text = " | ".join(ebnf(item, "alt") for item in part.items)
    return f"({text})" if inside in ("one", "seq") else text


def tracks(part: Any) -> railroad.Part:
    """Return a part as tracks of a diagram."""
    match part:
        case Word(text):
            return railroad.Box(text)
        case Ref(name):
            return railroad.Box(name, rule=True)
        case Opt(item):
            return railroad.Maybe(tracks(item))
        case Many(item):
            return railroad.Maybe(railroad.Loop(tracks(item)))
        case Alt(items):
            return railroad.Stack([tracks(item) for item in items])
    drawn: list[railroad.Part] = []
    items = list(part.items)
    while items:
        first, following = items[0], items[1] if len(items) > 1 else None
        if isinstance(following, Many) and isinstance(following.item, Seq) and following.item.items[-1] == first:
            between = [tracks(item) for item in following.item.items[:-1]]
            drawn.append(railroad.Loop(tracks(first), between[0] if len(between) == 1 else railroad.Row(between)))
            items = items[2:]
        else:
            drawn.append(tracks(first))
            items = items[1:]
    return drawn[0] if len(drawn) == 1 else railroad.Row(drawn)


def lines(rule: Rule) -> str:
    """Return a rule in EBNF, a line for each alternative where they are long."""
    text = f"{rule.name} ::= {ebnf(rule.part)}"
    choice = rule.part.items[0] if isinstance(rule.part, Seq) else rule.part
    if len(text) <= 100 or not isinstance(choice, Alt):
        return text
    break_ = f"\n{' ' * (len(rule.name) + 3)}| "
    long = break_.join(ebnf(item, "alt") for item in choice.items)
    if choice is rule.part:
        return f"{rule.name} ::= {long}"
    tail = " ".join(ebnf(item, "seq") for item in rule.part.items[1:])
    return f"{rule.name} ::= ( {long}{break_[:-2]}) {tail}"


def everything() -> dict[Path, str]:
    """Return every file with its text."""
    found = rules()
    files = {
        HERE / "grammar" / f"{rule.name}.svg": railroad.diagram(tracks(rule.part), f"{rule.name}: {ebnf(rule.part)}")
        for rule in found
    }
    reserved = " ".join(f"`{word}`" for word in sorted(RESERVED))
    parts, section = [INTRODUCTION.replace("WORDS", reserved)], ""
    for rule in found:
        if rule.section != section:
            section = rule.section
            parts.append(f"## {section[:1].upper()}{section[1:]}\n")
        parts.append(f"### {rule.name}\n")
        keys = sorted(key for key, start in SENTENCES.items() if start == rule.name)
        if keys and rule.name in STARTS:
            parts.append(f"Written at {', '.join(f'`{key}`' for key in keys)}.\n")
        elif rule.name == "signature":
            parts.append("The key of a function under `define`.\n")
        parts.append(f"![{rule.name}](grammar/{rule.name}.svg)\n\n```ebnf\n{lines(rule)}\n```\n")
    rows = "\n".join(f"| `{name}` | {about} |" for name, about in SHOWN.items())
    parts.append(f"## Words\n\n| word | what it looks like |\n|---|---|\n{rows}\n")
    return {HERE / "grammar.md": "\n".join(parts), **files}


def main(check: bool) -> int:
    """Write the files, or with `check` compare them; return how many differ."""
    files = everything()
    stale = [path for path, text in files.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    stale += [path for path in (HERE / "grammar").glob("*") if path not in files]
    for path in stale:
        sys.stdout.write(f"{path.relative_to(HERE.parent)}\n")
        if not check and path in files:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
        elif not check:
            path.unlink()
    return len(stale) if check else 0


if __name__ == "__main__":
    sys.exit(min(1, main("--check" in sys.argv)))
