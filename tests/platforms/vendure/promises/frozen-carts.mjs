/** That a cart at the till is not paid online meanwhile. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { until } from '../postgres.mjs';
import { guest, world } from '../world.mjs';

describe('while a till holds the cart', () => {
    const soon = seconds => new Date(Date.now() + seconds * 1000).toISOString();
    const where = 'Lyon Part-Dieu';
    const says = {
        fr: /^Votre panier est en caisse à Lyon Part-Dieu\. Pour le reprendre, /,
        en: /^Your cart is at the till in Lyon Part-Dieu\. To take it back, /,
    };

    for (const language of ['fr', 'en']) {
        test(`checkout is refused in the session's language: ${language}`, async () => {
            const shopper = guest({ language });
            const { code } = await shopper.add('CARNET-A5');
            await shopper.fillIn({ email: `fige-${language}@example.fr` });
            const frozen = await world.companion.call('freeze', { external_id: code, until: soon(600), where });
            assert.equal(frozen.status, 200);
            assert.equal(frozen.body.snapshot.frozen.where, where);
            const refused = await shopper.checkout();
            assert.equal(refused.__typename, 'OrderStateTransitionError');
            assert.match(refused.transitionError, says[language]);
            const { activeOrder } = await shopper.ask('{ activeOrder { cartbridge { frozenUntil where message } } }');
            assert.equal(activeOrder.cartbridge.where, where);
            assert.match(activeOrder.cartbridge.message, says[language]);
            assert.equal((await shopper.add('CARNET-A5')).__typename, 'Order');
            await world.companion.call('thaw', { external_id: code });
            assert.equal((await shopper.checkout()).state, 'ArrangingPayment');
        });
    }

    test('a store may have any name', async () => {
        const shopper = guest({ language: 'fr' });
        const { code } = await shopper.add('CARNET-A5');
        const odd = "Villeneuve d'Ascq {V2} <nord>: n°1";
        await world.companion.call('freeze', { external_id: code, until: soon(600), where: odd });
        const { transitionError } = await shopper.checkout();
        assert.match(transitionError, /^Votre panier est en caisse à Villeneuve d'Ascq V2 nord: n°1\. /);
    });

    test('a cart that was about to be paid leaves the checkout', async () => {
        const shopper = guest();
        const { code } = await shopper.add('CARNET-A5');
        await shopper.fillIn({ email: 'presque@example.fr' });
        await shopper.checkout();
        const { body } = await world.companion.call('freeze', { external_id: code, until: soon(600), where });
        assert.equal(body.snapshot.state, 'AddingItems');
        assert.equal((await shopper.pay()).errorCode, 'ORDER_PAYMENT_STATE_ERROR');
    });

    test('it comes back by itself', async () => {
        const shopper = guest();
        const { code } = await shopper.add('CARNET-A5');
        await shopper.fillIn({ email: 'degel@example.fr' });
        await world.companion.call('freeze', { external_id: code, until: soon(5), where });
        assert.equal((await shopper.checkout()).__typename, 'OrderStateTransitionError');
        await until(async () => (await world.companion.read(code)).frozen === null, 'the thaw');
        assert.equal((await shopper.checkout()).state, 'ArrangingPayment');
    });
});
