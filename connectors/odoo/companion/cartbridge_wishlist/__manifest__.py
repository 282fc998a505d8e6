{
    "name": "CartBridge: wish lists",
    "summary": "A wish list is known in the store as soon as it changes",
    "version": "19.0.1.0.0",
    "category": "Website/Website",
    "author": "CartBridge",
    "license": "LGPL-3",
    "depends": ["cartbridge_website", "website_sale_wishlist"],
    "auto_install": True,
}
