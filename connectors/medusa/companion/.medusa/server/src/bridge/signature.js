/** Signs messages the Standard Webhooks 1.0.2 way. */
'use strict';

const crypto = require('node:crypto');

const PREFIX = 'whsec_';

/**
 * The key bytes of a `whsec_…` secret; undefined if it is not one of 24 to 64 bytes.
 *
 * @param {unknown} secret
 * @returns {Buffer | undefined}
 */
function decodeSecret(secret) {
    if (typeof secret !== 'string' || !/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret)) {
        return undefined;
    }
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return key.length >= 24 && key.length <= 64 ? key : undefined;
}

/**
 * The three headers of a message signed with `secret` at `now`.
 *
 * @param {string} secret
 * @param {string} id the same on every retry of one message
 * @param {string} body
 * @param {Date} now
 * @returns {Record<string, string>}
 */
function sign(secret, id, body, now) {
    const timestamp = String(Math.floor(now.getTime() / 1000));
    const mac = crypto.createHmac('sha256', decodeSecret(secret)).update(`${id}.${timestamp}.${body}`);
    return {
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${mac.digest('base64')}`,
    };
}

module.exports = { decodeSecret, sign };
