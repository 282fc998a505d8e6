/** What articles cost in the shop now, and what its stock locations can sell of them. */
'use strict';

const {
    GlobalSettingsService,
    InternalServerError,
    ProductPriceApplicator,
    ProductVariant,
    RequestContextService,
    StockLevel,
    TransactionalConnection,
} = require('@vendure/core');
const { rateOf } = require('./amounts');
const { injectable } = require('./decorate');
const { PublicIds } = require('./public-ids');
const { OPTIONS } = require('./tokens');
const { typeorm } = require('./vendure-modules');

const { In, IsNull } = typeorm;
const NO_PRICE = 'error.no-price-found-for-channel';

/** Speaks for the channel in which carts of the gateway begin. */
class Shelves {
    constructor(options, connection, contexts, settings, pricing, ids) {
        Object.assign(this, { options, connection, contexts, settings, pricing, ids });
    }

    /**
     * Answers `{prices}`: a row for each article that is sold in that currency, in the channel's tax mode.
     *
     * @param {{currency: string, skus: string[]}} request
     */
    async prices({ currency, skus }) {
        const ctx = await this.context(currency);
        if (!ctx.channel.availableCurrencyCodes.includes(currency)) {
            return { prices: [] };
        }
        const inclusive = ctx.channel.pricesIncludeTax;
        const prices = [];
        for (const variant of await this.variants(ctx, skus)) {
            if (variant.enabled && variant.product.enabled && (await this.priced(ctx, variant))) {
                prices.push({
                    sku: variant.sku,
                    unit_price: inclusive ? variant.priceWithTax : variant.price,
                    currency: variant.currencyCode,
                    tax_mode: inclusive ? 'inclusive' : 'exclusive',
                    tax_rate: rateOf(variant.taxRateApplied.value),
                });
            }
        }
        return { prices };
    }

    /**
     * Answers `{stock}`: a row for each article in each of these locations that is counted there.
     *
     * @param {{skus: string[], locations: string[]}} request
     */
    async stock({ skus, locations }) {
        const ctx = await this.context();
        const { trackInventory } = await this.settings.getSettings(ctx);
        const variants = await this.variants(ctx, skus);
        const counted = new Map(
            variants.filter(one => isCounted(one, trackInventory)).map(one => [String(one.id), one.sku]),
        );
        const levels = await this.connection.getRepository(ctx, StockLevel).find({
            where: { productVariantId: In([...counted.keys()]) },
            order: { id: 'ASC' },
        });
        const stock = levels.map(level => ({
            sku: counted.get(String(level.productVariantId)),
            location: this.ids.encode(level.stockLocationId),
            quantity: Math.max(0, level.stockOnHand - level.stockAllocated),
        }));
        return { stock: stock.filter(({ location }) => locations.includes(location)) };
    }

    context(currencyCode) {
        return this.contexts.create({ apiType: 'shop', channelOrToken: this.options.channelToken, currencyCode });
    }

    variants(ctx, skus) {
        return this.connection.getRepository(ctx, ProductVariant).find({
            where: { sku: In(skus), deletedAt: IsNull(), channels: { id: ctx.channelId } },
            relations: { product: true, productVariantPrices: true, taxCategory: true },
            order: { id: 'ASC' },
        });
    }

    /** Whether the article has a price; only then its amounts may be read. */
    async priced(ctx, variant) {
        try {
            await this.pricing.applyChannelPriceAndTax(variant, ctx, undefined, true);
            return true;
        } catch (error) {
            if (error instanceof InternalServerError && error.message === NO_PRICE) {
                return false;
            }
            throw error;
        }
    }
}
injectable(Shelves, [
    OPTIONS,
    TransactionalConnection,
    RequestContextService,
    GlobalSettingsService,
    ProductPriceApplicator,
    PublicIds,
]);

/** An article that the shop does not count is never short: of it nothing is said. */
function isCounted({ trackInventory }, byDefault) {
    return trackInventory === 'TRUE' || (trackInventory === 'INHERIT' && byDefault);
}

module.exports = { Shelves };
