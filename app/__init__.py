"""The composition: configuration, wiring, commands."""
