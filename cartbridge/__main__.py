"""`python -m cartbridge` is the `cartbridge` command."""

from cartbridge.cli import main

main()
