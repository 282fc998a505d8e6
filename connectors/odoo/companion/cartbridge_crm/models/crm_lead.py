"""Leads: the gateway is told when one changes, and when somebody writes about it."""

from odoo import api, fields, models

TOLD = {"stage_id", "active", "partner_id", "email_from", "phone", "team_id", "medium_id"}


class CrmLead(models.Model):
    """A lead that may be a shopper's question."""

    _inherit = "crm.lead"

    @api.model_create_multi
    def create(self, vals_list):
        """Somebody asked."""
        leads = super().create(vals_list)
        leads._cartbridge_tell()
        return leads

    def write(self, vals):
        """A lead was won, lost, or is another customer's."""
        done = super().write(vals)
        if not TOLD.isdisjoint(vals):
            self._cartbridge_tell()
        return done

    def _message_post_after_hook(self, message, msg_values):
        """Somebody wrote; what only the team may read stays here."""
        done = super()._message_post_after_hook(message, msg_values)
        if message.message_type != "notification" and not message.subtype_id.internal:
            self._cartbridge_tell(message=message.id)
        return done

    def _cartbridge_tell(self, **more):
        for lead in self.sudo():
            hint = {
                "_action": "CartBridge",
                "_id": lead.id,
                "_model": self._name,
                "id": lead.id,
                "write_date": str(lead.write_date or fields.Datetime.now()),
                **more,
            }
            self.env["cartbridge.gateway"].sudo()._tell(hint, company=lead.company_id)
