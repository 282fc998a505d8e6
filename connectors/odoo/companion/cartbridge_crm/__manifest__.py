{
    "name": "CartBridge: leads",
    "summary": "What a shopper asks on the website is known in the store",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "CartBridge",
    "license": "LGPL-3",
    "depends": ["cartbridge_gateway", "crm"],
    "auto_install": True,
}
