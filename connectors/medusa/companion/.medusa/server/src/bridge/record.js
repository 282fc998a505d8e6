/** Records what became of a cart: its revision and the message about it, in one transaction. */
'use strict';

const crypto = require('node:crypto');
const { contentOf } = require('./content');
const { heldRow, nextPosition, transaction } = require('./database');
const { busy } = require('./refusal');
const { refusedOf } = require('./refused');

/**
 * Reads a cart again, raises its revision if it changed, and answers how it is now; undefined if
 * there is no such cart. Throws CallRefused 503 while a write of the gateway is under way.
 *
 * @param {any} container
 * @param {string} cartId
 * @returns {Promise<object | undefined>}
 */
function record(container, cartId) {
    return transaction(container, async trx => {
        const seen = await look(container, trx, cartId);
        return seen && snapshotOf(seen.row, seen.content);
    });
}

/**
 * The cart and its row, held and up to date within a transaction; undefined if there is none.
 *
 * @param {any} container
 * @param {any} trx
 * @param {string} cartId
 */
async function look(container, trx, cartId) {
    const row = await heldRow(trx, cartId);
    if (row.writing && row.writing_until > new Date()) {
        throw busy();
    }
    await trx('cartbridge_cart').where({ id: cartId }).update({ looked_at: trx.fn.now() });
    // Read behind the row's lock: what is read later is recorded later.
    const content = (await contentOf(container, cartId, row)) ?? goneAs(row);
    if (!content) {
        await trx('cartbridge_cart').where({ id: cartId }).delete();
        return undefined;
    }
    if (row.writing) {
        // The process that wrote has ended: what it managed is what the write came to.
        const refused = refusedOf(row.writing, content, new Map(), 'interrupted');
        return finish(trx, row, content, row.writing.push_id, refused);
    }
    if (row.content_hash !== hashOf(content)) {
        return { row: await save(trx, row, content), content };
    }
    return { row, content };
}

/** A cart that was deleted past the companion is told once, as it is told of nothing else. */
function goneAs(row) {
    return row.revision > 0 ? { state: 'deleted', codes: [], lines: [] } : undefined;
}

/**
 * Records a write of the gateway that has come to its end, and keeps its answer for a repeat.
 *
 * @param {any} trx
 * @param {any} row
 * @param {any} content
 * @param {string} pushId
 * @param {object[]} refused
 */
async function finish(trx, row, content, pushId, refused) {
    const change = {
        last_push: pushId,
        refused: JSON.stringify(refused),
        writing: null,
        writing_until: null,
    };
    const saved = await save(trx, row, content, change);
    const answer = JSON.stringify({ snapshot: snapshotOf(saved, content), refused });
    await trx('cartbridge_push').insert({ push_id: pushId, cart_id: row.id, answer });
    return { row: saved, content, answer };
}

/**
 * Raises the revision by one and puts the message about it into the outbox.
 *
 * @param {any} trx
 * @param {any} row
 * @param {any} content
 * @param {object} [change] further columns of the row
 */
async function save(trx, row, content, change = {}) {
    const [saved] = await trx('cartbridge_cart')
        .where({ id: row.id })
        .update({
            ...change,
            revision: row.revision + 1,
            content_hash: hashOf(content),
            state: content.state,
            changed_at: trx.fn.now(),
            position: await nextPosition(trx),
        })
        .returning('*');
    // A later snapshot says everything an earlier one of the same state would have said.
    await trx('cartbridge_outbox').where({ cart_id: row.id, state: content.state, lease_until: null }).delete();
    await trx('cartbridge_outbox').insert({
        cart_id: row.id,
        message_id: `${row.id}-${saved.revision}`,
        state: content.state,
        body: JSON.stringify({
            type: TYPE_OF[content.state],
            timestamp: saved.changed_at.toISOString(),
            data: snapshotOf(saved, content),
        }),
    });
    return saved;
}

const TYPE_OF = {
    open: 'cart.snapshot',
    ordered: 'cart.ordered',
    sold: 'cart.sold',
    deleted: 'cart.deleted',
};

/** What the gateway is told: the cart, and how far it has come with us. */
function snapshotOf(row, content) {
    return {
        external_id: row.id,
        revision: row.revision,
        last_push: row.last_push,
        refused: row.refused,
        updated_at: row.changed_at.toISOString(),
        ...content,
    };
}

const hashOf = content => crypto.createHash('sha256').update(JSON.stringify(content)).digest('hex');

module.exports = { finish, hashOf, look, record, snapshotOf };
