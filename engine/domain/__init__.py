"""The nouns of the engine: frozen dataclasses that every other room may know."""
