/** Signs and verifies messages the Standard Webhooks 1.0.2 way, in both directions. */
'use strict';

const crypto = require('node:crypto');

const PREFIX = 'whsec_';
const TOLERANCE_SECONDS = 300;

/**
 * The key bytes of a `whsec_…` secret, or undefined if it is not one of 24 to 64 bytes.
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
 * @param {string | Buffer} body
 * @param {Date} now
 * @returns {Record<string, string>}
 */
function sign(secret, id, body, now) {
    const timestamp = String(Math.floor(now.getTime() / 1000));
    return {
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${mac(secret, id, timestamp, body).toString('base64')}`,
    };
}

/**
 * Tells whether one of `secrets` signed exactly these bytes within the last or next 300 seconds.
 *
 * @param {readonly string[]} secrets
 * @param {Record<string, string | string[] | undefined>} headers
 * @param {Buffer} body
 * @param {Date} now
 * @returns {boolean}
 */
function verify(secrets, headers, body, now) {
    const id = headers['webhook-id'];
    const timestamp = headers['webhook-timestamp'];
    const signatures = headers['webhook-signature'];
    const complete = [id, timestamp, signatures].every(value => typeof value === 'string' && value);
    if (!complete || !/^\d{1,12}$/.test(timestamp)) {
        return false;
    }
    if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
        return false;
    }
    const given = signatures
        .split(' ')
        .filter(part => part.startsWith('v1,'))
        .map(part => Buffer.from(part.slice(3), 'base64'));
    const expected = secrets.map(secret => mac(secret, id, timestamp, body));
    return given.some(one => expected.some(other => same(one, other)));
}

function mac(secret, id, timestamp, body) {
    return crypto
        .createHmac('sha256', decodeSecret(secret))
        .update(`${id}.${timestamp}.`)
        .update(body)
        .digest();
}

function same(one, other) {
    return one.length === other.length && crypto.timingSafeEqual(one, other);
}

module.exports = { decodeSecret, sign, verify };
