"""Everything a connector may import, and nothing else of CartBridge."""
