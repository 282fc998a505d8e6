import { Component } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";

/** What the cashier should know of a cart before she sells it. */
export class NoticesDialog extends Component {
    static template = "cartbridge_pos.NoticesDialog";
    static components = { Dialog };
    static props = { notices: { type: Array, element: String }, close: Function };
}
