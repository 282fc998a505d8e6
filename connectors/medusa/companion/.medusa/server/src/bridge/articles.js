/** By what name an article crosses: its SKU, else its GTIN, else its title. */
'use strict';

// On a line that the gateway asked for by GTIN: it keeps that name, although its variant has a SKU.
const ASKED_GTIN = 'cartbridge_gtin';

/**
 * Whether these are 8, 12, 13 or 14 digits with the right check digit (GS1 General Specifications).
 *
 * @param {unknown} text
 * @returns {boolean}
 */
function isGtin(text) {
    if (typeof text !== 'string' || !/^(\d{8}|\d{12,14})$/.test(text)) {
        return false;
    }
    const digits = [...text].reverse().map(Number);
    const sum = digits.reduce((total, digit, place) => total + digit * (place % 2 ? 3 : 1), 0);
    return sum % 10 === 0;
}

/**
 * What names the article of a cart line.
 *
 * @param {any} item a Medusa line item with its variant
 * @returns {{sku: string | null, gtin: string | null, title: string}}
 */
function articleOf(item) {
    const asked = item.metadata?.[ASKED_GTIN];
    const codes = [asked, item.variant_barcode, item.variant?.barcode, item.variant?.ean, item.variant?.upc];
    return {
        sku: asked ? null : item.variant_sku || null,
        gtin: codes.find(isGtin) ?? null,
        title: item.product_title || item.title,
    };
}

/**
 * One text per article, the same for a cart line and for a line of a write.
 *
 * @param {{sku?: string | null, gtin?: string | null, title?: string | null}} article
 * @returns {string}
 */
function keyOf({ sku, gtin, title }) {
    if (sku) {
        return `sku:${sku}`;
    }
    return gtin ? `gtin:${gtin.padStart(14, '0')}` : `title:${title}`;
}

module.exports = { ASKED_GTIN, articleOf, isGtin, keyOf };
