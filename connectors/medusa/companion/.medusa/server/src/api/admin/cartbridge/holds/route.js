/** POST /admin/cartbridge/holds: keeps goods for a cart in one stock location until a time. */
'use strict';

const { hold } = require('../../../../bridge/holds');
const { answering } = require('../../../../bridge/refusal');
const { checkedBody } = require('../../../../bridge/requests');

module.exports = { POST: answering(req => hold(req.scope, checkedBody('hold', req.body))) };
