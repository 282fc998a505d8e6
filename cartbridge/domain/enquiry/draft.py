"""A decision about an enquiry in the making: facts told one after another, each checked."""

from dataclasses import dataclass, field
from datetime import datetime

from cartbridge.domain.decided import Decided
from cartbridge.domain.enquiry import events as e
from cartbridge.domain.enquiry.evolve import evolve
from cartbridge.domain.enquiry.lifecycle import may
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.refusals import Refusing


@dataclass
class Draft:
    """Collects the facts of one enquiry; each is judged on what the earlier ones left."""

    enquiry: Enquiry
    now: datetime
    happened_at: datetime  # what the journal will say
    events: list[e.EnquiryEvent] = field(default_factory=list)

    def tell(self, *events: e.EnquiryEvent) -> None:
        """Adds facts; refuses one that the transition table does not allow here."""
        for event in events:
            if not may(self.enquiry.state, event.type):
                raise Refusing("enquiry_not_open")
            self.enquiry = evolve(self.enquiry, event, self.happened_at)
            self.events.append(event)

    @property
    def decided(self) -> Decided[Enquiry]:
        """What was told so far."""
        return Decided(self.enquiry, tuple(self.events))
