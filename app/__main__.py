"""`python -m app` is `engine`."""

from app.cli.main import main

main()
