"""CartBridge carries carts between e-commerce platforms and store checkout systems."""

__version__ = "0.1.0"
