"""The loops that carry on by themselves: inbox, outbox, timeouts."""
