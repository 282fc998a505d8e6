"""Lets the tests of this folder import the shop that stands in for Medusa."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
