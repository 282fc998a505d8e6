/** What a Vendure project written in TypeScript sees of the CartBridge companion. */

export interface CartbridgeOptions {
    /** Where the gateway receives this shop's messages. */
    hookUrl: string;
    /** `whsec_…`; the first one signs, all of them are accepted. */
    secrets: string[];
    /** The gateway's public address. */
    gatewayUrl: string;
    /** The gateway key of role `shop`. */
    shopKey: string;
    /** The gateway's name or id of this connection. */
    connection: string;
    /** The storefront's cart page, where a joined shopper is sent. */
    cartUrl: string;
    /** Product page, with `{slug}`, `{sku}` or `{variant_id}` in it. */
    productUrl?: string | null;
    /** Put before an image path that is not a URL by itself. */
    assetUrlPrefix?: string | null;
    /** The ProductVariant custom field that holds the GTIN; `gtin` unless told. */
    gtinField?: string;
    /** The channel of carts that the gateway begins; the default one unless told. */
    channelToken?: string | null;
    /** How often unsent carts are looked for; 60 unless told. */
    sweepSeconds?: number;
    /** How long a call to the gateway may take; 10 unless told. */
    timeoutSeconds?: number;
}

/** The plugin; `init` throws an error that names every wrong option. */
export declare class CartbridgePlugin {
    static init(options: CartbridgeOptions): typeof CartbridgePlugin;
}

/** The tables of the companion, for migrations. */
export declare class CartbridgeCart {}
export declare class CartbridgeCounter {}
export declare class CartbridgePush {}
