"""The web faces, one file per audience."""
