"""The loops that carry on by themselves, and what is looked at from time to time."""
