"""What every primitive declares: enough to be checked, documented and called, and nothing heavy to read it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.domain.market import FIELDS
from engine.indicators import PRIMITIVES
from engine.registry import UnknownName

UNITS = {"price", "distance", "volume", "turnover", "ratio", "index", "count", "number", "bool", "any"}
FIELD_NAMES = {*FIELDS, "hl2", "hlc3", "ohlc4"}


@pytest.mark.parametrize("name", PRIMITIVES.names())
def test_a_declaration_is_complete(name: str) -> None:
    primitive = PRIMITIVES[name]
    assert primitive.name == name
    assert primitive.about.endswith(".")
    assert primitive.reference
    assert primitive.examples
    names = [given.name for given in (*primitive.inputs, *primitive.parameters)]
    assert len(set(names)) == len(names)
    inputs = {given.name for given in primitive.inputs}
    assert all(given.default is None or given.default in FIELD_NAMES for given in primitive.inputs)
    for output in primitive.outputs:
        relation, _, source = output.unit.rpartition(" ")
        assert (relation in ("same as", "distance of") and source in inputs) or output.unit in UNITS
        assert output.boolean == (output.unit == "bool")


@pytest.mark.parametrize("name", PRIMITIVES.names())
def test_warm_up_is_declared_over_the_whole_range_of_parameters(name: str) -> None:
    primitive = PRIMITIVES[name]
    for pick in ("low", "high", "default"):
        params = tuple(
            float(spec.low if getattr(spec, pick) is None else getattr(spec, pick)) for spec in primitive.parameters
        )
        assert all(spec.low <= p <= spec.high for spec, p in zip(primitive.parameters, params, strict=True))
        assert 1 <= primitive.defined(params) <= primitive.converged(params)


def test_reading_declarations_does_not_load_numba() -> None:
    code = "import sys; from engine.indicators import PRIMITIVES as p; list(p); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    with pytest.raises(UnknownName, match="known: alma, atan"):
        PRIMITIVES["wizardry"]
