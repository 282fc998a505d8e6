/** The money of an order as integer minor units that add up to the cent. */
'use strict';

/**
 * A tax rate as a decimal string: 20 percent is "0.20", 5.5 percent is "0.055".
 *
 * @param {number} percent
 * @returns {string}
 */
function rateOf(percent) {
    const [whole, decimals] = (percent / 100).toFixed(6).split('.');
    return `${whole}.${decimals.replace(/0+$/, '').padEnd(2, '0')}`;
}

/**
 * A line's discounts as positive amounts whose sum is exactly what was taken off; Vendure rounds
 * each for itself, and the last one takes up the difference.
 *
 * @param {import('@vendure/core').OrderLine} line
 * @param {boolean} inclusive
 * @param {Map<string, string>} codes promotion id -> coupon code
 * @returns {{code: string | null, label: string, amount: number}[]}
 */
function discountsOf(line, inclusive, codes) {
    const full = inclusive ? line.linePriceWithTax : line.linePrice;
    const discounts = line.discounts.map(discount => ({
        code: codes.get(String(discount.adjustmentSource).split(':')[1]) ?? null,
        label: discount.description,
        amount: -(inclusive ? discount.amountWithTax : discount.amount),
    }));
    if (discounts.length) {
        const told = discounts.reduce((sum, discount) => sum + discount.amount, 0);
        discounts.at(-1).amount += full - lineTotal(line, inclusive) - told;
    }
    return discounts;
}

/**
 * The whole line after its share of the order's discounts.
 *
 * @param {import('@vendure/core').OrderLine} line
 * @param {boolean} inclusive
 * @returns {number}
 */
function lineTotal(line, inclusive) {
    return inclusive ? line.proratedLinePriceWithTax : line.proratedLinePrice;
}

/**
 * Makes the lines and shipping add up to the order's total. A shop that rounds tax per order is
 * off by a cent a line at most, and the dearest line takes it; more is refused, never sent.
 *
 * @param {object} snapshot
 */
function settle(snapshot) {
    const told = snapshot.lines.reduce((sum, line) => sum + line.total, snapshot.shipping);
    const difference = snapshot.total - told;
    if (difference === 0) {
        return;
    }
    if (Math.abs(difference) > snapshot.lines.length) {
        throw new Error(
            `Order ${snapshot.external_id} does not add up: its lines and shipping make ${told}, its ` +
                `total is ${snapshot.total}. Check the shop's OrderTaxCalculationStrategy.`,
        );
    }
    const dearest = snapshot.lines.reduce((one, other) => (other.total > one.total ? other : one));
    dearest.total += difference;
}

module.exports = { discountsOf, lineTotal, rateOf, settle };
