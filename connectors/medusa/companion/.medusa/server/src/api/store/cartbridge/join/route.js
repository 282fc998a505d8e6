/** POST /store/cartbridge/join: a cart begun in the store goes on in this browser's cart. */
'use strict';

const { answering } = require('../../../../bridge/refusal');
const { checkedBody } = require('../../../../bridge/requests');
const { join } = require('../../../../bridge/shopper-cart');

module.exports = { POST: answering(req => join(req, checkedBody('join', req.body))) };
