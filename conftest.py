"""Lets a fresh checkout use every connector and run its tests without installing it."""

import sys
from pathlib import Path

for pyproject in sorted(Path(__file__).parent.glob("connectors/*/pyproject.toml")):
    sys.path.insert(0, str(pyproject.parent))
