"""The cart: read lifecycle.py first, then events, commands, decide and evolve."""
