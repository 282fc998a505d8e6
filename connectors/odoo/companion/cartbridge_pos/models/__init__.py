from . import cartbridge_claim, pos_config, pos_order
