"""`python -m farhand.cli`: the same as `farhand`, for an interpreter without its scripts."""

from farhand.cli.main import main

main()
