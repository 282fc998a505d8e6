"""The connector for any system that speaks the canonical webhook."""

from cartbridge_standard.connector import Standard

__all__ = ["Standard"]
