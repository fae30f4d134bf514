"""The strategy language: text to plan, or diagnostics. Knows nothing of databases or channels."""
