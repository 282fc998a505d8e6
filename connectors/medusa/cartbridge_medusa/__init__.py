"""The connector for Medusa 2 shops that run our companion plugin."""

from cartbridge_medusa.connector import Medusa

__all__ = ["Medusa"]
