/** GET /admin/cartbridge/changes?after=&limit=: the carts that changed behind a position. */
'use strict';

const { changes } = require('../../../../bridge/changes');
const { answering } = require('../../../../bridge/refusal');

module.exports = { GET: answering(req => changes(req.scope, req.query)) };
