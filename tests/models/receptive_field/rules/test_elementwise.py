import pytest

from tests.models.receptive_field.networks import Gated, clipped_box, fields_of
from tests.zoo.oracle import Oracle


@pytest.mark.parametrize("expand", [False, True])
def test_a_gate_of_the_whole_map_is_treated_as_a_constant_and_noted(expand):
    fields = fields_of(Gated(expand), 3, 16, 16)
    assert fields["body"].status == "exact"
    assert fields["gate"].status == "whole"
    assert fields["gate"].size == (16, 16)
    assert fields["last"].status == "effective"
    assert "gate" in fields["last"].note
    assert fields["last"].size == (5, 5)
    oracle = Oracle(Gated().eval(), (3, 16, 16), {"last"}, gates_as_constants=True)
    assert clipped_box(fields["last"], 0, 7) == oracle.box("last", 0, 7, 0)
