{
    "name": "CartBridge: gateway",
    "summary": "Where the CartBridge gateway is, and the keys this Odoo speaks to it with",
    "version": "19.0.1.0.0",
    "category": "Sales",
    "author": "CartBridge",
    "license": "LGPL-3",
    "depends": ["base_setup"],
    "data": [
        "security/ir.model.access.csv",
        "views/cartbridge_gateway_views.xml",
    ],
}
