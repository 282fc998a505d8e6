"""Plays one night again: `python -m tests.simulation 243`."""

import sys

from tests.simulation.night import play

if __name__ == "__main__":
    for word in sys.argv[1:]:
        night = play(int(word))
        sys.stdout.write(f"{night.wrong or night.counts}\n{night.trace}\n")
        if night.wrong:
            sys.exit(1)
