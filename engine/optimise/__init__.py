"""Optimisation: which values of a strategy's params did best, and how little that may mean."""
