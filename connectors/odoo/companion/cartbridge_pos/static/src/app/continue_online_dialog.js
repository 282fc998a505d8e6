import { Component } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";

/** The QR code and link by which a shopper goes on with a ticket at home. */
export class ContinueOnlineDialog extends Component {
    static template = "cartbridge_pos.ContinueOnlineDialog";
    static components = { Dialog };
    static props = {
        handover: String,
        kind: String, // begun: only this till knew of it; saved; claimed: it came from online
        url: String,
        qr: String,
        minutes: Number,
        back: Function,
        close: Function,
    };

    async back() {
        await this.props.back();
        this.props.close();
    }
}
