"""The demo retailer: a French brand with two stores, a demo shop and a list of articles."""
