/** Every ten seconds: what waits is delivered, what no event told of is found. */
'use strict';

const { sweep } = require('../bridge/sweep');

module.exports = {
    default: container => sweep(container),
    config: { name: 'cartbridge-sweep', schedule: { interval: 10_000 } },
};
