/** Takes a conditional write of the gateway: once, and only on the revision it knew. */
'use strict';

const crypto = require('node:crypto');
const { Modules } = require('@medusajs/framework/utils');
const { contentOf } = require('./content');
const { connection, heldRow, transaction } = require('./database');
const { deliverSoon } = require('./delivery');
const { FillCart } = require('./fill-cart');
const { secondsFor, withCartLock } = require('./lock');
const { logFault } = require('./log');
const { finish, look, snapshotOf } = require('./record');
const { CallRefused, noCart } = require('./refusal');
const { refusedOf } = require('./refused');

const ATTEMPTS = 3;

/**
 * Answers `{snapshot, refused}`, and the same bytes to a repeated push_id; throws CallRefused 409
 * with the snapshot when the cart is at another revision or has ended.
 *
 * @param {any} container
 * @param {string} cartId
 * @param {{push_id: string, base_revision: number | null, lines: object[], codes: string[]}} request
 * @returns {Promise<string>}
 */
async function writeCart(container, cartId, request) {
    const before = await firstAnswer(connection(container), cartId, request.push_id);
    if (before !== undefined) {
        return before;
    }
    const eventGroupId = `cartbridge-${crypto.randomUUID()}`;
    try {
        return await withCartLock(container, cartId, request, async () => {
            const known = await begin(container, cartId, request);
            return known ?? fill(container, cartId, request, eventGroupId);
        });
    } finally {
        await container.resolve(Modules.EVENT_BUS).releaseGroupedEvents(eventGroupId);
        deliverSoon(container);
    }
}

/** What is about to be written is stored first: a crash must not pass for the shopper's doing. */
function begin(container, cartId, request) {
    return transaction(container, async trx => {
        const seen = await look(container, trx, cartId);
        if (!seen) {
            throw noCart();
        }
        const before = await firstAnswer(trx, cartId, request.push_id);
        if (before !== undefined) {
            return before;
        }
        return refusalTo(seen, request) ?? mark(trx, seen.row, request);
    }).then(outcome => {
        if (outcome instanceof CallRefused) {
            throw outcome; // behind the commit: what `look` recorded stays
        }
        return outcome;
    });
}

function refusalTo({ row, content }, request) {
    const snapshot = snapshotOf(row, content);
    if (content.state !== 'open') {
        return new CallRefused(409, 'cart_ended', 'This cart was bought or ended: read it.', { snapshot });
    }
    return row.revision === (request.base_revision ?? 0)
        ? undefined
        : new CallRefused(409, 'revision_moved', 'The cart changed: start from this snapshot.', { snapshot });
}

async function mark(trx, row, { push_id, lines, codes }) {
    await trx('cartbridge_cart')
        .where({ id: row.id })
        .update({
            writing: JSON.stringify({ push_id, lines, codes }),
            writing_until: new Date(Date.now() + secondsFor({ lines, codes }) * 1000),
        });
    return undefined;
}

async function fill(container, cartId, request, eventGroupId) {
    const reasons = await fillPatiently(container, cartId, request, eventGroupId);
    return transaction(container, async trx => {
        const row = await heldRow(trx, cartId);
        if (row.writing?.push_id !== request.push_id) {
            return firstAnswer(trx, cartId, request.push_id); // it took too long, and passed for broken off
        }
        const content = await contentOf(container, cartId, row);
        const refused = refusedOf(request, content, reasons, 'interrupted');
        return (await finish(trx, row, content, request.push_id, refused)).answer;
    });
}

/** What broke once may work the next time: only what still differs is changed then. */
async function fillPatiently(container, cartId, request, eventGroupId) {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        try {
            return await new FillCart(container, cartId, eventGroupId).run(request);
        } catch (error) {
            logFault(container, `attempt ${attempt} of ${ATTEMPTS} to write a cart broke off`, error);
        }
    }
    return new Map();
}

async function firstAnswer(db, cartId, pushId) {
    const push = await db('cartbridge_push').where({ cart_id: cartId, push_id: pushId }).first();
    return push?.answer;
}

module.exports = { writeCart };
