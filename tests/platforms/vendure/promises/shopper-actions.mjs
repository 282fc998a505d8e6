/** What the gateway learns of what a shopper or the staff do to a cart. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { until } from '../postgres.mjs';
import { content, Staff } from '../shop-client.mjs';
import { addsUp, gateway, guest, world } from '../world.mjs';

describe('what the shopper does', () => {
    test('each action gives one signed snapshot, a higher revision and totals that add up', async () => {
        const shopper = guest();
        const { code } = await shopper.add('LAMPE-CHENE-40', 2);
        const line = async sku =>
            (await shopper.cart()).lines.find(one => one.productVariant.sku === sku).id;
        const actions = [
            async () => undefined, // the first add, above
            () => shopper.add('CARNET-A5', 7),
            () => shopper.add('LIVRE-CUISINE'),
            () => shopper.add('CARTE-VOEUX'),
            async () => shopper.change(`adjustOrderLine(orderLineId: "${await line('CARNET-A5')}", quantity: 5)`),
            () => shopper.change('applyCouponCode(couponCode: "BIENVENUE10")'),
            async () => shopper.change(`removeOrderLine(orderLineId: "${await line('CARTE-VOEUX')}")`),
            () => shopper.dropCode('BIENVENUE10'),
            () => shopper.change('removeAllOrderLines'),
            () => shopper.add('CARTE-VOEUX', 2), // costs nothing, so no total tells when it goes
            () => shopper.change('removeAllOrderLines'),
            () => shopper.add('ROMAN-LYON', 3),
        ];
        let revision = 0;
        for (const action of actions) {
            await action();
            const snapshot = await gateway.snapshotAbove(code, revision);
            assert.ok(snapshot.revision > revision);
            revision = snapshot.revision;
            addsUp(snapshot);
            const cart = await shopper.cart();
            assert.equal(snapshot.total, cart.totalWithTax);
            assert.deepEqual(content(snapshot), content(cart));
            assert.deepEqual(snapshot.codes, cart.couponCodes);
        }
        const told = gateway.of(code);
        assert.equal(told.length, actions.length);
        assert.ok(told.every(one => one.id === `${code}-${one.data.revision}-cart.snapshot`));
        assert.equal(gateway.unsigned, 0);
    });

    test('a snapshot says everything the protocol promises', async () => {
        const shopper = guest();
        await shopper.add('LAMPE-CHENE-40', 2);
        await shopper.change('applyCouponCode(couponCode: "BIENVENUE10")');
        await shopper.add('LIVRE-CUISINE');
        await shopper.fillIn({ email: 'ada@example.fr' });
        const { code } = await shopper.cart();
        const snapshot = await world.companion.read(code);
        const [lamp, book] = snapshot.lines;
        addsUp(snapshot);
        assert.deepEqual(
            { ...lamp, external_id: null },
            {
                external_id: null,
                sku: 'LAMPE-CHENE-40',
                gtin: '3700123456780',
                title: 'Lampe chêne',
                variant: '40 cm',
                image_url: null,
                product_url: 'http://127.0.0.1:8000/produit/lampe-chene',
                quantity: 2,
                unit_price: 4990,
                list_price: 4990,
                total: 8982,
                tax_rate: '0.20',
                tax: 1497,
                discounts: [{ code: 'BIENVENUE10', label: 'Bienvenue : 10 %', amount: 998 }],
            },
        );
        assert.equal(book.tax_rate, '0.055');
        assert.equal(book.variant, null);
        assert.equal(snapshot.shipping, 490);
        assert.equal(snapshot.total, 8982 + 2250 + 490);
        assert.equal(snapshot.total_tax, lamp.tax + book.tax + 82);
        assert.equal(snapshot.currency, 'EUR');
        assert.equal(snapshot.locale, 'fr');
        assert.equal(snapshot.tax_mode, 'inclusive');
        assert.equal(snapshot.state, 'AddingItems');
        assert.equal(snapshot.active, true);
        assert.equal(snapshot.frozen, null);
        assert.equal(snapshot.last_push, null);
        assert.deepEqual(snapshot.refused, []);
        assert.equal(snapshot.customer.email, 'ada@example.fr');
        assert.equal(snapshot.customer.first_name, 'Ada');
    });

    test('a shop with prices before tax is told before tax, and adds up as well', async () => {
        const staff = await new Staff(world.shop.url).begin();
        const { channels } = await staff.ask('{ channels { items { id } } }');
        const withTax = included =>
            staff.ask(`mutation { updateChannel(input: {
                id: "${channels.items[0].id}", pricesIncludeTax: ${included} }) { __typename } }`);
        await withTax(false);
        try {
            const shopper = guest();
            await shopper.add('CARNET-A5', 7);
            await shopper.add('ROMAN-LYON', 3);
            const { code, totalWithTax } = await shopper.change('applyCouponCode(couponCode: "BIENVENUE10")');
            const snapshot = await world.companion.read(code);
            addsUp(snapshot);
            assert.equal(snapshot.tax_mode, 'exclusive');
            assert.equal(snapshot.lines[0].unit_price, 333);
            assert.equal(snapshot.total + snapshot.total_tax, totalWithTax);
            assert.equal(snapshot.total_tax, snapshot.lines[0].tax + snapshot.lines[1].tax);
        } finally {
            await withTax(true);
        }
    });

    test('buying is told once, as cart.ordered, and nothing after it', async () => {
        const shopper = guest();
        await shopper.add('CARNET-A5', 4);
        await shopper.fillIn({ email: 'achat@example.fr' });
        const { code } = await shopper.cart();
        assert.equal((await shopper.checkout()).state, 'ArrangingPayment');
        assert.equal((await shopper.pay()).state, 'PaymentSettled');
        const ordered = await until(() => gateway.of(code, 'cart.ordered')[0], 'cart.ordered');
        assert.equal(ordered.id, `${code}-${ordered.data.revision}-cart.ordered`);
        assert.equal(ordered.data.order_number, code);
        assert.deepEqual(ordered.data.lines, [{ sku: 'CARNET-A5', quantity: 4 }]);
        assert.ok(Date.parse(ordered.data.at));
        const { body } = await world.companion.call('withdraw', {
            push_id: 'too-late',
            external_id: code,
            expected_revision: ordered.data.revision,
        });
        assert.equal(body.error, 'cart_ordered');
        // The next action's message comes through the same queue, after anything about the bought cart.
        const next = await shopper.add('CARNET-A5');
        assert.notEqual(next.code, code);
        await gateway.snapshotAbove(next.code, 0);
        assert.equal(gateway.of(code).at(-1), ordered);
        assert.equal(gateway.of(code, 'cart.ordered').length, 1);
    });

    test('what staff change in a cart is told as well', async () => {
        const shopper = guest();
        const { code, lines } = await shopper.add('CARNET-A5');
        const { revision } = await gateway.snapshotAbove(code, 0);
        const staff = await new Staff(world.shop.url).begin();
        const { orders } = await staff.ask(`{ orders(options: { filter: { code: { eq: "${code}" } } }) { items { id } } }`);
        await staff.ask(`mutation { adjustDraftOrderLine(
            orderId: "${orders.items[0].id}", input: { orderLineId: "${lines[0].id}", quantity: 6 }) { __typename } }`);
        assert.deepEqual(content(await gateway.snapshotAbove(code, revision)), { 'CARNET-A5': 6 });
    });

    test('a draft of the staff is no cart until it becomes one', async () => {
        const staff = await new Staff(world.shop.url).begin();
        const { createDraftOrder: draft } = await staff.ask('mutation { createDraftOrder { id code } }');
        const { code } = await guest().add('CARNET-A5');
        await gateway.snapshotAbove(code, 0); // went through the same queue, after the draft
        assert.deepEqual(gateway.of(draft.code), []);
        assert.equal((await world.companion.call('read', { external_id: draft.code })).status, 404);
    });

    test('adds at the same moment are all counted', async () => {
        const shopper = guest();
        await shopper.add('ROMAN-LYON');
        await Promise.all(Array.from({ length: 12 }, () => shopper.add('ROMAN-LYON')));
        assert.deepEqual(content(await shopper.cart()), { 'ROMAN-LYON': 13 });
    });
});
