"""The alarm: something an operator has to know, from the moment it begins to the one it ends."""
