{
    "name": "CartBridge: Point of Sale",
    "summary": "Scan a web cart at the till, or send a ticket home",
    "version": "19.0.1.0.0",
    "category": "Sales/Point of Sale",
    "author": "CartBridge",
    "license": "LGPL-3",
    "depends": ["cartbridge_gateway", "point_of_sale"],
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "views/pos_config_views.xml",
    ],
    "assets": {
        "point_of_sale._assets_pos": ["cartbridge_pos/static/src/**/*"],
    },
}
