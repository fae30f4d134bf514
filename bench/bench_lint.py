"""How long proving and linting take: `python bench/bench_lint.py`.

500 strategies of the scalper's size, each with numbers of its own, in one call of `engine lint`; the peer reads the
same files as YAML and parses none of their sentences. `engine validate` of one file as a whole process, against a
Python that imports the same parser. And the answer to each of 550 slips of the hand (tests/dsl/mutations.py), the lint
rules included; the bar is 50 ms, of this process's own time.
"""

from __future__ import annotations

import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.timing import process_ratio  # noqa: E402
from dsl.lint import lint  # noqa: E402
from dsl.load import load_document  # noqa: E402
from dsl.read import read_document  # noqa: E402
from tests.dsl.mutations import mutated  # noqa: E402

FILES, SLIPS = 500, 550
ENGINE = str(Path(sys.executable).with_name("engine"))
STRATEGIES = ROOT / "strategies"
PEER = """
import sys, yaml
from pathlib import Path
for path in Path(sys.argv[1]).glob("*.yaml"):
    yaml.compose(path.read_text(), Loader=yaml.CSafeLoader)
"""


def write(folder: Path) -> None:
    """Write strategies like the scalper, every length and threshold of them drawn anew."""
    text = (STRATEGIES / "scalper.yaml").read_text(encoding="utf-8")
    for number in range(FILES):
        pick = random.Random(number)

        def other(match: re.Match[str], pick: random.Random = pick) -> str:
            value = int(match[0])
            return str(pick.randint(max(4, value - value // 3), value + value // 3)) if value > 4 else match[0]

        lines = [
            re.sub(r"(?<=[ (,])\d+(?=[,)])", other, line) if re.match(r" {2,4}\w+: .*\(", line) else line
            for line in text.splitlines()
        ]
        made = "\n".join(lines) + "\n"
        (folder / f"made{number}.yaml").write_text(made.replace("id: scalper", f"id: made{number}"), encoding="utf-8")


def slips() -> tuple[float, float, list[float]]:
    """Return (median, worst, all) ms of this process's time for the answer to each slip."""
    names = ("scalper", "trend", "qfl", "ai_ml", "elite")
    texts = {name: (STRATEGIES / f"{name}.yaml").read_text(encoding="utf-8") for name in names}
    times = []
    for seed in range(-20, SLIPS):
        name = names[seed // 11 % len(names)]
        _, text = mutated(texts[name], abs(seed))
        begun = time.process_time()
        document, found = read_document(text, path=str(STRATEGIES / f"{name}.yaml"))
        lint(load_document(document, found))
        if seed >= 0:  # the first ones read the grammar and the functions
            times.append(1000 * (time.process_time() - begun))
    return statistics.median(times), max(times), times


def main() -> None:
    """Print seconds, and ratios against the peers of the same run."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(folder)
        said = subprocess.run([ENGINE, "lint", made, "--format", "json"], capture_output=True, text=True, check=False)
        assert said.returncode in (0, 1), said.stderr
        ours, peer, ratio = process_ratio(
            [ENGINE, "lint", made, "--fail-on", "never"], [sys.executable, "-c", PEER, made], runs=3
        )
        print(f"lint of {FILES} files      {ours:7.2f} s   YAML alone {peer:6.2f} s   ratio {ratio:6.1f}")
    one = str(STRATEGIES / "scalper.yaml")
    ours, peer, ratio = process_ratio([ENGINE, "validate", one], [sys.executable, "-c", "import yaml, lark, click"])
    print(f"validate of one file   {ours:7.3f} s   imports    {peer:6.3f} s   ratio {ratio:6.1f}")
    median, worst, times = slips()
    late = sum(one > 50 for one in times)
    print(f"answer to a slip       {median:7.1f} ms  worst {worst:6.1f} ms   over 50 ms: {late} of {len(times)}")


if __name__ == "__main__":
    main()
