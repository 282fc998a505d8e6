import { AlertDialog, ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { ConnectionLostError } from "@web/core/network/rpc";
import { ContinueOnlineDialog } from "@cartbridge_pos/app/continue_online_dialog";
import { NoticesDialog } from "@cartbridge_pos/app/notices_dialog";
import { PosStore } from "@point_of_sale/app/services/pos_store";
import { TextInputPopup } from "@point_of_sale/app/components/popups/text_input_popup/text_input_popup";
import { _t } from "@web/core/l10n/translation";
import { ask, makeAwaitable } from "@point_of_sale/app/utils/make_awaitable_dialog";
import { patch } from "@web/core/utils/patch";
import { shortCodeIn } from "@cartbridge_pos/app/code";
import { uuidv4 } from "@point_of_sale/utils";

const LOOK_AGAIN = 400; // milliseconds
const ASK_GATEWAY_AFTER = 2000;
const PATIENCE = 20000;
const KNOWN_WITHIN = 15000;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

patch(PosStore.prototype, {
    async setup(env, services) {
        await super.setup(...arguments);
        if (this.cartbridgeIsOn) {
            services.barcode_reader.cartbridgeTakes = (code) => this.cartbridgeTake(code);
        }
    },

    get cartbridgeIsOn() {
        return Boolean(this.config.raw.cartbridge_gateway_id && this.config.cartbridge_terminal);
    },

    async cartbridgeAsk(method, ...args) {
        return this.data.call("pos.config", method, [[this.config.id], ...args]);
    },

    /** Asks for the 8 digits under the QR code, and takes that cart. */
    async cartbridgeTypeCode() {
        const text = await makeAwaitable(this.dialog, TextInputPopup, {
            title: _t("Cart from the web shop"),
            placeholder: _t("8 digits, such as 1234 5678"),
        });
        if (text === undefined) {
            return;
        }
        const code = shortCodeIn(text);
        if (code) {
            return this.cartbridgeTake(code);
        }
        this.cartbridgeTell(_t("Not a code"), _t("Type the 8 digits under the QR code."));
    },

    /** Takes the cart of a code to this till and opens it; every refusal is told in words. */
    async cartbridgeTake(code, { takeOver = false, attempt = uuidv4() } = {}) {
        const close = this.notification.add(_t("The cart is being fetched…"), { type: "info" });
        let answer;
        try {
            answer = await this.cartbridgeAsk("cartbridge_pull", code, attempt, takeOver);
            if (!answer.problem) {
                return await this.cartbridgeOpen(answer);
            }
        } catch (error) {
            if (!(error instanceof ConnectionLostError)) {
                throw error;
            }
            answer = { problem: this.cartbridgeOffline() };
        } finally {
            close();
        }
        await this.cartbridgeRefused(answer.problem, code, attempt);
    },

    cartbridgeOffline() {
        return {
            code: "unavailable",
            title: _t("This till is offline"),
            detail: _t("The cart stays where it is. Check the network, then try again."),
            params: {},
        };
    },

    async cartbridgeRefused(problem, code, attempt) {
        if (problem.code === "unavailable") {
            const again = await this.cartbridgeChoice(problem, _t("Try again"));
            return again && this.cartbridgeTake(code, { attempt });
        }
        if (problem.code === "held_elsewhere" && problem.params.terminal) {
            const wanted = await this.cartbridgeChoice(problem, _t("Take it over"));
            return wanted && this.cartbridgeTakeOver(code);
        }
        this.cartbridgeTell(problem.title, problem.detail);
    },

    async cartbridgeTakeOver(code) {
        const reason = await makeAwaitable(this.dialog, TextInputPopup, {
            title: _t("Why is the cart taken over?"),
            placeholder: _t("Such as: she went to the wrong till"),
        });
        if (reason) {
            await this.cartbridgeTake(code, { takeOver: reason });
        }
    },

    /** Waits for the ticket that the gateway puts on this till, and shows it. */
    async cartbridgeOpen(answer) {
        const order = await this.cartbridgeArrival(answer);
        if (!order) {
            return this.cartbridgeNotHere(answer);
        }
        this.setOrder(order);
        this.navigate("ProductScreen", { orderUuid: order.uuid });
        if (answer.notices.length) {
            this.dialog.add(NoticesDialog, { notices: answer.notices });
        }
    },

    async cartbridgeArrival(answer) {
        const began = Date.now();
        const waited = () => Date.now() - began;
        while (waited() < PATIENCE) {
            const asks = waited() > ASK_GATEWAY_AFTER;
            const uuid = await this.cartbridgeAsk("cartbridge_find", answer.claim, asks);
            if (uuid) {
                const [order] = await this.data.loadServerOrders([["uuid", "=", uuid]]);
                return order;
            }
            await pause(LOOK_AGAIN);
        }
    },

    async cartbridgeNotHere(answer) {
        const problem = {
            title: _t("The cart is reserved for this till but does not arrive"),
            detail: _t(
                "Wait for it, or put it back: then it can be taken elsewhere, or sold from its printed page."
            ),
        };
        if (await this.cartbridgeChoice(problem, _t("Wait for it"), _t("Put it back"))) {
            return this.cartbridgeOpen(answer);
        }
        await this.cartbridgeAsk("cartbridge_release", answer.claim);
    },

    /** Before money is taken: is the cart still ours? A till that is offline goes on. */
    async pay() {
        const order = this.getOrder();
        if (!this.cartbridgeIsOn || !order?.isSynced || this.data.network.offline) {
            return super.pay(...arguments);
        }
        const answer = await this.data.silentCall("pos.config", "cartbridge_check", [
            [this.config.id],
            order.uuid,
        ]);
        const why = answer && (answer.over || answer.problem?.detail);
        if (!why || (await this.cartbridgeSellAnyway(why))) {
            return super.pay(...arguments);
        }
    },

    cartbridgeSellAnyway(why) {
        const problem = { title: _t("This cart is no longer at this till"), detail: why };
        return this.cartbridgeChoice(problem, _t("Sell it all the same"));
    },

    /** Gives the shopper a link by which she goes on with this ticket at home. */
    async cartbridgeContinueOnline() {
        const order = this.getOrder();
        const refused = this.cartbridgeStaysHere(order);
        if (refused) {
            return this.cartbridgeTell(_t("This ticket stays at the till"), refused);
        }
        let answer;
        try {
            if (order.isSynced) {
                await this.syncAllOrders({ orders: [order], force: true, throw: true });
            }
            answer = await this.cartbridgeOffer(order);
        } catch (error) {
            if (!(error instanceof ConnectionLostError)) {
                throw error;
            }
            answer = { problem: this.cartbridgeOffline() };
        }
        if (answer.problem) {
            return this.cartbridgeTell(answer.problem.title, answer.problem.detail);
        }
        this.cartbridgeShowLink(order, answer);
    },

    /** However the link is closed, it was shown: only "back" leaves the ticket to be sold here. */
    cartbridgeShowLink(order, answer) {
        let stays = false;
        const back = () => {
            stays = true;
            return this.cartbridgeAsk("cartbridge_take_back", answer.handover);
        };
        this.dialog.add(
            ContinueOnlineDialog,
            { ...answer, back },
            { onClose: () => stays || this.cartbridgeSentOnline(order, answer) }
        );
    },

    async cartbridgeOffer(order) {
        const attempt = uuidv4();
        const began = Date.now();
        for (;;) {
            const answer = await this.cartbridgeAsk(
                "cartbridge_continue_online",
                order.uuid,
                this.cartbridgeLines(order),
                attempt
            );
            const waits = answer.problem?.code === "not_known_yet";
            if (!waits || Date.now() - began > KNOWN_WITHIN) {
                return answer;
            }
            await pause(LOOK_AGAIN);
        }
    },

    cartbridgeStaysHere(order) {
        if (!order?.lines.length) {
            return _t("There is nothing on it.");
        }
        if (order.payment_ids.length) {
            return _t("A payment has begun: finish it, or remove it first.");
        }
        const below = (line) => line.qty <= 0 || (line.priceIncl < 0 && !order.isSynced);
        if (order.lines.some(below)) {
            return _t("It takes something back or deducts something: that cannot go online.");
        }
        return null;
    },

    cartbridgeLines(order) {
        const minor = 10 ** this.currency.decimal_places;
        return order.lines.map((line) => ({
            uuid: line.uuid,
            product_id: line.product_id.id,
            quantity: line.qty,
            unit_price: Math.round((line.priceIncl / line.qty) * minor),
        }));
    },

    /** The shopper has her link: a ticket that only this till knew of is done with. */
    async cartbridgeSentOnline(order, answer) {
        if (answer.kind === "begun") {
            await this.deleteOrders([order]);
            await this.afterOrderDeletion();
        }
    },

    cartbridgeTell(title, body) {
        this.dialog.add(AlertDialog, { title, body });
    },

    cartbridgeChoice({ title, detail }, confirmLabel, cancelLabel = _t("Discard")) {
        return ask(
            this.dialog,
            { title, body: detail, confirmLabel, cancelLabel },
            {},
            ConfirmationDialog
        );
    },
});
