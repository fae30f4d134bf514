"""Single random edits of a text, as a slip of the hand makes them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

SIGNS = ("<", "<=", ">", ">=", "==", "!=", "+", "-", "*", "/", "and", "or")
_SIGN = re.compile(r"(?<=\s)(?:<=|>=|==|!=|<|>|\+|-|\*|/|and|or)(?=\s)")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*:)")
_WORD = re.compile(r"[A-Za-z_][\w]*")
_LETTERS = "abcdefghijklmnopqrstuvwxyz_0123456789"

Edit = Callable[[str, random.Random], str]


def _cut(text: str, start: int, end: int, put: str = "") -> str:
    return text[:start] + put + text[end:]


def delete_character(text: str, pick: random.Random) -> str:
    at = pick.randrange(len(text))
    return _cut(text, at, at + 1)


def delete_word(text: str, pick: random.Random) -> str:
    word = pick.choice([*re.finditer(r"\S+", text)])
    return _cut(text, *word.span())


def delete_line(text: str, pick: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    lines.pop(pick.randrange(len(lines)))
    return "".join(lines)


def swap_characters(text: str, pick: random.Random) -> str:
    at = pick.randrange(len(text) - 1)
    return _cut(text, at, at + 2, text[at + 1] + text[at])


def swap_words(text: str, pick: random.Random) -> str:
    words = [*_WORD.finditer(text)]
    at = pick.randrange(len(words) - 1)
    a, b = words[at], words[at + 1]
    return text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]


def typo(text: str, pick: random.Random) -> str:
    word = pick.choice([*_WORD.finditer(text)])
    at = pick.randrange(*word.span())
    return _cut(text, at, at + pick.choice((0, 1)), pick.choice(_LETTERS))


def change_number(text: str, pick: random.Random) -> str:
    number = pick.choice([*_NUMBER.finditer(text)])
    value = float(number[0])
    other = pick.choice([value + 1, value * 10, value / 10, 0, -value, value * 1000])
    return _cut(text, *number.span(), f"{other:g}")


def change_sign(text: str, pick: random.Random) -> str:
    sign = pick.choice([*_SIGN.finditer(text)])
    return _cut(text, *sign.span(), pick.choice(SIGNS))


def move_line(text: str, pick: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    line = lines.pop(pick.randrange(len(lines)))
    lines.insert(pick.randrange(len(lines) + 1), line)
    return "".join(lines)


def indent_line(text: str, pick: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    at = pick.randrange(len(lines))
    lines[at] = pick.choice([" ", "  ", "\t"]) + lines[at] if pick.random() < 0.6 else lines[at].replace("  ", "", 1)
    return "".join(lines)


def double_line(text: str, pick: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    at = pick.randrange(len(lines))
    return "".join([*lines[: at + 1], *lines[at:]])


EDITS: tuple[Edit, ...] = (
    delete_character, delete_word, delete_line, swap_characters, swap_words, typo, change_number, change_sign,
    move_line, indent_line, double_line,
)  # fmt: skip


def mutated(text: str, seed: int) -> tuple[str, str]:
    """Return (name of the edit, the text after it)."""
    pick = random.Random(seed)
    edit = EDITS[seed % len(EDITS)]
    return edit.__name__, edit(text, pick)
