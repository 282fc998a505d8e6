"""The connector for Vendure 3 shops that run our companion plugin."""

from cartbridge_vendure.connector import Vendure

__all__ = ["Vendure"]
