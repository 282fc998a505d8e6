/** What the companion keeps in the shop's own database: one row per cart, one per gateway write. */
'use strict';

const { EntityId, VendureEntity } = require('@vendure/core');
const { columns } = require('./decorate');
const { typeorm } = require('./vendure-modules');

const { Column, Entity, Index } = typeorm;

// Milliseconds since 1970, because a database's date columns differ in zone and precision.
const moment = {
    to: value => (value instanceof Date ? value.getTime() : value),
    from: value => (value === null || value === undefined ? null : new Date(Number(value))),
};
const number = { to: value => value, from: value => Number(value) };

const count = () => Column({ type: 'int', default: 0 });
const text = () => Column({ type: 'varchar', nullable: true });
const time = () => Column({ type: 'bigint', nullable: true, transformer: moment });
const position = () => Column({ type: 'bigint', default: 0, transformer: number });

/** One cart's revision, what of it the gateway has, and whether a till holds it. */
class CartbridgeCart extends VendureEntity {}
columns(CartbridgeCart, {
    orderId: [EntityId(), Index({ unique: true })],
    code: [Column({ type: 'varchar' }), Index({ unique: true })],
    revision: count(),
    changedAt: time(),
    currency: text(),
    locale: text(),
    lastPush: text(),
    refused: Column({ type: 'simple-json', nullable: true }),
    frozenUntil: time(),
    frozenWhere: text(),
    deletedAt: time(),
    mergedInto: text(),
    intoRevision: Column({ type: 'int', nullable: true }), // of that cart, from which on it holds these lines
    endRevision: Column({ type: 'int', nullable: true }), // the revision its one last message carries
    sentRevision: count(),
    attempts: count(),
    retryAt: time(),
    listedRevision: count(),
    position: [position(), Index()],
});
// Both searches are for the few carts with something left to do.
Index('cartbridge_cart_unsent_idx', ['id'], { where: '"sentRevision" < "revision"' })(CartbridgeCart);
Index('cartbridge_cart_unlisted_idx', ['id'], { where: '"listedRevision" < "revision"' })(
    CartbridgeCart,
);
Entity('cartbridge_cart')(CartbridgeCart);

/** The first answer to one gateway write, given again to every repeat of its push id. */
class CartbridgePush extends VendureEntity {}
columns(CartbridgePush, {
    pushId: [Column({ type: 'varchar' }), Index({ unique: true })],
    answer: Column({ type: 'text' }),
    answeredAt: [time(), Index()],
});
Entity('cartbridge_push')(CartbridgePush);

/** The last position given to a changed cart; its row is the lock of those who give positions. */
class CartbridgeCounter extends VendureEntity {}
columns(CartbridgeCounter, {
    name: [Column({ type: 'varchar' }), Index({ unique: true })],
    value: position(),
});
Entity('cartbridge_counter')(CartbridgeCounter);

module.exports = { CartbridgeCart, CartbridgeCounter, CartbridgePush };
