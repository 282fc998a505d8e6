/** Lists the carts that changed, as they are now. */
'use strict';

const { connection } = require('./database');
const { recordNow } = require('./touched');
const { listLimit, numberOf } = require('./requests');

/**
 * Answers `{items, next}`; there is nothing more once `next` is the cursor that was given.
 *
 * @param {any} container
 * @param {{after?: string, limit?: string}} asked
 */
async function changes(container, { after, limit }) {
    const position = numberOf('changes', 'after', after, /^p(\d{1,15})$/, 0);
    const rows = await connection(container)('cartbridge_cart')
        .where('position', '>', position)
        .orderBy('position')
        .limit(listLimit('changes', limit))
        .select('id', 'position');
    const items = [];
    for (const { id } of rows) {
        items.push(await recordNow(container, id));
    }
    return { items: items.filter(Boolean), next: `p${rows.at(-1)?.position ?? position}` };
}

module.exports = { changes };
