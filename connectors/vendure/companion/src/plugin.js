/** Plugs the companion into a Vendure shop. */
'use strict';

const { LanguageCode, Logger, PluginCommonModule, VendurePlugin } = require('@vendure/core');
const { Accounts } = require('./accounts');
const { FreshMerge, LockedActiveOrder } = require('./active-order');
const { CartLines } = require('./cart-lines');
const { CartMessages } = require('./cart-messages');
const { canLock } = require('./cart-rows');
const { Carts } = require('./carts');
const { ChangedCarts } = require('./changed-carts');
const { ContinueController } = require('./continue.controller');
const { Delivery } = require('./delivery');
const { CartbridgeCart, CartbridgeCounter, CartbridgePush } = require('./entities');
const { CONTEXT, Gateway } = require('./gateway');
const { FrozenOrderProcess, HoldCart } = require('./hold-cart');
const { IncomingController } = require('./incoming.controller');
const { checkOptions } = require('./options');
const { OrderContent } = require('./order-content');
const { PublicIds } = require('./public-ids');
const { keepRawBody } = require('./raw-body');
const { RevisionTracker } = require('./revision-tracker');
const { OrderApi, ShopApi, shopApiSchema } = require('./shop-api');
const { Shelves } = require('./shelves');
const { ShopperCart } = require('./shopper-cart');
const { SnapshotReader } = require('./snapshot');
const { OPTIONS } = require('./tokens');
const { WithdrawCart } = require('./withdraw-cart');
const { WriteCart } = require('./write-cart');

class CartbridgePlugin {
    /**
     * Takes the shop's options; throws an error that names every wrong one.
     *
     * @param {import('./options').CartbridgeOptions} options
     * @returns {typeof CartbridgePlugin}
     */
    static init(options) {
        CartbridgePlugin.options = checkOptions(options);
        return CartbridgePlugin;
    }
}

/** @param {import('@vendure/core').RuntimeVendureConfig} config */
function configure(config) {
    const { options } = CartbridgePlugin;
    if (!options) {
        throw new Error('Put CartbridgePlugin.init({ … }) among the plugins, not CartbridgePlugin itself.');
    }
    requireDatabase(config.dbConnectionOptions.type);
    // First, so that no body parser of the shop reads a signed call before its bytes are kept.
    config.apiOptions.middleware.unshift({
        route: '/cartbridge/v1',
        handler: keepRawBody,
        beforeListen: true,
    });
    const { orderOptions } = config;
    orderOptions.activeOrderStrategy = [orderOptions.activeOrderStrategy]
        .flat()
        .map(strategy => new LockedActiveOrder(strategy));
    orderOptions.mergeStrategy = new FreshMerge(orderOptions.mergeStrategy);
    // First as well: "your cart is at the till" comes before "choose a shipping method".
    orderOptions.process = [new FrozenOrderProcess(), ...orderOptions.process];
    addGtinField(config.customFields, options.gtinField);
    return config;
}

function requireDatabase(type) {
    if (!canLock(type)) {
        throw new Error(
            `The CartBridge plugin needs a database that locks rows (PostgreSQL, MySQL or MariaDB), not ${type}.`,
        );
    }
    if (type !== 'postgres') {
        Logger.warn(`The CartBridge plugin is tested on PostgreSQL; ${type} should work but is not.`, CONTEXT);
    }
}

function addGtinField(customFields, name) {
    const fields = (customFields.ProductVariant ??= []);
    if (!fields.some(field => field.name === name)) {
        fields.push({
            name,
            type: 'string',
            nullable: true,
            public: true,
            label: [
                { languageCode: LanguageCode.en, value: 'GTIN (bar code)' },
                { languageCode: LanguageCode.fr, value: 'Code-barres (EAN)' },
            ],
        });
    }
}

VendurePlugin({
    imports: [PluginCommonModule],
    compatibility: '^3.7.0',
    entities: [CartbridgeCart, CartbridgeCounter, CartbridgePush],
    providers: [
        { provide: OPTIONS, useFactory: () => CartbridgePlugin.options },
        Accounts,
        CartLines,
        CartMessages,
        Carts,
        ChangedCarts,
        Delivery,
        Gateway,
        HoldCart,
        OrderContent,
        PublicIds,
        RevisionTracker,
        Shelves,
        ShopperCart,
        SnapshotReader,
        WithdrawCart,
        WriteCart,
    ],
    controllers: [IncomingController, ContinueController],
    configuration: configure,
    shopApiExtensions: { schema: shopApiSchema, resolvers: [ShopApi, OrderApi] },
})(CartbridgePlugin);

module.exports = { CartbridgePlugin };
