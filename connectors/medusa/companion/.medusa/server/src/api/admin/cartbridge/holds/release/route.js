/** POST /admin/cartbridge/holds/release: frees what a hold keeps. */
'use strict';

const { release } = require('../../../../../bridge/holds');
const { answering } = require('../../../../../bridge/refusal');
const { checkedBody } = require('../../../../../bridge/requests');

module.exports = { POST: answering(req => release(req.scope, checkedBody('release', req.body))) };
