/** POST /store/cartbridge/pass: what the shopper shows in the store, for this browser's cart. */
'use strict';

const { answering } = require('../../../../bridge/refusal');
const { checkedBody } = require('../../../../bridge/requests');
const { pass } = require('../../../../bridge/shopper-cart');

module.exports = { POST: answering(req => pass(req, checkedBody('pass', req.body))) };
