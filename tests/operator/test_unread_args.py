"""Args that no generator reads are rejected on a cluster as on a laptop."""

from __future__ import annotations

from support.plans.catalogues import catalogue, entry, make_run
from vrdata.api.profile import default_profile
from vrdata.plan.catalogue import ImageCatalogue
from vrdata_operator.policy.admission import make_plan
from vrdata_operator.state.rejection import Rejection


def test_args_for_code_without_a_command_line_are_an_invalid_spec() -> None:
    own = entry("O-my-generator", kind="api")
    image = ImageCatalogue(
        image_digest=own.digest, versions={}, generators=catalogue(own).generators
    )
    run = make_run({"name": own.name, "args": ["--hard"]})
    refused = make_plan(run, default_profile(), image, None)
    assert isinstance(refused, Rejection)
    assert refused.reason == "InvalidSpec"
    assert own.name in refused.message
    assert "Remove args" in refused.message
