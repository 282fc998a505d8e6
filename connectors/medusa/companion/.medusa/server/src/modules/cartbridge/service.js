/** What every part of the companion resolves from Medusa's container to know its options. */
'use strict';

const { checkedOptions } = require('./options');

/** Wrong options stop the boot with one error that names them all. */
class CartbridgeService {
    constructor(_, options) {
        this.options = checkedOptions(options ?? {});
    }
}

module.exports = { CartbridgeService };
