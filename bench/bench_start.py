"""How long a cold `engine validate strategies/` takes, against importing what any such tool must import."""

from __future__ import annotations

import sys
from pathlib import Path

from timing import process_ratio, row

ENGINE = str(Path(sys.executable).with_name("engine"))
STRATEGIES = str(Path(__file__).parent.parent / "strategies")
IMPORTS = [sys.executable, "-c", "import lark, yaml, jsonschema"]

if __name__ == "__main__":
    row("engine --help", "import lark, yaml, jsonschema", *process_ratio([ENGINE, "--help"], IMPORTS))
    row(
        "engine validate strategies/",
        "import lark, yaml, jsonschema",
        *process_ratio([ENGINE, "validate", STRATEGIES], IMPORTS),
    )
