/** That a login loses nothing and the cart that ends names the one that lives. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';

import { until } from '../postgres.mjs';
import { content } from '../shop-client.mjs';
import { account, gateway, guest, world } from '../world.mjs';

const require = createRequire(import.meta.url);

describe('when the shopper logs in', () => {
    test('her guest cart becomes her cart', async () => {
        const empty = await account('claire@example.fr', { 'CARNET-A5': 1 });
        const { code: old } = await empty.cart();
        const { revision } = await world.companion.read(old);
        await world.companion.call('withdraw', { push_id: 'w-adopt', external_id: old, expected_revision: revision });
        const shopper = guest();
        const { code } = await shopper.add('ROMAN-LYON');
        await gateway.snapshotAbove(code, 0);
        await shopper.login('claire@example.fr');
        const snapshot = await until(
            () => gateway.of(code).findLast(one => one.data.customer)?.data,
            'a snapshot with the customer',
        );
        assert.equal(snapshot.customer.email, 'claire@example.fr');
        assert.equal(snapshot.customer.phone, '+33600000001');
        assert.equal(gateway.of(code, 'cart.deleted').length, 0);
    });

    /** The last revision of a cart that grew is `revision`, and none before it held `lines`. */
    async function holdsFrom(code, revision, before, lines) {
        const { revision: now } = await world.companion.read(code);
        assert.equal(revision, now); // nothing happened to it after the login
        if (Object.keys(content(before)).length < Object.keys(lines).length) {
            assert.equal(before.revision, revision - 1);
            assert.deepEqual(content(await gateway.snapshotAbove(code, before.revision)), lines);
        }
    }

    /** A cart as the list of changed carts shows it. */
    async function listed(code) {
        let cursor = null;
        for (;;) {
            const { body } = await world.companion.call('changed', { cursor, limit: 200 });
            const item = body.items.find(one => one.external_id === code);
            if (item || body.next === cursor) {
                return item;
            }
            cursor = body.next;
        }
    }

    const cases = {
        'both carts hold something': [{ 'ROMAN-LYON': 1 }, { 'CARNET-A5': 2 }, 'guest'],
        'only the guest cart holds something': [{ 'ROMAN-LYON': 3 }, {}, 'account'],
        'only her own cart holds something': [{}, { 'CARNET-A5': 4 }, 'guest'],
    };
    for (const [situation, [guestLines, ownLines, gone]] of Object.entries(cases)) {
        test(`the cart that ends names the one that lives: ${situation}`, async () => {
            const own = await account('claire@example.fr', ownLines);
            const ownCart = (await own.cart()) ?? (await own.add('CARNET-A5'));
            if (Object.keys(ownLines).length === 0) {
                await own.change('removeAllOrderLines');
            }
            const shopper = guest();
            const guestCart = await shopper.add('CAFETIERE-6T');
            await shopper.change('removeAllOrderLines');
            for (const [sku, quantity] of Object.entries(guestLines)) {
                await shopper.add(sku, quantity);
            }
            const [ended, heir] =
                gone === 'guest' ? [guestCart.code, ownCart.code] : [ownCart.code, guestCart.code];
            const before = await world.companion.read(heir);
            await shopper.login('claire@example.fr');
            const living = await shopper.cart();
            assert.equal(living.code, heir);
            assert.deepEqual(content(living), { ...ownLines, ...guestLines });
            const { id, data } = await until(() => gateway.of(ended, 'cart.deleted')[0], 'cart.deleted');
            assert.equal(id, `${ended}-${data.revision}-cart.deleted`);
            assert.equal(data.merged_into, heir);
            await holdsFrom(heir, data.into_revision, before, content(living));
            const item = await listed(ended);
            assert.equal(item.state, 'Deleted');
            assert.deepEqual([item.merged_into, item.into_revision], [heir, data.into_revision]);
            const gone404 = await world.companion.call('read', { external_id: ended });
            assert.equal(gone404.status, 404);
            const { error, message, ...rest } = gone404.body;
            assert.equal(error, 'cart_not_found');
            assert.match(message, /read merged_into/);
            assert.deepEqual({ external_id: ended, ...rest }, data);
        });
    }

    test('a guest cart that a failed payment keeps from being deleted names its heir as well', async () => {
        const own = await account('claire@example.fr', { 'CARNET-A5': 1 });
        const { code: heir } = await own.cart();
        const shopper = guest();
        const { code } = await shopper.add('ROMAN-LYON', 2);
        const database = connect();
        await database.connect();
        try {
            await database.query(
                `insert into payment (method, amount, state, metadata, "orderId")
                 select 'paiement-de-test', 0, 'Declined', '{}', id from "order" where code = $1`,
                [code],
            );
        } finally {
            await database.end();
        }
        await shopper.login('claire@example.fr');
        assert.deepEqual(content(await shopper.cart()), { 'CARNET-A5': 1, 'ROMAN-LYON': 2 });
        const { data } = await until(() => gateway.of(code, 'cart.deleted')[0], 'cart.deleted');
        const { revision: now } = await world.companion.read(heir);
        assert.deepEqual([data.merged_into, data.into_revision], [heir, now]);
        for (const kept of [await world.companion.read(code), await listed(code)]) {
            assert.equal(kept.state, 'Cancelled');
            assert.deepEqual([kept.merged_into, kept.into_revision], [heir, now]);
        }
    });

    function connect() {
        const { Client } = require('pg'); // installed only once the shop has been booted
        const { PGHOST: host, PGDATABASE: database } = world.env;
        return new Client({ host, port: 5432, user: 'postgres', database });
    }

    /** Stops a write while it holds its cart, lets `meanwhile` run into it, then lets both go on. */
    async function writeDuring(request, meanwhile) {
        const blocker = connect();
        const waiting = count =>
            until(async () => {
                const { rows } = await blocker.query(
                    "select count(*) from pg_stat_activity where wait_event_type = 'Lock'",
                );
                return Number(rows[0].count) === count;
            }, `${count} waiting`);
        const settled = async () => {
            const { rowCount } = await blocker.query(
                'select 1 from cartbridge_cart where code = $1 and "sentRevision" = revision',
                [request.external_id],
            );
            return rowCount === 1;
        };
        await blocker.connect();
        try {
            await until(settled, 'the last message of the cart'); // its end would wait for us, too
            await blocker.query('begin');
            await blocker.query('select 1 from cartbridge_cart where code = $1 for update', [request.external_id]);
            const write = world.companion.write(request);
            await waiting(1);
            const other = meanwhile();
            await waiting(2);
            await blocker.query('commit');
            await other;
            return await write;
        } finally {
            await blocker.end();
        }
    }

    test('a write to the guest cart at the moment of the login is not lost', async () => {
        const own = await account('claire@example.fr', { 'CARNET-A5': 1 });
        const shopper = guest();
        const { code } = await shopper.add('ROMAN-LYON');
        const { revision } = await world.companion.read(code);
        const lines = { 'ROMAN-LYON': 1, 'LIVRE-CUISINE': 1 };
        const { status } = await writeDuring({ external_id: code, base_revision: revision, lines }, () =>
            shopper.login('claire@example.fr'),
        );
        assert.equal(status, 200);
        assert.deepEqual(content(await own.cart()), { ...lines, 'CARNET-A5': 1 });
    });

    test('a write to her own cart at the moment of the login does not spoil the merge', async () => {
        const own = await account('claire@example.fr', { 'CARNET-A5': 1, 'ROMAN-LYON': 2 });
        const { code } = await own.cart();
        const shopper = guest();
        await shopper.add('ROMAN-LYON', 4);
        const { revision } = await world.companion.read(code);
        const request = { external_id: code, base_revision: revision, lines: { 'CARNET-A5': 1 } };
        const { status } = await writeDuring(request, () => shopper.login('claire@example.fr'));
        assert.equal(status, 200);
        assert.deepEqual(content(await shopper.cart()), { 'CARNET-A5': 1, 'ROMAN-LYON': 4 });
    });
});
