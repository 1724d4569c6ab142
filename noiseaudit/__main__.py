"""python -m noiseaudit."""

from noiseaudit.cli import main

main()
