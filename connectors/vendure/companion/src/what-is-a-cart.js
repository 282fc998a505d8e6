/** Tells a shopper's cart from the orders that Vendure keeps in the same table. */
'use strict';

/**
 * Staff drafts, orders not yet begun and a marketplace's seller orders are not carts.
 *
 * @param {import('@vendure/core').Order} order
 * @returns {boolean}
 */
function isCart(order) {
    return order.type !== 'Seller' && order.state !== 'Draft' && order.state !== 'Created';
}

module.exports = { isCart };
