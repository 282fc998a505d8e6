/** The companion's options: what they must be, what they are when not given. */
'use strict';

const { decodeSecret } = require('../../bridge/signature');

const address = value => {
    try {
        const { protocol, hostname, username } = new URL(value);
        const local = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
        return (protocol === 'https:' || (protocol === 'http:' && local)) && !username
            ? undefined
            : 'must begin with https:// (http:// only on this machine) and hold no password';
    } catch {
        return 'must be an address that begins with https://';
    }
};
const text = value => (typeof value === 'string' && value !== '' ? undefined : 'must be a text');
const optional = check => value => (value === undefined ? undefined : check(value));
const seconds = (least, most) => value =>
    Number.isFinite(value) && value >= least && value <= most
        ? undefined
        : `must be a number of seconds from ${least} to ${most}`;
const secrets = value =>
    Array.isArray(value) && value.length > 0 && value.every(decodeSecret)
        ? undefined
        : 'must be a list of whsec_… secrets, the first of which signs';

const CHECKS = {
    hookUrl: address,
    secrets,
    gatewayUrl: address,
    shopKey: text,
    connection: text,
    regionId: optional(text),
    timeoutSeconds: optional(seconds(1, 60)),
};
const WITHOUT = { timeoutSeconds: 10 };
const OF_MEDUSA = new Set(['database']); // put beside every module's options

/**
 * The options with what was left out filled in; throws one Error that names every wrong one.
 *
 * @param {Record<string, unknown>} given
 */
function checkedOptions(given) {
    const unknown = Object.keys(given).filter(name => !(name in CHECKS) && !OF_MEDUSA.has(name));
    const wrong = Object.entries(CHECKS)
        .map(([name, check]) => [name, check(given[name])])
        .filter(([, problem]) => problem)
        .map(([name, problem]) => `${name} ${problem}`);
    const problems = [...wrong, ...unknown.map(name => `${name} is no option`)];
    if (problems.length) {
        throw new Error(`@cartbridge/medusa-plugin: ${problems.join('; ')}. See its README.`);
    }
    return { ...WITHOUT, ...given, gatewayUrl: given.gatewayUrl.replace(/\/+$/, '') };
}

module.exports = { checkedOptions };
