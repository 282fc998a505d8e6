/** Brings what waits in the outbox to the gateway: in order per cart, again until it is taken. */
'use strict';

const { connection } = require('./database');
const { gatewayOf, GatewayError } = require('./gateway');
const { logFault } = require('./log');

const LEASE_SECONDS = 90;
const LONGEST_PAUSE = 300;
const MEND_PAUSE = 600; // somebody has to mend something first
const SIDE_BY_SIDE = 4;

let running = 0;
let again = false;

/** Starts delivering in the background unless it is under way; whoever caused it does not wait. */
function deliverSoon(container) {
    if (running >= SIDE_BY_SIDE) {
        again = true;
        return;
    }
    running += 1;
    deliverDue(container)
        .catch(error => logFault(container, 'delivery stopped; the sweep goes on with it', error))
        .finally(() => {
            running -= 1;
            if (again) {
                again = false;
                deliverSoon(container);
            }
        });
}

async function deliverDue(container) {
    const db = connection(container);
    const gateway = gatewayOf(container);
    for (let message = await take(db); message; message = await take(db)) {
        try {
            await gateway.deliver(message.message_id, message.body);
        } catch (error) {
            await postpone(container, db, message, error);
            continue;
        }
        await db('cartbridge_outbox').where({ id: message.id }).delete();
        if (message.attempts > 0) {
            await db('cartbridge_outbox').where('attempts', '>', 0).update({ due_at: db.fn.now() });
        }
    }
}

/** The oldest message that is due, unless one before it about the same cart still waits. */
async function take(db) {
    const { rows } = await db.raw(
        `update cartbridge_outbox set lease_until = now() + interval '${LEASE_SECONDS} seconds'
         where id = (
             select id from cartbridge_outbox as one
             where due_at <= now() and (lease_until is null or lease_until < now())
               and not exists (
                   select from cartbridge_outbox as earlier
                   where earlier.cart_id = one.cart_id and earlier.id < one.id)
             order by id for update skip locked limit 1)
         returning id, message_id, body, attempts`,
    );
    return rows[0];
}

async function postpone(container, db, message, error) {
    if (!(error instanceof GatewayError)) {
        throw error;
    }
    const growing = Math.min(LONGEST_PAUSE, 2 ** message.attempts) * (0.75 + Math.random() / 2);
    const seconds = error.mend ? MEND_PAUSE : Math.max(error.retryAfter ?? 0, growing);
    container.resolve('logger')[error.mend ? 'error' : 'warn'](`CartBridge: ${error.message}`);
    await db('cartbridge_outbox')
        .where({ id: message.id })
        .update({
            attempts: message.attempts + 1,
            due_at: new Date(Date.now() + seconds * 1000),
            lease_until: null,
        });
}

module.exports = { deliverSoon };
