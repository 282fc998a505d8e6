"""Use cases: one file each, named by its verb."""
