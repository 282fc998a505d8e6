"""What wish lists and quotes have in common: lines, an owner, and twins that are kept in step."""
