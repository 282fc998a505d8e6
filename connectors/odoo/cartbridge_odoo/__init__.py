"""The connector for Odoo: its website's carts, its quotations and its tills."""

from cartbridge_odoo.connector import Odoo

__all__ = ["Odoo"]
