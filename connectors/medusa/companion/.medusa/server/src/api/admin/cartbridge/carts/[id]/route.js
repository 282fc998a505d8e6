/** GET and PUT /admin/cartbridge/carts/{id}: the cart as it is, and a conditional write. */
'use strict';

const { deliverSoon } = require('../../../../../bridge/delivery');
const { record } = require('../../../../../bridge/record');
const { answering, noCart } = require('../../../../../bridge/refusal');
const { checkedBody } = require('../../../../../bridge/requests');
const { writeCart } = require('../../../../../bridge/write-cart');

async function read(req) {
    const snapshot = await record(req.scope, req.params.id);
    deliverSoon(req.scope);
    if (!snapshot) {
        throw noCart();
    }
    return { snapshot };
}

module.exports = {
    GET: answering(read),
    PUT: answering(req => writeCart(req.scope, req.params.id, checkedBody('write', req.body))),
};
