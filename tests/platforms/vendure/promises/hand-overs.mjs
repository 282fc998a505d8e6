/** How a shopper carries her cart between shop and store. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CONNECTION } from '../fake-gateway.mjs';
import { content } from '../shop-client.mjs';
import { account, gateway, guest, world } from '../world.mjs';

describe('between the shop and the store', () => {
    const join = (shopper, code = 'JOINCODE') =>
        shopper
            .ask(
                `mutation ($code: String!) { result: cartbridgeJoin(code: $code) { __typename
                    ... on CartbridgeJoined { ok orderCode } ... on CartbridgeRefused { reason message } } }`,
                { code },
            )
            .then(data => data.result);

    test('a guest joins with the cart she has, or with a new one', async () => {
        const shopper = guest();
        const joined = await join(shopper);
        const { code } = await shopper.cart();
        assert.deepEqual(joined, { __typename: 'CartbridgeJoined', ok: true, orderCode: code });
        const call = gateway.calls.at(-1);
        assert.deepEqual(call.body, { code: 'JOINCODE', external_id: code });
        await join(shopper);
        assert.equal(gateway.calls.at(-1).headers['idempotency-key'], call.headers['idempotency-key']);
        await join(shopper, 'OTHERCODE');
        assert.notEqual(gateway.calls.at(-1).headers['idempotency-key'], call.headers['idempotency-key']);
        const { revision } = await world.companion.read(code);
        await world.companion.write({ external_id: code, base_revision: revision, lines: { 'CARNET-A5': 2 } });
        assert.deepEqual(content(await shopper.cart()), { 'CARNET-A5': 2 });
    });

    test('a customer who is logged in joins as herself', async () => {
        const shopper = await account('claire@example.fr', { 'CARNET-A5': 1 });
        const { orderCode } = await join(shopper);
        assert.equal(orderCode, (await shopper.cart()).code);
        assert.deepEqual(gateway.calls.at(-1).body.customer, {
            external_id: await shopper.customerId(),
            email: 'claire@example.fr',
        });
    });

    test('a refused code is explained to the shopper without a word of the inside', async () => {
        const reasons = { 404: 'UNKNOWN_CODE', 409: 'BOUND_TO_SOMEONE_ELSE', 410: 'NO_LONGER_VALID', 500: 'UNAVAILABLE' };
        for (const [status, reason] of Object.entries(reasons)) {
            gateway.joinStatus = Number(status);
            const french = await join(guest());
            const english = await join(guest({ language: 'en' }));
            assert.equal(french.reason, reason);
            assert.equal(english.reason, reason);
            assert.notEqual(french.message, english.message);
            assert.ok(!JSON.stringify([french, english]).includes('internal_detail'));
        }
    });

    test('the link from the store joins the browser that has a session', async () => {
        const browser = guest({ cookies: true });
        const { code } = await browser.add('CARNET-A5');
        const open = headers =>
            fetch(`${world.shop.url}/cartbridge/continue/LINKCODE`, { headers, redirect: 'manual' });
        const joined = await open({ cookie: browser.cookie });
        assert.equal(joined.status, 303);
        assert.equal(joined.headers.get('location'), 'http://127.0.0.1:8000/panier?from=store');
        assert.deepEqual(gateway.calls.at(-1).body, { code: 'LINKCODE', external_id: code });

        const count = gateway.calls.length;
        const stranger = await open({});
        const page = await stranger.text();
        assert.equal(stranger.status, 200);
        assert.match(page, /Ouvrez d’abord la boutique/);
        assert.match(page, /Open the shop in this browser first/);
        assert.equal(gateway.calls.length, count);

        gateway.joinStatus = 410;
        const late = await open({ cookie: browser.cookie });
        assert.equal(late.status, 410);
        for (const response of [joined, stranger, late]) {
            assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
            assert.equal(response.headers.get('cache-control'), 'no-store');
        }
    });

    test('a shopper gets the pass of her own cart, and no key with it', async () => {
        const query = `{ result: cartbridgePass { __typename
            ... on CartbridgePass { passUrl url shortCode expiresAt qrSvgUrl qrPngUrl }
            ... on CartbridgeRefused { reason message } } }`;
        const shopper = guest();
        assert.equal((await shopper.ask(query)).result.reason, 'NO_CART');
        const { code } = await shopper.add('CARNET-A5');
        const { result } = await shopper.ask(query);
        assert.deepEqual(result, {
            __typename: 'CartbridgePass',
            passUrl: `${gateway.url}/c/pass`,
            url: `${gateway.url}/H/BCDF`,
            shortCode: '12345678',
            expiresAt: '2030-01-01T10:00:00.000Z',
            qrSvgUrl: `${gateway.url}/qr.svg`,
            qrPngUrl: `${gateway.url}/qr.png`,
        });
        const [search, mint] = gateway.calls.slice(-2);
        assert.equal(search.query.get('connection'), CONNECTION);
        assert.equal(search.query.get('external_id'), code);
        assert.equal(mint.path, '/v1/carts/crt_1/handovers');
        assert.deepEqual(mint.body, { direction: 'to_store' });
        assert.ok(mint.headers['idempotency-key']);
        gateway.known = false;
        assert.equal((await shopper.ask(query)).result.reason, 'NOT_READY');
    });
});
