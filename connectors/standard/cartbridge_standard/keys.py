"""The item key: what makes two rows of such a cart the same article."""

import hashlib
import json
from typing import Final

from cartbridge.sdk.documents import Item

# Attributes the shopper chose or wrote herself. Others (colour, size) only describe what the SKU
# or GTIN already names, and not every system sends them: counting them would make two systems
# that show the same article disagree for ever.
PERSONAL: Final = frozenset(
    {
        *("engraving", "gravure", "personalisation", "personalization", "personnalisation"),
        *("inscription", "monogram", "monogramme", "initials", "initiales", "custom_text"),
        *("message", "gift_message", "message_cadeau", "text", "texte", "dedication", "dedicace"),
    }
)


def item_key(item: Item) -> str:
    """SKU, else 14-digit GTIN, else title; a short fingerprint follows where more distinguishes."""
    chosen = dict(item.attributes)
    if item.sku is not None or item.gtin is not None:
        chosen = {name: text for name, text in chosen.items() if name.lower() in PERSONAL}
    elif item.variant is not None:
        chosen["variant"] = item.variant
    if not chosen:
        return item.key
    # A fingerprint, because what a shopper has engraved is nobody's business in a key.
    stable = json.dumps(chosen, sort_keys=True, ensure_ascii=False).encode()
    return f"{item.key}#{hashlib.sha256(stable).hexdigest()[:16]}"
