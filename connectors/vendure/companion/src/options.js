/** Checks what the shop passed to `CartbridgePlugin.init`, so that a mistake stops the boot and not a cart. */
'use strict';

const { decodeSecret } = require('./signature');

/**
 * @typedef {object} CartbridgeOptions
 * @property {string} hookUrl where the gateway receives this shop's messages
 * @property {string[]} secrets `whsec_…`; the first one signs, all of them are accepted
 * @property {string} gatewayUrl the gateway's public address
 * @property {string} shopKey the gateway key of role `shop`
 * @property {string} connection the gateway's name or id of this connection
 * @property {string} cartUrl the storefront's cart page, where a joined shopper is sent
 * @property {string} [productUrl] product page, with `{slug}`, `{sku}` or `{variant_id}` in it
 * @property {string} [assetUrlPrefix] put before an image path that is not a URL by itself
 * @property {string} [gtinField] the ProductVariant custom field that holds the GTIN; `gtin`
 * @property {string} [channelToken] the channel of carts that the gateway creates; the default one
 * @property {number} [sweepSeconds] how often unsent carts are looked for; 60
 * @property {number} [timeoutSeconds] how long a call to the gateway may take; 10
 */

const DEFAULTS = { gtinField: 'gtin', sweepSeconds: 60, timeoutSeconds: 10 };

const CHECKS = {
    hookUrl: url,
    secrets: secretList,
    gatewayUrl: url,
    shopKey: word,
    connection: word,
    cartUrl: url,
    productUrl: optional(url),
    assetUrlPrefix: optional(url),
    gtinField: word,
    channelToken: optional(word),
    sweepSeconds: positive,
    timeoutSeconds: positive,
};

/**
 * Promises complete, checked options; throws one error that names every wrong one.
 *
 * @param {CartbridgeOptions} given
 * @returns {Readonly<Required<CartbridgeOptions>>}
 */
function checkOptions(given) {
    if (given === null || typeof given !== 'object') {
        throw new Error('CartbridgePlugin.init needs an options object; see the plugin README.');
    }
    const problems = Object.keys(given)
        .filter(name => !(name in CHECKS))
        .map(name => `${name}: no such option`);
    const options = { ...DEFAULTS, ...given };
    for (const [name, check] of Object.entries(CHECKS)) {
        const problem = check(options[name]);
        if (problem) {
            problems.push(`${name}: ${problem}`);
        }
    }
    if (problems.length) {
        throw new Error(`CartbridgePlugin.init was given wrong options:\n- ${problems.join('\n- ')}`);
    }
    options.gatewayUrl = options.gatewayUrl.replace(/\/+$/, '');
    return Object.freeze(options);
}

function optional(check) {
    return value => (value === undefined || value === null ? undefined : check(value));
}

function url(value) {
    const right = typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);
    return right ? undefined : 'must be an http or https address';
}

function word(value) {
    return typeof value === 'string' && /^\S+$/.test(value)
        ? undefined
        : 'must be a text without spaces';
}

function positive(value) {
    return typeof value === 'number' && value > 0 ? undefined : 'must be a number above 0';
}

function secretList(value) {
    if (!Array.isArray(value) || value.length === 0) {
        return 'must be a list with at least one whsec_… secret, the signing one first';
    }
    const wrong = value.findIndex(secret => !decodeSecret(secret));
    return wrong < 0
        ? undefined
        : `number ${wrong + 1} is not "whsec_" followed by the base64 of 24 to 64 bytes`;
}

module.exports = { checkOptions };
