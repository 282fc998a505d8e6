"""What an integrator needs to prove a connector: shipped with the gateway."""

import pytest

pytest.register_assert_rewrite("cartbridge.testing.connector", "cartbridge.testing.given")
