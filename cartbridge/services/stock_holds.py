"""Keeping goods aside in a store for a cart that is on its way there, and letting them go."""


def is_hold_of(name: str, cart: str) -> bool:
    """Whether a hold of that name keeps goods for that cart."""
    return name.startswith(f"{cart}/")


def hold_name(cart: str, handover: str) -> str:
    """What the hold of a hand-over is called, wherever it is kept."""
    return f"{cart}/{handover}"
