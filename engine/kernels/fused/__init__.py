"""Kernels that do at once what a definition of dsl/library does in many nodes: engine.plan.fuse tells which.

Each gives what its definition gives, to the bit: the definition is the meaning, and the tests compare them.
"""
