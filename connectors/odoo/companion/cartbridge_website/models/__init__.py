from . import cartbridge_due, cartbridge_push, sale_order, sale_order_line, website, website_track
