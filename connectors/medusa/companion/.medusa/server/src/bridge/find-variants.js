/** Finds the variants that articles are sold as, many at once. */
'use strict';

const { ContainerRegistrationKeys } = require('@medusajs/framework/utils');
const { keyOf } = require('./articles');

const CODES = ['barcode', 'ean', 'upc'];
const LENGTHS = [8, 12, 13, 14];

/** However long a GTIN was written, with or without its leading zeros. */
const spelled = gtin => {
    const short = gtin.replace(/^0+/, '');
    return LENGTHS.filter(length => length >= short.length).map(length => short.padStart(length, '0'));
};

/**
 * The variant of each article by its key; what the shop does not know is left out.
 *
 * @param {any} container
 * @param {{sku?: string | null, gtin?: string | null}[]} articles
 * @param {string[]} fields what is wanted of a variant, beside what names it
 * @param {object} [context] of the query, such as whose prices are asked for
 * @returns {Promise<Map<string, any>>}
 */
async function findVariants(container, articles, fields, context) {
    const query = container.resolve(ContainerRegistrationKeys.QUERY);
    const wanted = [...new Set(fields), 'id', 'sku', ...CODES];
    const find = async filters =>
        (await query.graph({ entity: 'variant', fields: wanted, filters, ...(context && { context }) })).data;
    const found = new Map();
    const skus = articles.filter(({ sku }) => sku).map(({ sku }) => sku);
    for (const variant of skus.length ? await find({ sku: skus }) : []) {
        found.set(keyOf(variant), variant);
    }
    const others = articles.filter(({ sku, gtin }) => !sku && gtin);
    const codes = others.flatMap(({ gtin }) => spelled(gtin));
    for (const field of codes.length ? CODES : []) {
        const variants = await find({ [field]: codes });
        for (const { gtin } of others.filter(one => !found.has(keyOf(one)))) {
            const variant = variants.find(one => spelled(gtin).includes(one[field]));
            if (variant) {
                found.set(keyOf({ gtin }), variant);
            }
        }
    }
    return found;
}

module.exports = { findVariants };
