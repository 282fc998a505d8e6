/** Medusa's events tell only which cart: it is read again. */
'use strict';

const { ContainerRegistrationKeys } = require('@medusajs/framework/utils');
const { proven, touched } = require('../bridge/touched');

const BEYOND_CARTS = new Set(['order.placed', 'delivery.created']);

/** What became of a cart is told of its order, or of what was handed over of that. */
async function cartsOf(container, { name, data }) {
    const query = container.resolve(ContainerRegistrationKeys.QUERY);
    let orders = [data.id];
    if (name === 'delivery.created') {
        const filters = { fulfillment_id: data.id };
        const sent = await query.graph({ entity: 'order_fulfillment', fields: ['order_id'], filters });
        orders = sent.data.map(link => link.order_id);
    }
    const filters = { order_id: orders };
    const found = await query.graph({ entity: 'order_cart', fields: ['cart_id'], filters });
    return found.data.map(link => link.cart_id);
}

/** `cart.customer_transferred` comes only of a log-in, some events name no cart. */
async function cartChanged({ event, container }) {
    const { id, customer_id: customerId } = event.data;
    if (BEYOND_CARTS.has(event.name)) {
        (await cartsOf(container, event)).forEach(cartId => touched(container, cartId));
    } else if (event.name === 'cart.customer_transferred' && customerId) {
        await proven(container, id, customerId);
    } else {
        touched(container, id);
    }
}

module.exports = {
    default: cartChanged,
    config: {
        event: [
            'cart.created',
            'cart.updated',
            'cart.customer_updated',
            'cart.customer_transferred',
            'cart.region_updated',
            ...BEYOND_CARTS,
        ],
        context: { subscriberId: 'cartbridge-cart-changed' },
    },
};
