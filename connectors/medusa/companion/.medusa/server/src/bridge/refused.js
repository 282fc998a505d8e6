/** Names what the shop did not take of a write, with what is really in the cart. */
'use strict';

const { keyOf } = require('./articles');

/** How much of each article there is; of rows and of wishes alike. */
function quantities(lines) {
    const sums = new Map();
    for (const line of lines) {
        const key = keyOf(line);
        sums.set(key, (sums.get(key) ?? 0) + Number(line.quantity));
    }
    return sums;
}

/**
 * The differences between what was wanted and what is there, each with its reason.
 *
 * @param {{lines: object[], codes: string[]}} wish
 * @param {{lines: object[], codes: string[]}} content
 * @param {Map<string, string>} reasons by article key, or by `code:` and the code
 * @param {string} otherwise the reason of what none is known for
 * @returns {object[]}
 */
function refusedOf(wish, content, reasons, otherwise) {
    const wanted = quantities(wish.lines);
    const present = quantities(content.lines);
    const names = new Map(
        [...wish.lines, ...content.lines].map(({ sku, gtin, title }) => {
            const key = keyOf({ sku, gtin, title });
            return [key, sku ? { sku } : gtin ? { gtin } : { title }];
        }),
    );
    const lines = [...names]
        .map(([key, name]) => ({
            ...name,
            wanted: wanted.get(key) ?? 0,
            accepted: present.get(key) ?? 0,
            reason: reasons.get(key) ?? otherwise,
        }))
        .filter(line => line.wanted !== line.accepted);
    const there = new Set(content.codes.map(code => code.toLowerCase()));
    const codes = wish.codes
        .filter(code => !there.has(code.toLowerCase()))
        .map(code => ({ code, reason: reasons.get(`code:${code}`) ?? otherwise }));
    return [...lines, ...codes];
}

module.exports = { quantities, refusedOf };
