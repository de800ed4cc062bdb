"""A request at its limits delays no other client, and costs little memory and disk.

The long form has time limits. It measures the machine's own delays and subtracts them. The short
form only checks that every request of the campaign gets an answer.
"""

from __future__ import annotations

import pytest
import uvloop

from server.runtime.usage import EVERY
from tests.attacks.campaign.attacked_server import AttackedServer
from tests.attacks.campaign.campaign import attack, targets
from tests.attacks.campaign.documents import DOCUMENTS
from tests.attacks.campaign.http_cases import http_cases
from tests.attacks.campaign.verdict import LEFT, violations
from tests.patience import PATIENCE

SHORT = ("prose", "logged")


@pytest.mark.parametrize("name", targets())
def test_a_request_of_each_kind_is_answered(small: AttackedServer, name: str) -> None:
    cases = [case for case in targets()[name]() if case.document in SHORT]
    for with_token in (True, False):
        figures = uvloop.run(small.run(cases[0], 1, with_token=with_token))
        assert figures.outcomes, cases[0]
        assert [said for said in figures.outcomes if said.startswith("5")] == [], cases[0]
        assert "not answered" not in figures.outcomes, cases[0]


@pytest.mark.long
@pytest.mark.parametrize("document", DOCUMENTS)
def test_opening_a_document_delays_no_other_client(large: AttackedServer, document: str) -> None:
    """Open the document for the first reader after a start."""
    [case] = [
        case
        for case in http_cases("getDocument")
        if case.document == document and case.level == "plain"
    ]
    found = violations(case, 1, uvloop.run(large.run(case, 1)))
    large.hold(document)
    assert not found, "\n".join(found)


@pytest.mark.long
@pytest.mark.parametrize("name", targets())
def test_a_request_at_its_limits_delays_no_other_client(large: AttackedServer, name: str) -> None:
    large.hold(*DOCUMENTS)
    found = attack(large, name)
    assert not found, "\n".join(found)


@pytest.mark.long
def test_memory_is_released_when_all_clients_have_left(large: AttackedServer) -> None:
    large.holders.close()
    large.until_unloaded()
    bound = large.at_rest + LEFT
    left = large.memory_within(bound, EVERY + PATIENCE)
    assert left < bound, f"{left - large.at_rest} bytes more than at the start"
