/** Lists the carts that changed since a cursor, none left out however transactions overlap. */
'use strict';

const { Logger, TransactionalConnection } = require('@vendure/core');
const { injectable } = require('./decorate');
const { CartbridgeCart, CartbridgeCounter } = require('./entities');
const { CONTEXT } = require('./gateway');
const { CallRefused } = require('./refusal');
const { MOST_LISTED, USUAL_LISTED } = require('./requests');
const { SnapshotReader } = require('./snapshot');
const { typeorm } = require('./vendure-modules');
const { isCart } = require('./what-is-a-cart');

const { MoreThan } = typeorm;

const COUNTER = 'changed';

/**
 * A changed cart gets its position when it is listed, not when it changes: what is committed later
 * gets a later position, so a reader that stands at a position has seen everything before it.
 */
class ChangedCarts {
    constructor(connection, reader) {
        Object.assign(this, { connection, reader });
    }

    /**
     * Answers `{items, next}`; there is nothing more once `next` is the cursor that was given.
     *
     * @param {{cursor?: string | null, limit?: number | null}} request
     */
    async list({ cursor, limit }) {
        const after = positionOf(cursor);
        await this.givePositions();
        const rows = await this.connection.rawConnection.getRepository(CartbridgeCart).find({
            where: { position: MoreThan(after) },
            order: { position: 'ASC' },
            take: limit ?? USUAL_LISTED,
        });
        const items = [];
        for (const row of rows) {
            items.push(await this.snapshotOf(row));
        }
        return { items: items.filter(Boolean), next: `p${rows.at(-1)?.position ?? after}` };
    }

    async givePositions() {
        await this.connection.rawConnection.transaction(async manager => {
            await manager
                .createQueryBuilder()
                .insert()
                .into(CartbridgeCounter)
                .values({ name: COUNTER, value: 0 })
                .orIgnore()
                .execute();
            const counter = await manager
                .createQueryBuilder(CartbridgeCounter, 'counter')
                .setLock('pessimistic_write')
                .where('counter.name = :name', { name: COUNTER })
                .getOneOrFail();
            // A cart that is being changed this moment is skipped: it is behind the next time as well.
            const changed = await manager
                .createQueryBuilder(CartbridgeCart, 'cart')
                .setLock('pessimistic_write')
                .setOnLocked('skip_locked')
                .where('cart.listedRevision < cart.revision')
                .orderBy('cart.id')
                .limit(MOST_LISTED)
                .getMany();
            for (const row of changed) {
                counter.value += 1;
                await manager.update(
                    CartbridgeCart,
                    { id: row.id },
                    { position: counter.value, listedRevision: row.revision },
                );
            }
            await manager.update(CartbridgeCounter, { id: counter.id }, { value: counter.value });
        });
    }

    async snapshotOf(row) {
        if (row.deletedAt) {
            return this.reader.ofDeleted(row);
        }
        try {
            const ctx = await this.reader.contextOf(row);
            const read = ctx && (await this.reader.read(ctx, row.orderId));
            return read && isCart(read.order) ? read.snapshot : undefined;
        } catch (error) {
            // One cart that cannot be read must not hide all the others.
            Logger.error(`Cart ${row.code} is left out of the list: ${error.message}`, CONTEXT);
            return undefined;
        }
    }
}
injectable(ChangedCarts, [TransactionalConnection, SnapshotReader]);

function positionOf(cursor) {
    if (cursor === null || cursor === undefined) {
        return 0;
    }
    if (!/^p\d{1,15}$/.test(cursor)) {
        throw new CallRefused(400, 'malformed', 'carts/changed: cursor is not one of ours; start with null.');
    }
    return Number(cursor.slice(1));
}

module.exports = { ChangedCarts };
