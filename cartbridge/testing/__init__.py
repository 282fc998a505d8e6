"""What an integrator needs to prove a connector: shipped with the gateway."""

import pytest

pytest.register_assert_rewrite(
    *(
        f"cartbridge.testing.{part}"
        for part in (
            *("calling", "claims", "every_call", "given", "placing", "reading", "reporting"),
            *("secrecy", "signatures", "snapshots", "survival", "there", "troubles", "writing"),
        )
    )
)
