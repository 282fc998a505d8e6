{
    "name": "CartBridge: quotations",
    "summary": "A quotation is known in the store as soon as it changes",
    "version": "19.0.1.0.0",
    "category": "Sales",
    "author": "CartBridge",
    "license": "LGPL-3",
    "depends": ["cartbridge_gateway", "sale"],
    "auto_install": True,
}
