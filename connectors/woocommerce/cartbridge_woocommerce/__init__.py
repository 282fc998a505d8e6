"""The connector for WooCommerce shops, with or without our companion plugin."""

from cartbridge_woocommerce.connector import WooCommerce

__all__ = ["WooCommerce"]
