/** Ids as the shop's own API shows and takes them. */
'use strict';

const { ConfigService } = require('@vendure/core');
const { injectable } = require('./decorate');

class PublicIds {
    constructor(config) {
        this.strategy = config.entityOptions.entityIdStrategy ?? config.entityIdStrategy;
    }

    /**
     * @param {import('@vendure/core').ID} id
     * @returns {string}
     */
    encode(id) {
        return String(this.strategy.encodeId(id));
    }

    /**
     * @param {string} id
     * @returns {import('@vendure/core').ID}
     */
    decode(id) {
        return this.strategy.decodeId(id);
    }
}
injectable(PublicIds, [ConfigService]);

module.exports = { PublicIds };
