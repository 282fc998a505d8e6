// A CartBridge code: 32 letters that sit on the same keys of AZERTY, QWERTY and QWERTZ. Whatever
// the scanner typed before them (an address, its own prefix), the text ends with them.
const ENDS_WITH_CODE = /[BCDFGHJKLNPRSTVX]{32}$/;

/**
 * The code at the end of what a scanner typed, or null if it is an ordinary bar code.
 * @param {string} text
 * @returns {string|null}
 */
export function codeIn(text) {
    const found = ENDS_WITH_CODE.exec((text || "").trim().toUpperCase());
    return found ? found[0] : null;
}

/**
 * The 8 digits that a person typed, or null.
 * @param {string} text
 * @returns {string|null}
 */
export function shortCodeIn(text) {
    const digits = (text || "").replace(/[\s.]/g, "");
    return /^\d{8}$/.test(digits) ? digits : null;
}
