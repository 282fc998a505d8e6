import { BarcodeReader } from "@point_of_sale/app/services/barcode_reader_service";
import { codeIn } from "@cartbridge_pos/app/code";
import { patch } from "@web/core/utils/patch";

patch(BarcodeReader.prototype, {
    async _scan(text) {
        const code = codeIn(text);
        const takes = !this.exclusiveCbMap && this.cartbridgeTakes;
        if (!code || !takes) {
            return super._scan(text);
        }
        // Not waited for: a cart that is long in coming must not hold back the next article.
        takes(code);
    },
});
