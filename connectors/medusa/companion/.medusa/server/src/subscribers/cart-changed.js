/** Medusa's events tell only which cart: it is read again. */
'use strict';

const { ContainerRegistrationKeys } = require('@medusajs/framework/utils');
const { proven, touched } = require('../bridge/touched');

/** `cart.customer_transferred` comes only of a log-in, `order.placed` names the order alone. */
async function cartChanged({ event, container }) {
    const { id, customer_id: customerId } = event.data;
    if (event.name === 'order.placed') {
        const query = container.resolve(ContainerRegistrationKeys.QUERY);
        const filters = { order_id: id };
        const { data } = await query.graph({ entity: 'order_cart', fields: ['cart_id'], filters });
        data.forEach(link => touched(container, link.cart_id));
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
            'order.placed',
        ],
        context: { subscriberId: 'cartbridge-cart-changed' },
    },
};
