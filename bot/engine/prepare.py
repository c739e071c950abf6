"""What must be said before Rasa is imported: stand-ins, silence, one thread."""

from __future__ import annotations

import logging
import os
import warnings

import structlog

from bot.engine import stand_ins

_SILENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "LOG_LEVEL": "ERROR",  # Rasa asks it before it draws a progress bar for each rule
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def prepare(*, lean: bool = False) -> None:
    """Make `import rasa` possible, quiet and cheap in this process.

    With *lean* (the brain) SciPy, scikit-learn and more that answering does not need are stand-ins too, although
    installed: leaving them out saves two seconds of start-up and 90 MB.
    structlog is set up first because Rasa, if it finds it unconfigured, renders every debug line, the shopper's words
    among them.
    """
    os.environ.update(_SILENT)
    warnings.simplefilter("ignore")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING), cache_logger_on_first_use=True
    )
    for noisy in ("rasa", "rasa_sdk", "alembic", "jieba", "matplotlib"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    stand_ins.install(hide_installed=lean)
