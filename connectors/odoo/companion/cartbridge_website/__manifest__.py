{
    "name": "CartBridge: web shop",
    "summary": "A web cart goes to the store and back, and is sold once",
    "version": "19.0.1.0.0",
    "category": "Website/Website",
    "author": "CartBridge",
    "license": "LGPL-3",
    "depends": ["cartbridge_gateway", "website_sale"],
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "views/website_views.xml",
        "views/templates.xml",
    ],
}
