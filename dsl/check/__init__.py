"""From a syntax tree to terms: names resolved, types and units known, every mistake told at its place."""

from dsl.check.checked import Checked
from dsl.check.document import check_library, check_strategy, describe, outputs, world
from dsl.check.libraries import Libraries

__all__ = ["Checked", "Libraries", "check_library", "check_strategy", "describe", "outputs", "world"]
