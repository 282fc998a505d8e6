from . import cartbridge_gateway
