"""Logging: one line per fact, as text for people or JSON for machines; never a secret."""

import logging
import sys
from typing import Any

import structlog

from cartbridge.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Sets the form and level of all log lines; they go to standard error, beside any answer."""
    level = getattr(logging, settings.log_level.upper())
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    renderer: Any = structlog.dev.ConsoleRenderer(colors=False)
    if settings.log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
