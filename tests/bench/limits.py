"""What keeps a goal from being met: the profiles behind the figures, in the words of the report."""

from typing import Final

LIMITS: Final = """\
**Accepting** costs a bare handler's work once more. Fed without a socket, one hook's own work is
about 22 µs (signature 7, sealing headers and body 5, the key that recognises it 3, its id 2, the
rest in headers and rows), its part of the batch about 15 µs, and PostgreSQL, which shares the two
cores, makes all of it slower than in the bare run. Storing the body in plain and without a key to
recognise it by would save a third of the difference; bodies hold names and addresses, so that
is not done.

**Taking a cart in** costs about a millisecond of Python: reading the canonical body 0.13, deciding
0.13, writing events and view as bytes that can be hashed 0.10, parsing for the sorter 0.05, all of
it several times slower in a batch of other carts than alone, and 0.25 to 0.3 ms of PostgreSQL for
six events, their view, stream, pointer, part and inbox rows. No function stands out: it is two
thousand calls of small, checked values. With callers and PostgreSQL on the same two cores that
bounds what is sustained; the loops scale with cores (`serve --workers N`), one process does not.

**Claims** ask ten times: the call's own key, the cart, what has arrived, its lane, the claim's
pointer, the cart again, the append, the lease, the price list and the key once more. What many
tills ask at once is one statement, but each claim waits for four commits one after another: its
key, its pointer, the append, and the key's outcome.
"""
