"""What a YAML parser complains about, in the words of someone who writes strategies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from dsl.errors import Diagnostic, Source, Span

_QUOTE = "put quotes around it"


@dataclass(frozen=True, slots=True)
class Fault:
    """Where YAML cannot be read: the finding, and the offset of the part that it spoils."""

    finding: Diagnostic
    at: int


def explain(source: Source, text: str, error: Any) -> Fault:
    """Turn the error of the fast C parser into a finding; the slower one in Python is asked for its clearer words.

    `text` is what was parsed: the source, with the parts blanked that were found faulty before.
    """
    import yaml

    last: Any = None
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            last = event if isinstance(event, yaml.ScalarEvent) else last
    except (yaml.YAMLError, RecursionError) as clearer:
        error = clearer if isinstance(clearer, yaml.YAMLError) else error
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    at = min(mark.index if mark is not None else 0, len(text))
    opened = context.index if context is not None else at
    problem, doing = str(getattr(error, "problem", None) or error), str(getattr(error, "context", None) or "")
    if last is not None and last.style in ("'", '"') and last.start_mark.line < last.end_mark.line <= mark_line(mark):
        return _told(source, last.start_mark.index, "the text in these quotes runs over several lines",
                     "close the quote on its own line")  # fmt: skip
    return _scanning(source, at, opened, problem, doing) or _parsing(source, at, opened, problem, doing)


def mark_line(mark: Any) -> int:
    """Return the line of a mark, a late one where there is none."""
    return mark.line if mark is not None else 1 << 30


def _told(source: Source, at: int, message: str, help: str = "", *, width: int = 1, spoils: int | None = None) -> Fault:
    at = min(at, max(0, len(source.text.rstrip())))
    span = Span(source, at, min(at + width, len(source.text)))
    return Fault(Diagnostic("yaml-syntax", message, span, help=help), at if spoils is None else spoils)


def _scanning(source: Source, at: int, opened: int, problem: str, doing: str) -> Fault | None:
    """Complaints about single characters."""
    char = source.text[at : at + 1]
    bang = _bang(source, at)
    if bang is not None:
        return bang
    if char == "\t" or "tab" in problem:
        at = at if char == "\t" else source.text.find("\t", source.text.rfind("\n", 0, at) + 1)
        return _told(source, max(at, 0), "a tab stands here", "indent with blanks")
    if "cannot start any token" in problem or "node content" in problem or "mapping keys are not allowed" in problem:
        sign = "a backtick" if char == "`" else f"`{char}`"
        if not char.strip():
            return _told(source, at, "a value is missing")
        return _told(source, at, f"a value cannot begin with {sign}", _QUOTE)
    line = re.search(r"^%.*", source.text, re.MULTILINE)
    if line and ("'<document start>'" in problem or "incompatible YAML" in problem):
        return _told(source, line.start(), "a YAML directive; directives are refused", "remove it", width=len(line[0]))
    if "Unicode character escape" in problem:
        return _told(
            source, opened, "an escape in these double quotes is not a character", "write the character itself"
        )
    if "quoted scalar" in doing and "unexpected end" in problem:
        return _told(source, opened, "this quote is never closed", "close it on the same line", spoils=opened)
    if "unknown escape" in problem:
        advice = "use single quotes, or write the backslash twice"
        return _told(source, at - 1, f"`\\{char}` has no meaning in double quotes", advice, width=2)
    if "double-quoted scalar" in doing and "expected escape sequence" in problem:
        return _told(source, opened, "an escape in these double quotes is incomplete", "use single quotes")
    if "scanning a block scalar" in doing:
        sign = source.text[opened : opened + 1]
        return _told(source, opened, f"a value cannot begin with `{sign}`", _QUOTE)
    for what, sign in (("alias", "*"), ("anchor", "&"), ("tag", "!"), ("directive", "%")):
        if f"an {what}" in doing or f"a {what}" in doing:
            return _told(source, opened, f"a value that begins with `{sign}` is a YAML {what}; they are refused",
                         _QUOTE)  # fmt: skip
    return None


def _bang(source: Source, at: int) -> Fault | None:
    """A value that begins with `!`, on the line of the complaint: YAML takes it for a tag."""
    start = source.text.rfind("\n", 0, at) + 1
    line = source.text[start:].split("\n", 1)[0]
    match = re.match(r"\s*(?:- +)?[\w-]+:\s+(!(?!=)\s*)([^#]*)", line)
    if match is None or match[2].startswith("!") or start + match.start(1) > at:
        return None
    condition = match[2].strip()
    advice = f"for the opposite of a condition write `not {condition or 'x'}`"
    return _told(source, start + match.start(1), "a value that begins with `!` is a YAML tag; they are refused", advice)


def _parsing(source: Source, at: int, opened: int, problem: str, doing: str) -> Fault:
    """Complaints about how the parts stand together."""
    if "mapping values are not allowed" in problem:
        line = source.text[source.text.rfind("\n", 0, at) + 1 : at]
        if re.search(r":\s", line):
            return _told(source, at, "a second `: ` on this line", "put quotes around a value that contains `: `")
        start = at - len(line.lstrip())
        above = _line_above(source.text, start)
        if above is not None and ":" not in above[1]:
            indent = len(line) - len(line.lstrip())
            if len(above[1]) - len(above[1].lstrip()) == indent:
                return _told(source, above[0] + indent, "a key without `:`", "write `key: value`",
                             width=len(above[1].strip()))  # fmt: skip
        advice = "indent keys that belong together alike"
        return _told(source, start, "this key does not fit under the line above", advice, width=len(line.strip()))
    if "flow" in doing:
        sign = source.text[opened : opened + 1]
        close = {"[": "]", "{": "}"}.get(sign, "]")
        help = f"close it with `{close}`, and put quotes around items that contain `,` `[` `{{` or `: `"
        return _told(source, opened, f"this `{sign}` cannot be read as far as its `{close}`", help, spoils=opened)
    if "could not find expected ':'" in problem:
        line = source.text[opened:].split("\n")[0].rstrip()
        return _told(source, opened, "a key without `:`", "write `key: value`", width=len(line), spoils=opened)
    item = _item(source, at, opened, problem)
    if item is not None:
        return item
    if "sequence entries are not allowed" in problem or "'-'" in problem or "block sequence start" in problem:
        return _told(source, at, "a list item does not fit here", "put each `- item` on its own line, indented alike")
    if "but found '<scalar>'" in problem or "but found '<block mapping start>'" in problem:
        before = source.text[:at].rstrip(" ")
        if before.endswith(("'", '"')):
            return _told(source, at, "text follows the closing quote", "put the whole value in quotes")
        line = source.text[at:].split("\n")[0].rstrip()
        key = re.match(r"[\w-]+", line)
        width = len(key[0]) if key else 1
        advice = "indent keys that belong together alike"
        return _told(source, at, "this line is indented differently from those it belongs to", advice, width=width)
    return _told(source, at, "this is not YAML: " + problem.split("\n")[0])


_NAMED = re.compile(r"-\s+([A-Za-z_][\w-]*):(\s|$)")


def _item(source: Source, at: int, opened: int, problem: str) -> Fault | None:
    """`- name: expression` among keys, or a key among the items of a list."""
    here, first = _NAMED.match(source.text, at), _NAMED.match(source.text, opened)
    if "'-'" in problem or "sequence entries" in problem or "block sequence start" in problem:
        named = here
    elif "but found '?'" in problem and source.text.startswith("-", opened):
        if first is None:
            key = source.text[at:].split("\n")[0].split(":")[0].strip()
            message = f"the key `{key}` is indented like the items of the list above it"
            return _told(source, at, message, "indent it like the key of that list", width=len(key))
        named = first
    else:
        return None
    if named is None:
        return None
    advice = f"write `{named[1]}: ...` without `-`: names have no list"
    return _told(source, named.start(), "a list item stands among keys", advice, width=named.end(1) - named.start())


def _line_above(text: str, at: int) -> tuple[int, str] | None:
    """Return where the line above that of `at` starts, and the line; None where there is none with text."""
    end = text.rfind("\n", 0, at)
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end].rstrip("\r")
        if line.strip() and not line.lstrip().startswith("#"):
            return start, line
        end = start - 1
    return None
