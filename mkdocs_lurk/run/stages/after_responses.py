"""What the stages have in common whose units follow from the responses."""

from __future__ import annotations

from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.protocol import Stage
from mkdocs_lurk.run.stages.responses import Responses


class AfterResponses(Stage):
    """A stage that reads what the responses to all pictures show.

    Args:
        session: The model that is analysed.
        responses: The stage that measures them.
        others: Further stages that must be complete before the units of this one are known.
    """

    def __init__(self, session: Session, responses: Responses, *others: Stage) -> None:
        super().__init__(session, responses, *others)
        self._responses = responses
