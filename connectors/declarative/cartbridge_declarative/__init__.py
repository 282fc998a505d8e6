"""The connector for platforms that post webhooks of their own, read by a mapping file."""

from cartbridge_declarative.connector import Declarative

__all__ = ["Declarative"]
