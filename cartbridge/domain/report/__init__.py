"""What the retailer learns: facts of each cart, and the reports that add them up. Pure."""
