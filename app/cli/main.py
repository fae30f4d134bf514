"""The `engine` command."""


def main() -> None:
    raise SystemExit(0)
