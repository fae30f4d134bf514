"""The whole road, as its users use it."""
