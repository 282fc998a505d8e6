"""The pure core: what can be and what can happen. No IO, no clock, no randomness."""
