"""What the pages of base figures start from: what those of the cases do that take them."""

from tests.cost_sharing.conftest import given

__all__ = ["given"]
