/** Where a link or QR code from the store leads: into the cart of the session that opens it. */
'use strict';

const { Ctx } = require('@vendure/core');
const { decorateMethod, injectable } = require('./decorate');
const { say } = require('./messages');
const { ShopperCart } = require('./shopper-cart');
const { OPTIONS } = require('./tokens');
const { nest } = require('./vendure-modules');

const { Controller, Get, Param, Res } = nest;

const STATUS_OF = {
    unknown_code: 404,
    bound_to_someone_else: 409,
    no_longer_valid: 410,
    unavailable: 503,
};
const OPEN_THE_SHOP = {
    fr: 'Ouvrez d’abord la boutique dans ce navigateur, puis suivez à nouveau ce lien : votre panier vous y attendra.',
    en: 'Open the shop in this browser first, then follow this link again: your cart will be waiting there.',
};

/** Logs nobody in and shows nobody's data; the code is never passed on to another site. */
class ContinueController {
    constructor(options, shopper) {
        Object.assign(this, { options, shopper });
    }

    async open(ctx, code, res) {
        res.set({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
        if (!ctx.session) {
            this.show(res, 200, OPEN_THE_SHOP);
            return;
        }
        const { reason } = await this.shopper.join(ctx, code);
        if (reason) {
            this.show(res, STATUS_OF[reason], { fr: say('fr', reason), en: say('en', reason) });
            return;
        }
        res.redirect(303, this.options.cartUrl);
    }

    show(res, status, { fr, en }) {
        res.status(status)
            .set({
                'content-type': 'text/html; charset=utf-8',
                'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
                'x-robots-tag': 'noindex',
            })
            .send(page(fr, en, this.options.cartUrl));
    }
}
injectable(ContinueController, [OPTIONS, ShopperCart]);
decorateMethod(ContinueController, 'open', [Get('continue/:code')], [Ctx(), Param('code'), Res()]);
Controller('cartbridge')(ContinueController);

function page(fr, en, shopUrl) {
    const href = shopUrl.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');
    return `<!doctype html>
<html lang="fr">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Votre panier · Your cart</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.5rem}a{font-weight:600}</style>
<p>${fr}</p>
<p lang="en">${en}</p>
<p><a href="${href}">Ouvrir la boutique · <span lang="en">Open the shop</span></a></p>
</html>
`;
}

module.exports = { ContinueController };
