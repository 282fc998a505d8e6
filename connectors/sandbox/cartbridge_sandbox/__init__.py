"""The sandbox: a connector with a small shop and a small till of its own to try it on."""

from cartbridge_sandbox.connector import Sandbox

__all__ = ["Sandbox"]
