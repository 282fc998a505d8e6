/** Lists the customers with an account whose data changed, as they are now. */
'use strict';

const { connection } = require('./database');
const { CallRefused } = require('./refusal');
const { listLimit } = require('./requests');

// A row's time is from before its commit: what is younger may still get an older neighbour.
const SETTLED = "interval '10 seconds'";
const AT = `to_char(updated_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\S{1,100})$/;
const START = '2000-01-01T00:00:00.000000Z -';

/**
 * Answers `{items, next}`; there is nothing more once `next` is the cursor that was given. A guest
 * is no customer here: an e-mail that somebody typed proves nothing.
 *
 * @param {any} container
 * @param {{after?: string, limit?: string}} asked
 */
async function customers(container, { after, limit }) {
    const place = PLACE.exec(after ?? START);
    if (!place) {
        throw new CallRefused(400, 'malformed', 'customers: after is not one of ours; leave it out to begin.');
    }
    const { rows } = await connection(container).raw(
        `select id, email, phone, first_name, last_name, ${AT} as at from customer
         where has_account and deleted_at is null and updated_at < now() - ${SETTLED}
             and (updated_at, id) > (?::timestamptz, ?)
         order by updated_at, id limit ?`,
        [place[1], place[2], listLimit('customers', limit)],
    );
    const last = rows.at(-1);
    return {
        items: rows.map(({ id, at, ...known }) => ({ state: 'customer', external_id: id, updated_at: at, ...known })),
        next: last ? `${last.at} ${last.id}` : (after ?? START),
    };
}

module.exports = { customers };
