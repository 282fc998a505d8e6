/** A shopper's browser, and the gateway's calls, against the test shop. */
import assert from 'node:assert/strict';

import { signed } from './fake-gateway.mjs';

const CART = 'code state active totalWithTax couponCodes lines { id quantity productVariant { sku } }';
const RESULT = `__typename ... on Order { ${CART} } ... on ErrorResult { errorCode message }`;

/** One session; `cookies` makes it a browser, otherwise it carries its token itself. */
export class Shopper {
    constructor(url, { language, cookies = false } = {}) {
        Object.assign(this, { url, language, cookies, cookie: undefined, token: undefined });
        this.api = 'shop-api';
    }

    async ask(query, variables = {}) {
        const address = `${this.url}/${this.api}${this.language ? `?languageCode=${this.language}` : ''}`;
        const response = await fetch(address, {
            method: 'POST',
            headers: {
                'content-type': 'application/json',
                ...(this.token && !this.cookies && { authorization: `Bearer ${this.token}` }),
                ...(this.cookie && this.cookies && { cookie: this.cookie }),
            },
            body: JSON.stringify({ query, variables }),
        });
        this.token = response.headers.get('vendure-auth-token') || this.token;
        const cookies = response.headers.getSetCookie();
        if (cookies.length) {
            this.cookie = cookies.map(cookie => cookie.split(';')[0]).join('; ');
        }
        const { data, errors } = await response.json();
        assert.equal(errors, undefined, JSON.stringify(errors));
        return data;
    }

    async variantId(sku) {
        Shopper.variants ??= this.ask('{ products { items { variants { id sku } } } }').then(data =>
            new Map(
                data.products.items.flatMap(({ variants }) => variants.map(({ id, sku }) => [sku, id])),
            ),
        );
        return (await Shopper.variants).get(sku);
    }

    async add(sku, quantity = 1) {
        const id = await this.variantId(sku);
        const mutation = `mutation ($id: ID!, $quantity: Int!) {
            result: addItemToOrder(productVariantId: $id, quantity: $quantity) { ${RESULT} } }`;
        return (await this.ask(mutation, { id, quantity })).result;
    }

    async change(mutation) {
        return (await this.ask(`mutation { result: ${mutation} { ${RESULT} } }`)).result;
    }

    /** The one mutation of a cart that answers no union. */
    async dropCode(code) {
        await this.ask(`mutation { removeCouponCode(couponCode: "${code}") { code } }`);
    }

    async cart() {
        return (await this.ask(`{ activeOrder { ${CART} } }`)).activeOrder;
    }

    async login(username) {
        const mutation = `mutation ($username: String!) {
            login(username: $username, password: "test1234") { __typename } }`;
        const { login } = await this.ask(mutation, { username });
        assert.equal(login.__typename, 'CurrentUser');
    }

    async customerId() {
        return (await this.ask('{ activeCustomer { id } }')).activeCustomer.id;
    }

    /** Everything a checkout asks for before paying. */
    async fillIn({ email } = {}) {
        if (email) {
            await this.ask(
                `mutation { setCustomerForOrder(input: {
                    firstName: "Ada", lastName: "Martin", emailAddress: "${email}" }) { __typename } }`,
            );
        }
        await this.ask(
            `mutation { setOrderShippingAddress(input: {
                streetLine1: "1 rue de la Paix", city: "Lyon", postalCode: "69002", countryCode: "FR"
            }) { __typename } }`,
        );
        const { eligibleShippingMethods } = await this.ask('{ eligibleShippingMethods { id priceWithTax } }');
        const paid = eligibleShippingMethods.find(method => method.priceWithTax > 0);
        await this.ask(`mutation { setOrderShippingMethod(shippingMethodId: ["${paid.id}"]) { __typename } }`);
    }

    async checkout() {
        const transition = `mutation { result: transitionOrderToState(state: "ArrangingPayment") {
            __typename ... on Order { ${CART} }
            ... on OrderStateTransitionError { errorCode transitionError } } }`;
        return (await this.ask(transition)).result;
    }

    async pay() {
        return this.change('addPaymentToOrder(input: { method: "paiement-de-test", metadata: {} })');
    }
}

/** The shop's own staff, with every right. */
export class Staff extends Shopper {
    constructor(url) {
        super(url);
        this.api = 'admin-api';
    }

    async begin() {
        await this.ask('mutation { login(username: "superadmin", password: "superadmin") { __typename } }');
        return this;
    }
}

/** The gateway's side of the companion's protocol. */
export class Companion {
    constructor(url) {
        this.url = url;
        this.count = 0;
    }

    async call(name, body, signing) {
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        this.count += 1;
        return this.raw(name, text, signed(`call-${this.count}`, text, signing));
    }

    async raw(name, text, headers) {
        const path = name.includes('/') ? name : `carts/${name}`;
        const response = await fetch(`${this.url}/cartbridge/v1/${path}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...headers },
            body: text,
        });
        const answer = await response.text();
        return { status: response.status, text: answer, body: JSON.parse(answer) };
    }

    async read(code) {
        const { status, body } = await this.call('read', { external_id: code });
        assert.equal(status, 200);
        return body;
    }

    /** A write of whole content; `lines` is `{sku: quantity}`. */
    write({ lines, codes = [], ...rest }) {
        const rows = Object.entries(lines).map(([sku, quantity]) => ({ sku, quantity }));
        this.count += 1;
        return this.call('write', {
            push_id: `push-${this.count}-${Date.now()}`,
            external_id: null,
            customer: null,
            codes,
            ...rest,
            lines: rows,
        });
    }
}

/** A cart's content as `{sku: quantity}`, from a snapshot or from the Shop API. */
export function content(cart) {
    const rows = cart.lines.map(line => [line.sku ?? line.productVariant.sku, line.quantity]);
    return Object.fromEntries(rows.sort(([one], [other]) => one.localeCompare(other)));
}
