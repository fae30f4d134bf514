"""Accounts: which signals capital allows, at what size, and what the equity was meanwhile."""
