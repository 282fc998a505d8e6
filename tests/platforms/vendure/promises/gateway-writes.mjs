/** That a write of the gateway is whole, done once, and only on the revision it knew. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { content } from '../shop-client.mjs';
import { account, addsUp, gateway, guest, world } from '../world.mjs';

describe('what the gateway writes', () => {
    test('a cart begun for a customer is the one her devices show', async () => {
        const phone = await account('marc@example.fr');
        const { code: old } = (await phone.cart()) ?? (await phone.add('CARNET-A5'));
        const { revision } = await world.companion.read(old);
        await world.companion.call('withdraw', { push_id: 'w-marc', external_id: old, expected_revision: revision });
        assert.equal(await phone.cart(), null);

        const customer = { external_id: await phone.customerId() };
        const { status, body } = await world.companion.write({
            customer,
            base_revision: 0,
            locale: 'fr-FR',
            lines: { 'LAMPE-CHENE-40': 2, 'LIVRE-CUISINE': 1 },
            codes: ['BIENVENUE10'],
        });
        assert.equal(status, 200);
        assert.equal(body.created, true);
        assert.deepEqual(body.refused, []);
        addsUp(body.snapshot);
        assert.equal(body.snapshot.customer.external_id, customer.external_id);

        const tablet = guest();
        await tablet.login('marc@example.fr');
        for (const device of [phone, tablet]) {
            const cart = await device.cart();
            assert.equal(cart.code, body.snapshot.external_id);
            assert.deepEqual(content(cart), { 'LAMPE-CHENE-40': 2, 'LIVRE-CUISINE': 1 });
            assert.equal(cart.totalWithTax, body.snapshot.total);
        }
        const again = await world.companion.write({ customer, base_revision: 0, lines: { 'CARNET-A5': 1 } });
        assert.equal(again.status, 409); // it knew nothing of this cart
        assert.equal(again.body.snapshot.external_id, body.snapshot.external_id);
    });

    test('two carts are not begun for one customer at the same moment', async () => {
        const phone = await account('marc@example.fr', { 'CARNET-A5': 1 });
        const { code } = await phone.cart();
        const { revision } = await world.companion.read(code);
        await world.companion.call('withdraw', { push_id: 'w-marc-2', external_id: code, expected_revision: revision });
        const customer = { external_id: await phone.customerId() };
        const writes = Array.from({ length: 4 }, () =>
            world.companion.write({ customer, base_revision: 0, lines: { 'ROMAN-LYON': 1 } }),
        );
        const [added, ...answers] = await Promise.all([phone.add('ROMAN-LYON'), ...writes]);
        const codes = [added.code, ...answers.map(({ body }) => body.snapshot.external_id)];
        assert.equal(new Set(codes).size, 1);
        assert.ok(answers.filter(({ body }) => body.created).length <= 1);
    });

    test('only what differs is changed, and the echo carries the push', async () => {
        const shopper = guest();
        await shopper.add('LAMPE-CHENE-40', 3);
        await shopper.add('CARNET-A5', 2);
        const cart = await shopper.change('applyCouponCode(couponCode: "BIENVENUE10")');
        const kept = cart.lines.find(line => line.productVariant.sku === 'LAMPE-CHENE-40').id;
        const { revision } = await world.companion.read(cart.code);
        const { body } = await world.companion.write({
            push_id: 'push-echo',
            external_id: cart.code,
            base_revision: revision,
            lines: { 'LAMPE-CHENE-40': 1, 'ROMAN-LYON': 4 },
        });
        assert.equal(body.created, false);
        assert.deepEqual(content(body.snapshot), { 'LAMPE-CHENE-40': 1, 'ROMAN-LYON': 4 });
        assert.equal(body.snapshot.lines.find(line => line.sku === 'LAMPE-CHENE-40').external_id, kept);
        assert.deepEqual(body.snapshot.codes, []);
        assert.equal(body.snapshot.revision, revision + 1);
        const echo = await gateway.snapshotAbove(cart.code, revision);
        assert.equal(echo.last_push, 'push-echo');
        assert.deepEqual(echo, body.snapshot);
    });

    test('what the shop does not accept is refused line by line, with what it did accept', async () => {
        const { code } = await guest().add('CARNET-A5');
        const { revision } = await world.companion.read(code);
        const { status, body } = await world.companion.write({
            external_id: code,
            base_revision: revision,
            lines: { 'LAMPE-CHENE-60': 5, NOWHERE: 1, 'CARNET-A5': 5000, 'ROMAN-LYON': 2 },
            codes: ['NOSUCHCODE'],
        });
        assert.equal(status, 200);
        assert.deepEqual(body.refused, [
            { sku: 'LAMPE-CHENE-60', wanted: 5, accepted: 3, reason: 'insufficient_stock' },
            { sku: 'NOWHERE', wanted: 1, accepted: 0, reason: 'unknown_sku' },
            { sku: 'CARNET-A5', wanted: 5000, accepted: 1, reason: 'order_limit' },
            { code: 'NOSUCHCODE', reason: 'code_unknown' },
        ]);
        assert.deepEqual(content(body.snapshot), { 'CARNET-A5': 1, 'LAMPE-CHENE-60': 3, 'ROMAN-LYON': 2 });
        assert.deepEqual(body.snapshot.refused, body.refused);
        addsUp(body.snapshot);
    });

    test('a write on another revision is refused with the cart as it is', async () => {
        const shopper = guest();
        const { code } = await shopper.add('CARNET-A5');
        const { revision } = await world.companion.read(code);
        await shopper.add('CARNET-A5');
        const request = { external_id: code, base_revision: revision, lines: { 'CARNET-A5': 9 } };
        const { status, body } = await world.companion.write(request);
        assert.equal(status, 409);
        assert.deepEqual(content(body.snapshot), { 'CARNET-A5': 2 });
        assert.ok(body.snapshot.revision > revision);
        assert.deepEqual(content(await shopper.cart()), { 'CARNET-A5': 2 });
    });

    test('a repeated push gets its first answer, byte for byte, whatever happened since', async () => {
        const shopper = guest();
        const { code } = await shopper.add('CARNET-A5');
        const { revision } = await world.companion.read(code);
        const request = {
            push_id: 'push-repeated',
            external_id: code,
            base_revision: revision,
            lines: { 'CARNET-A5': 3 },
        };
        const twins = await Promise.all([world.companion.write(request), world.companion.write(request)]);
        await shopper.add('ROMAN-LYON');
        const late = await world.companion.write(request);
        assert.deepEqual([...twins, late].map(one => one.status), [200, 200, 200]);
        assert.equal(new Set([...twins, late].map(one => one.text)).size, 1);
        assert.deepEqual(content(await shopper.cart()), { 'CARNET-A5': 3, 'ROMAN-LYON': 1 });
    });

    test('a shopper and the gateway never both succeed on one revision', async () => {
        const outcomes = new Set();
        for (let round = 0; round < 12 || (outcomes.size < 2 && round < 60); round += 1) {
            const headStart = round * 3; // milliseconds, now for one and now for the other
            const [shopperWaits, gatewayWaits] = round % 2 ? [headStart, 0] : [0, headStart];
            const shopper = guest();
            const { code } = await shopper.add('CARNET-A5', 2);
            const { revision } = await world.companion.read(code);
            const request = { external_id: code, base_revision: revision, lines: { 'ROMAN-LYON': 5 } };
            const [added, written] = await Promise.all([
                pause(shopperWaits).then(() => shopper.add('CARNET-A5')),
                pause(gatewayWaits).then(() => world.companion.write(request)),
            ]);
            assert.equal(added.__typename, 'Order');
            outcomes.add(written.status);
            const expected =
                written.status === 200 ? { 'CARNET-A5': 1, 'ROMAN-LYON': 5 } : { 'CARNET-A5': 3 };
            assert.deepEqual(content(await shopper.cart()), expected);
            const { revision: now } = await world.companion.read(code);
            assert.equal(now, revision + (written.status === 200 ? 2 : 1));
        }
        assert.deepEqual([...outcomes].sort(), [200, 409]);
    });

    test('every change is listed, from any cursor, and the end is known', async () => {
        const list = async cursor => (await world.companion.call('changed', { cursor, limit: 3 })).body;
        let next = null;
        const seen = new Map();
        for (let page = await list(null); page.next !== next; page = await list(next)) {
            page.items.forEach(item => seen.set(item.external_id, item));
            next = page.next;
        }
        const shopper = guest();
        const { code } = await shopper.add('CARNET-A5');
        assert.ok(seen.size > 3 && !seen.has(code));
        const page = await list(next);
        assert.deepEqual(page.items.map(item => item.external_id), [code]);
        await shopper.add('CARNET-A5');
        const [item] = (await list(page.next)).items;
        assert.deepEqual(content(item), { 'CARNET-A5': 2 });
    });

    test('no change is missed while many carts change at once', async () => {
        const drain = async cursor => {
            const { body } = await world.companion.call('changed', { cursor, limit: 2 });
            return body;
        };
        let { next } = await drain(null);
        const seen = new Map();
        let busy = true;
        const shoppers = Array.from({ length: 6 }, () => guest());
        const work = Promise.all(
            shoppers.map(async shopper => {
                for (let round = 0; round < 4; round += 1) {
                    await shopper.add('CARNET-A5');
                }
            }),
        ).then(() => (busy = false));
        for (let page = await drain(next); busy || page.next !== next; page = await drain(next)) {
            page.items.forEach(item => seen.set(item.external_id, item));
            next = page.next;
        }
        await work;
        for (const shopper of shoppers) {
            assert.deepEqual(content(seen.get((await shopper.cart()).code)), { 'CARNET-A5': 4 });
        }
    });

    test('a cart is ended when it is what the gateway expects, and only then', async () => {
        const shopper = guest();
        const { code } = await shopper.add('CARNET-A5');
        const { revision } = await world.companion.read(code);
        await shopper.add('CARNET-A5');
        const request = { push_id: 'w-1', external_id: code, expected_revision: revision };
        const refused = await world.companion.call('withdraw', request);
        assert.equal(refused.status, 409);
        assert.deepEqual(content(refused.body.snapshot), { 'CARNET-A5': 2 });
        const right = { ...request, push_id: 'w-2', expected_revision: refused.body.snapshot.revision };
        const ended = await world.companion.call('withdraw', right);
        assert.equal(ended.status, 200);
        assert.equal(ended.body.snapshot.state, 'Cancelled');
        assert.equal(ended.body.snapshot.active, false);
        assert.equal(await shopper.cart(), null);
        assert.equal((await world.companion.call('withdraw', right)).text, ended.text);
        const write = await world.companion.write({
            external_id: code,
            base_revision: ended.body.snapshot.revision,
            lines: { 'ROMAN-LYON': 1 },
        });
        assert.equal(write.body.refused[0].reason, 'cart_ended');
    });

    test('an empty cart is ended whatever its revision', async () => {
        const shopper = guest();
        const { code } = await shopper.add('CARNET-A5');
        await shopper.change('removeAllOrderLines');
        const request = { push_id: 'w-empty', external_id: code, expected_revision: 1 };
        assert.equal((await world.companion.call('withdraw', request)).body.snapshot.active, false);
    });
});
