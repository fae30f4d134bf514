"""Tests of strategies, written as YAML beside them and run on the real plan, simulator and clock."""
