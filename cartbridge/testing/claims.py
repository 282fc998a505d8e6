"""Promises about `quality.toml`: what a connector claims is what it keeps."""

import sys
from typing import Final

import pytest

from cartbridge.testing.levels import FILE, at_least, ceiling, promise, promise_of, read_quality
from cartbridge.testing.suite import Suite

SUBJECT: Final = "claims"


class Claims(Suite):
    """A level is checked, not believed."""

    @promise("bronze", SUBJECT)
    def test_claims_no_more_than_it_can_keep(self) -> None:
        """What it declares is enough for the level that it claims."""
        most = ceiling(self.connector, self.settings(*self.secrets), self.fake is not None)
        claim = self.claim()
        assert at_least(most.level, claim), (
            f"{claim} is claimed, {most.level} is most: {most.lacks}"
        )

    @promise("bronze", SUBJECT)
    def test_says_what_it_claims(self) -> None:
        """A distribution has a quality.toml with its level, the reason, and the versions."""
        folder = self.home.parent
        if not (folder / "pyproject.toml").is_file():
            pytest.skip("no distribution: there is no pyproject.toml beside the tests")
        assert (folder / FILE).is_file(), f"write {folder / FILE}: level, reason, followed"
        read_quality(folder / FILE)
        beside = vars(sys.modules[type(self).__module__]).values()
        assert any(map(self._claims_the_file, beside)), (
            f"no suite keeps the level of {FILE}: leave `claimed` out of one of them"
        )

    def _claims_the_file(self, kind: object) -> bool:
        """Whether it is a suite of the same test file, and one that pytest runs."""
        return (
            isinstance(kind, type)
            and issubclass(kind, Suite)
            and kind.__module__ == type(self).__module__
            and kind.claimed is None
            and bool(getattr(kind, "__test__", True))
        )

    @promise("bronze", SUBJECT)
    def test_leaves_the_promises_as_they_are(self) -> None:
        """No test of the suite is replaced or taken out."""
        for kind in type(self).__mro__:
            for name, member in vars(kind).items():
                if promise_of(member) is not None:
                    assert getattr(type(self), name) is member, f"{name} is one of the suite's own"
