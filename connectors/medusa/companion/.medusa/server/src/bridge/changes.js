/** Lists the carts that changed, as they are now. */
'use strict';

const { connection } = require('./database');
const { recordNow } = require('./touched');
const { MOST_LISTED } = require('./requests');
const { CallRefused } = require('./refusal');

const USUAL_LIMIT = 50;

/**
 * Answers `{items, next}`; there is nothing more once `next` is the cursor that was given.
 *
 * @param {any} container
 * @param {{after?: string, limit?: string}} asked
 */
async function changes(container, { after, limit }) {
    const position = numberOf('after', after, /^p(\d{1,15})$/, 0);
    const most = numberOf('limit', limit, /^(\d{1,3})$/, USUAL_LIMIT);
    const rows = await connection(container)('cartbridge_cart')
        .where('position', '>', position)
        .orderBy('position')
        .limit(Math.min(Math.max(most, 1), MOST_LISTED))
        .select('id', 'position');
    const items = [];
    for (const { id } of rows) {
        items.push(await recordNow(container, id));
    }
    return { items: items.filter(Boolean), next: `p${rows.at(-1)?.position ?? position}` };
}

function numberOf(name, value, form, otherwise) {
    if (value === undefined) {
        return otherwise;
    }
    const found = form.exec(value);
    if (!found) {
        throw new CallRefused(400, 'malformed', `changes: ${name} is not one of ours; leave it out to begin.`);
    }
    return Number(found[1]);
}

module.exports = { changes };
