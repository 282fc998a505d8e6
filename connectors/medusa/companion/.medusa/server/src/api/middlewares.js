/** Before a route of Medusa's own: may the shopper change this cart? Behind it: look at the cart. */
'use strict';

const { authenticate, defineMiddlewares } = require('@medusajs/framework/http');
const { ContainerRegistrationKeys } = require('@medusajs/framework/utils');
const { holdOf } = require('../bridge/hold-cart');
const { logFault } = require('../bridge/log');
const { languageOf } = require('../bridge/messages');
const { proven, touched } = require('../bridge/touched');

const CHANGES = ['POST', 'DELETE'];
// Who she is and what taxes are due may be told at any time: neither changes what is sold.
const HARMLESS = /\/(customer|taxes)\/?$/;

const cartOfPath = req => req.params.id ?? /\/store\/carts\/([^/?]+)/.exec(req.originalUrl)?.[1];

/**
 * The stock promotion routes emit no event, so every accepted change is looked at. Who comes with
 * a log-in and with the id of a cart of that account has proved that the cart is hers.
 */
function lookAfterwards(req, res, next) {
    const known = cartOfPath(req);
    let begun;
    if (!known) {
        const answer = res.json.bind(res);
        res.json = body => {
            begun = body?.cart?.id;
            return answer(body);
        };
    }
    res.on('finish', () => {
        const cartId = known ?? begun;
        if (cartId && res.statusCode < 300) {
            const { actor_id: who, actor_type: kind } = req.auth_context ?? {};
            const look = who && kind === 'customer' ? proven(req.scope, cartId, who) : touched(req.scope, cartId);
            Promise.resolve(look).catch(error => logFault(req.scope, 'a log-in could not be kept', error));
        }
    });
    next();
}

async function refuseWhileHeld(req, res, next) {
    if (HARMLESS.test(req.path) || HARMLESS.test(req.originalUrl.split('?')[0])) {
        return next();
    }
    return refuseFor(cartOfPath(req), req, res, next);
}

async function refusePayment(req, res, next) {
    const cartId = req.body?.cart_id ?? (await cartOfPayment(req));
    return refuseFor(cartId, req, res, next);
}

async function cartOfPayment(req) {
    const found = /\/payment-collections\/([^/?]+)/.exec(req.originalUrl);
    if (!found) {
        return undefined;
    }
    const query = req.scope.resolve(ContainerRegistrationKeys.QUERY);
    const { data } = await query.graph({
        entity: 'cart_payment_collection',
        fields: ['cart_id'],
        filters: { payment_collection_id: found[1] },
    });
    return data[0]?.cart_id;
}

async function refuseFor(cartId, req, res, next) {
    const hold = cartId && (await holdOf(req.scope, cartId, languageOf(req)));
    if (!hold) {
        return next();
    }
    return res.status(409).json({ type: 'not_allowed', ...hold });
}

const allowGuests = authenticate('customer', ['session', 'bearer'], { allowUnauthenticated: true });

const onCarts = [allowGuests, refuseWhileHeld, lookAfterwards];

module.exports = {
    default: defineMiddlewares({
        routes: [
            { matcher: '/store/carts', methods: ['POST'], middlewares: [allowGuests, lookAfterwards] },
            { matcher: '/store/carts/:id', methods: CHANGES, middlewares: onCarts },
            { matcher: '/store/carts/:id/*', methods: CHANGES, middlewares: onCarts },
            { matcher: '/store/payment-collections', methods: ['POST'], middlewares: [refusePayment] },
            { matcher: '/store/payment-collections/*', methods: ['POST'], middlewares: [refusePayment] },
            { matcher: '/store/cartbridge/*', methods: ['POST'], middlewares: [allowGuests] },
        ],
    }),
};
