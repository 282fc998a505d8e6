/** Checks the bodies of the gateway's calls, so that a malformed one is refused by name. */
'use strict';

const { CallRefused } = require('./refusal');

const MOST_LINES = 500;
const MOST_CODES = 50;
const MOST_ARTICLES = 2000;
const MOST_LOCATIONS = 500;
const MOST_LISTED = 200;
const USUAL_LISTED = 50;

const text = (limit = 200) => value =>
    typeof value === 'string' && value !== '' && value.length <= limit
        ? undefined
        : `must be a text of 1 to ${limit} characters`;
const whole = (least, most = Number.MAX_SAFE_INTEGER) => value =>
    Number.isInteger(value) && value >= least && value <= most
        ? undefined
        : `must be a whole number from ${least} to ${most}`;
const nullable = check => value => (value === null || value === undefined ? undefined : check(value));
const moment = value =>
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value))
        ? undefined
        : 'must be an RFC 3339 time';
const list = (most, check) => value => {
    if (!Array.isArray(value) || value.length > most) {
        return `must be a list of at most ${most}`;
    }
    const wrong = value.map(check).findIndex(Boolean);
    return wrong < 0 ? undefined : `number ${wrong + 1} ${check(value[wrong])}`;
};
const shape = checks => value => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
        return 'must be an object';
    }
    for (const [name, check] of Object.entries(checks)) {
        const problem = check(value[name]);
        if (problem) {
            return `${name} ${problem}`;
        }
    }
    return undefined;
};

const SHAPES = {
    'carts/read': { external_id: text() },
    'carts/changed': { cursor: nullable(text()), limit: nullable(whole(1, MOST_LISTED)) },
    'carts/write': {
        push_id: text(),
        base_revision: nullable(whole(0)),
        external_id: nullable(text()),
        customer: nullable(shape({ external_id: text() })),
        locale: nullable(text(35)),
        lines: list(MOST_LINES, shape({ sku: text(), quantity: whole(0, 1_000_000) })),
        codes: list(MOST_CODES, text()),
    },
    'carts/freeze': { external_id: text(), until: moment, where: text() },
    'carts/thaw': { external_id: text() },
    'carts/withdraw': { push_id: text(), external_id: text(), expected_revision: whole(0) },
    'articles/prices': { currency: text(3), skus: list(MOST_ARTICLES, text()) },
    'articles/stock': { skus: list(MOST_ARTICLES, text()), locations: list(MOST_LOCATIONS, text()) },
    'customers/changed': { cursor: nullable(text()), limit: nullable(whole(1, MOST_LISTED)) },
};

/**
 * The body of one call; throws CallRefused 400 that names the wrong field.
 *
 * @param {keyof typeof SHAPES} call
 * @param {Buffer} raw
 * @returns {any}
 */
function parseRequest(call, raw) {
    let body;
    try {
        body = JSON.parse(raw.toString('utf8'));
    } catch {
        throw new CallRefused(400, 'malformed', 'The body must be JSON.');
    }
    const problem = shape(SHAPES[call])(body) ?? contradiction(call, body);
    if (problem) {
        throw new CallRefused(400, 'malformed', `${call}: ${problem}.`);
    }
    return body;
}

function contradiction(call, body) {
    return call === 'carts/write' && !body.external_id && !body.customer
        ? 'external_id or customer must be given'
        : undefined;
}

module.exports = { MOST_LISTED, USUAL_LISTED, parseRequest };
