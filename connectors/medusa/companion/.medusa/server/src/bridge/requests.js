/** Checks the bodies of calls, so that a malformed one is refused by name. */
'use strict';

const { CallRefused } = require('./refusal');

const MOST_LISTED = 200;
const USUAL_LISTED = 50;
const MOST_LINES = 500;
const MOST_CODES = 50;
const MOST_ARTICLES = 2000;
const MOST_LOCATIONS = 500;

const text = (limit = 200) => value =>
    typeof value === 'string' && value !== '' && value.length <= limit && !value.includes('\0')
        ? undefined
        : `must be a text of 1 to ${limit} characters`;
const whole = (least, most) => value =>
    Number.isInteger(value) && value >= least && value <= most
        ? undefined
        : `must be a whole number from ${least} to ${most}`;
const optional = check => value => (value === null || value === undefined ? undefined : check(value));
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
const ARTICLE = { sku: optional(text()), gtin: optional(text(14)), title: optional(text(500)) };
const named = checks => value => {
    const problem = shape(checks)(value);
    return problem ?? (value.sku || value.gtin || value.title ? undefined : 'names no article');
};

const SHAPES = {
    write: {
        push_id: text(),
        base_revision: optional(whole(0, 2 ** 31)),
        lines: list(MOST_LINES, named({ ...ARTICLE, quantity: whole(0, 1_000_000) })),
        codes: list(MOST_CODES, text()),
    },
    freeze: { until: moment, where: text() },
    convert: { receipt_number: text() },
    join: { code: text(), cart_id: optional(text()), region_id: optional(text()) },
    pass: { cart_id: text() },
    prices: { currency: text(3), articles: list(MOST_ARTICLES, named(ARTICLE)) },
    stock: { articles: list(MOST_ARTICLES, named(ARTICLE)), locations: list(MOST_LOCATIONS, text()) },
    hold: {
        name: text(),
        location: text(),
        until: moment,
        label: text(),
        lines: list(MOST_ARTICLES, named({ ...ARTICLE, quantity: whole(1, 1_000_000) })),
    },
    release: { name: text() },
};

/**
 * The body of a call; throws CallRefused 400 that names the wrong field.
 *
 * @param {keyof typeof SHAPES} call
 * @param {unknown} body
 * @returns {any}
 */
function checkedBody(call, body) {
    const problem = shape(SHAPES[call])(body ?? {});
    if (problem) {
        throw new CallRefused(400, 'malformed', `${call}: ${problem}.`);
    }
    return body;
}

/** A number in the address of a call; throws CallRefused 400 for what is none. */
function numberOf(call, name, value, form, otherwise) {
    if (value === undefined) {
        return otherwise;
    }
    const found = form.exec(value);
    if (!found) {
        throw new CallRefused(400, 'malformed', `${call}: ${name} is not one of ours; leave it out to begin.`);
    }
    return Number(found[1]);
}

/** How many rows a list shows at once. */
function listLimit(call, value) {
    const most = numberOf(call, 'limit', value, /^(\d{1,3})$/, USUAL_LISTED);
    return Math.min(Math.max(most, 1), MOST_LISTED);
}

module.exports = { checkedBody, listLimit, numberOf };
