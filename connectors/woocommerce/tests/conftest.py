"""Lets the tests of this folder import the system that stands in for a real one."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
