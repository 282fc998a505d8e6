/** Finds what no event told of, delivers what waits, frees and forgets what is over. */
'use strict';

const { connection } = require('./database');
const { deliverSoon } = require('./delivery');
const { freeOver } = require('./holds');
const { logFault } = require('./log');
const { recordNow } = require('./touched');

const REMEMBER_PUSHES = "interval '30 days'";
const LOOK_BACK = "interval '15 minutes'";
const LEEWAY = "interval '5 seconds'"; // a row's time is from before its commit, and of another clock
const LOOK_EVERY_MS = 60_000;
const MOST = 200;

// A cart's own `updated_at` stands still when its lines or promotions change, and a line that is
// removed only gets a `deleted_at`.
const WRITTEN = 'greatest(part.updated_at, part.deleted_at)';
const written = (id, from) =>
    `select ${id} as id, ${WRITTEN} as at from ${from} where ${WRITTEN} > now() - ${LOOK_BACK}`;
const SUSPECTS = `
    select written.id from (
        ${written('part.id', 'cart as part')}
        union all ${written('part.cart_id', 'cart_line_item as part')}
        union all ${written('part.cart_id', 'cart_promotion as part')}
        union all ${written(
            'item.cart_id',
            'cart_line_item_adjustment as part join cart_line_item as item on item.id = part.item_id',
        )}
        union all ${written(
            'bought.cart_id',
            `fulfillment as part join order_fulfillment as sent on sent.fulfillment_id = part.id
                join order_cart as bought on bought.order_id = sent.order_id`,
        )}
        union all select id, writing_until from cartbridge_cart where writing_until < now()
    ) as written
    left join cartbridge_cart as known on known.id = written.id
    where known.looked_at is null or written.at > known.looked_at - ${LEEWAY}
        or known.writing_until < now()
    group by written.id limit ${MOST}`;

let lastLook = 0;

/**
 * Delivers what waits and frees goods whose time is over; once a minute also looks at the carts that were written since they were
 * last read, whether or not an event told of it.
 *
 * @param {any} container
 */
async function sweep(container) {
    const db = connection(container);
    deliverSoon(container);
    await freeOver(container).catch(error =>
        logFault(container, 'goods whose time is over could not be freed; the sweep tries again', error),
    );
    if (Date.now() - lastLook < LOOK_EVERY_MS) {
        return;
    }
    lastLook = Date.now();
    const { rows } = await db.raw(SUSPECTS);
    for (const { id } of rows) {
        await recordNow(container, id);
    }
    await db('cartbridge_push').whereRaw(`created_at < now() - ${REMEMBER_PUSHES}`).delete();
}

module.exports = { sweep };
