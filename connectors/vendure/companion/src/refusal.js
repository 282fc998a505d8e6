/** How a call of the gateway is answered when it cannot be done. */
'use strict';

/** Ends a call with a status and `{error, message, …}`; the transaction around it is undone. */
class CallRefused extends Error {
    /**
     * @param {number} status
     * @param {string} code stable, for machines
     * @param {string} message says what to do next
     * @param {object} [more] further fields of the answer
     */
    constructor(status, code, message, more = {}) {
        super(message);
        this.status = status;
        this.body = { error: code, message, ...more };
    }
}

/**
 * The answer to a cart that is not here, or no longer: a reader learns from it what `cart.deleted` says.
 *
 * @param {import('./entities').CartbridgeCart | null} [row]
 */
function noSuchCart(row) {
    return new CallRefused(
        404,
        'cart_not_found',
        row?.deletedAt
            ? 'This cart was deleted in the shop; read merged_into, if it is not null.'
            : 'The shop has no cart with this external_id.',
        {
            revision: row?.endRevision ?? null,
            at: row?.deletedAt?.toISOString() ?? null,
            merged_into: row?.mergedInto ?? null,
            into_revision: row?.intoRevision ?? null,
        },
    );
}

module.exports = { CallRefused, noSuchCart };
