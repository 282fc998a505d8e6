/** What articles cost in this shop now, as its storefront would show them. */
'use strict';

const { ContainerRegistrationKeys, MathBN, Modules, ProductStatus, QueryContext } = require('@medusajs/framework/utils');
const { keyOf } = require('./articles');
const { exact } = require('./amounts');
const { findVariants } = require('./find-variants');

const FIELDS = ['product_id', 'product.status', 'product.type_id', 'calculated_price.*'];

/**
 * Answers `{prices}`: one row for each article that has a price in that currency.
 *
 * @param {any} container
 * @param {{currency: string, articles: object[]}} request
 */
async function pricesOf(container, { currency, articles }) {
    const region = await regionOf(container, currency.toLowerCase());
    if (!region) {
        return { prices: [] }; // the shop sells nowhere in this currency
    }
    const context = { currency_code: region.currency_code, region_id: region.id };
    const found = await findVariants(container, articles, FIELDS, { calculated_price: QueryContext(context) });
    const priced = [...found].filter(([, one]) => isSold(one));
    const rates = await ratesOf(container, region, priced.map(([, one]) => one));
    const reductions = await reductionsOf(container, priced.map(([, one]) => one));
    const rows = new Map(priced.map(([key, one]) => [key, rowOf(one, rates, reductions)]));
    return {
        prices: articles
            .filter(one => rows.has(keyOf(one)))
            .map(({ sku, gtin }) => ({ ...(sku ? { sku } : { gtin }), ...rows.get(keyOf({ sku, gtin })) })),
    };
}

const amountOf = ({ calculated_price: price }) => price?.raw_calculated_amount ?? price?.calculated_amount ?? null;
const isSold = one => one.product?.status === ProductStatus.PUBLISHED && amountOf(one) !== null;

function rowOf(variant, rates, reductions) {
    const price = variant.calculated_price;
    return {
        amount: exact(amountOf(variant)),
        currency_code: price.currency_code,
        is_tax_inclusive: Boolean(price.is_calculated_price_tax_inclusive),
        tax_rate: rates.get(variant.id) ?? null,
        promotion: reductions.get(price.calculated_price?.price_list_id) ?? null,
    };
}

/** The region of the companion's options if it sells in that currency, else the oldest that does. */
async function regionOf(container, currency) {
    const query = container.resolve(ContainerRegistrationKeys.QUERY);
    const { regionId } = container.resolve('cartbridge').options;
    const { data } = await query.graph({
        entity: 'region',
        fields: ['id', 'currency_code', 'automatic_taxes', 'created_at', 'countries.iso_2'],
        filters: { currency_code: currency },
    });
    const oldest = [...data].sort((one, other) => new Date(one.created_at) - new Date(other.created_at))[0];
    return data.find(({ id }) => id === regionId) ?? oldest;
}

/** The tax of each variant in percent; told only where no address is needed to know it. */
async function ratesOf(container, region, variants) {
    const rates = new Map();
    if (!region.automatic_taxes || region.countries?.length !== 1 || !variants.length) {
        return rates;
    }
    const lines = await container.resolve(Modules.TAX).getTaxLines(
        variants.map(one => ({
            id: one.id,
            product_id: one.product_id,
            product_type_id: one.product.type_id,
            quantity: 1,
            unit_price: one.calculated_price.calculated_amount,
            currency_code: region.currency_code,
        })),
        { address: { country_code: region.countries[0].iso_2 } },
    );
    for (const { line_item_id: id, rate } of lines) {
        rates.set(id, exact(MathBN.add(rates.get(id) ?? 0, rate ?? 0)));
    }
    return rates;
}

/** What the shop's staff call the price lists to which these prices owe themselves. */
async function reductionsOf(container, variants) {
    const ids = variants
        .map(one => one.calculated_price.calculated_price)
        .filter(price => price?.price_list_id && price.price_list_type === 'sale')
        .map(price => price.price_list_id);
    if (!ids.length) {
        return new Map();
    }
    const query = container.resolve(ContainerRegistrationKeys.QUERY);
    const { data } = await query.graph({ entity: 'price_list', fields: ['id', 'title'], filters: { id: ids } });
    return new Map(data.map(({ id, title }) => [id, title]));
}

module.exports = { pricesOf };
