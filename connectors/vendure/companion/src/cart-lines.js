/** Describes the lines of a cart: which article, at what price, with what taken off. */
'use strict';

const { TranslatorService } = require('@vendure/core');
const { discountsOf, lineTotal, rateOf } = require('./amounts');
const { injectable } = require('./decorate');
const { PublicIds } = require('./public-ids');
const { OPTIONS } = require('./tokens');

class CartLines {
    constructor(translator, ids, options) {
        Object.assign(this, { translator, ids, options });
    }

    /**
     * @param {import('@vendure/core').RequestContext} ctx
     * @param {import('@vendure/core').OrderLine} line
     * @param {boolean} inclusive whether the shop's prices include tax
     * @param {Map<string, string | null>} codes promotion id -> coupon code
     */
    article(ctx, line, inclusive, codes) {
        const variant = this.translator.translate(line.productVariant, ctx, ['options', 'product']);
        const image = line.featuredAsset ?? variant.featuredAsset ?? variant.product.featuredAsset;
        const price = inclusive ? line.unitPriceWithTax : line.unitPrice;
        return {
            external_id: this.ids.encode(line.id),
            sku: variant.sku,
            gtin: variant.customFields?.[this.options.gtinField] || null,
            title: variant.product.name,
            variant: variant.options.map(option => option.name).join(' ') || null,
            image_url: this.imageUrl(image),
            product_url: this.productUrl(variant),
            quantity: line.quantity,
            unit_price: price,
            list_price: price,
            total: lineTotal(line, inclusive),
            tax_rate: rateOf(line.taxRate),
            tax: line.proratedLinePriceWithTax - line.proratedLinePrice,
            discounts: discountsOf(line, inclusive, codes),
        };
    }

    /**
     * A surcharge of the shop, which is no article but part of the total.
     *
     * @param {import('@vendure/core').Surcharge} surcharge
     * @param {boolean} inclusive
     */
    fee(surcharge, inclusive) {
        const price = inclusive ? surcharge.priceWithTax : surcharge.price;
        return {
            external_id: `surcharge-${this.ids.encode(surcharge.id)}`,
            kind: 'fee',
            sku: surcharge.sku || null,
            gtin: null,
            title: surcharge.description,
            variant: null,
            image_url: null,
            product_url: null,
            quantity: 1,
            unit_price: price,
            list_price: price,
            total: price,
            tax_rate: rateOf(surcharge.taxRate),
            tax: surcharge.priceWithTax - surcharge.price,
            discounts: [],
        };
    }

    imageUrl(asset) {
        if (!asset?.preview) {
            return null;
        }
        if (/^https?:/.test(asset.preview)) {
            return asset.preview;
        }
        const prefix = this.options.assetUrlPrefix;
        return prefix ? `${prefix.replace(/\/$/, '')}/${asset.preview.replace(/^\//, '')}` : null;
    }

    productUrl(variant) {
        const values = { slug: variant.product.slug, sku: variant.sku, variant_id: this.ids.encode(variant.id) };
        return (
            this.options.productUrl?.replace(/\{(slug|sku|variant_id)\}/g, (_, name) =>
                encodeURIComponent(values[name]),
            ) ?? null
        );
    }
}
injectable(CartLines, [TranslatorService, PublicIds, OPTIONS]);

module.exports = { CartLines };
