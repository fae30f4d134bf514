"""Write docs/findings.md, a table of every finding, from the pages in docs/lint, so that it cannot fall behind them.

Run `python docs/write_findings.py`; `--check` only tells whether the file is not what it would write.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
KIND = re.compile(r"^An? (error|warning|remark) of the group \*(.+)\*\.$", re.MULTILINE)
GROUPS = ("shape", "names", "meaning", "truth", "trade", "cost", "habit", "messages", "tests")
INTRODUCTION = """\
# Findings

Everything that `engine validate`, `engine lint` and `engine test` may say of a file, by the name it is said under.
`engine validate` tells the errors, `engine lint` all of it. A page tells what is meant, why it costs money, what is
wrong and what is right, and how a warning is silenced.
"""


def text() -> str:
    """Return the table, by group. Raises ValueError for a page without its kind."""
    groups: dict[str, list[str]] = {group: [] for group in GROUPS}
    for path in sorted((HERE / "lint").glob("*.md")):
        page = path.read_text(encoding="utf-8")
        kind = KIND.search(page)
        if kind is None:
            raise ValueError(f"{path.name} does not say of which kind and group it is")
        what = page.split("\n## What\n")[1].split("\n## ")[0].strip().split("\n\n")[0]
        row = f"| [{path.stem}](lint/{path.name}) | {kind[1]} | {' '.join(what.split()).replace('|', chr(92) + '|')} |"
        groups.setdefault(kind[2], []).append(row)
    head = "| finding | | what |\n|---|---|---|"
    tables = [
        "\n".join([f"## {group[:1].upper()}{group[1:]}\n", head, *rows]) for group, rows in groups.items() if rows
    ]
    return "\n\n".join([INTRODUCTION.rstrip(), *tables]) + "\n"


def main(check: bool) -> int:
    """Write the file, or with `check` compare it; return 1 where it differs."""
    path = HERE / "findings.md"
    if path.is_file() and path.read_text(encoding="utf-8") == text():
        return 0
    sys.stdout.write("docs/findings.md\n")
    if not check:
        path.write_text(text(), encoding="utf-8")
    return int(check)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
