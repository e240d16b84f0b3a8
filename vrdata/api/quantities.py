"""Kubernetes quantities, such as 500m or 2Gi (Kubernetes API reference, Quantity). Pure."""

from __future__ import annotations

import re
from decimal import Decimal

QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"
_FACTORS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTP", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTP", start=1)},
}


def parse_quantity(text: str) -> Decimal:
    """The value of a quantity: cores, bytes or pieces.

    Raises:
        ValueError: not a quantity.
    """
    if not re.fullmatch(QUANTITY, text):
        raise ValueError(f"{text!r} is not a quantity (examples: 500m, 2, 512Mi, 4Gi)")
    digits = text.rstrip("mkMGTPKi")
    return Decimal(digits) * _FACTORS[text[len(digits) :]]
