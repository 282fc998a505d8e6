/** What the shopper reads, in French or in English. */
'use strict';

const TEXTS = {
    en: {
        frozen: ({ where, minutes }) =>
            `Your cart is at the till in ${where}. To take it back, ask the till to put it back, or wait: it comes back by itself in ${minutes} min.`,
        sold: () => 'This cart was bought in the store. Put something in a new one.',
        unknown_code: () => 'We do not know this code. Check it, or ask for a new one in the store.',
        bound_to_someone_else: () => 'This code already belongs to another shopper.',
        no_longer_valid: () => 'This code has been used or has run out. Ask for a new one in the store.',
        unavailable: () => 'The store cannot be reached just now. Please try again in a moment.',
        no_cart: () => 'Your cart is empty. Put something in it, then ask for your code again.',
        not_ready: () => 'Your cart is on its way to the store. Please try again in a moment.',
    },
    fr: {
        frozen: ({ where, minutes }) =>
            `Votre panier est en caisse à ${where}. Pour le reprendre, demandez à la caisse de rendre le panier, ou patientez : il revient de lui-même dans ${minutes} min.`,
        sold: () => 'Ce panier a été acheté en magasin. Commencez-en un nouveau.',
        unknown_code: () => 'Ce code panier est inconnu. Vérifiez-le ou demandez-en un autre en magasin.',
        bound_to_someone_else: () => 'Ce code panier appartient déjà à quelqu’un d’autre.',
        no_longer_valid: () => 'Ce code panier a déjà servi ou a expiré. Demandez-en un autre en magasin.',
        unavailable: () => 'Le magasin ne répond pas pour le moment. Réessayez dans un instant.',
        no_cart: () => 'Votre panier est vide. Ajoutez un article, puis redemandez votre code.',
        not_ready: () => 'Votre panier part vers le magasin. Réessayez dans un instant.',
    },
};

/**
 * The language of a shopper's request: what the storefront says, else what her browser asks for.
 *
 * @param {{headers: Record<string, string | undefined>}} req
 * @returns {string}
 */
function languageOf(req) {
    return req.headers['x-medusa-locale'] ?? req.headers['accept-language'] ?? '';
}

/**
 * The text of `key`; English where the language is not French.
 *
 * @param {string} language
 * @param {string} key
 * @param {object} [values]
 * @returns {string}
 */
function say(language, key, values = {}) {
    return TEXTS[language.toLowerCase().startsWith('fr') ? 'fr' : 'en'][key](values);
}

module.exports = { languageOf, say };
