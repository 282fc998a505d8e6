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

**Claims** ask seven times: the call's own key, the cart, what has arrived and waits in its lane,
the claim's pointer, the append, the price list and the key once more; three of them wait for the
disk, since a gateway may outlive what its database forgets. A claim costs about 2.5 ms of the
gateway's processor (a third of it waiting on and talking to PostgreSQL, a tenth each for reading
the cart, the price report and showing it) and 0.8 ms of PostgreSQL's; a hook costs 1.3 and 0.4 ms
until it is in its cart. 300 claims and 500 hooks a second are therefore 1.9 processors of the two,
callers not counted, and three waits for one disk that the hooks write to as well: about 210 claims
a second are answered, the others queue. When only the append waited it was 290, with a p99 of 1.1
s: that was not safe (decision 19). With 150 claims a second and no hooks half of them are answered
within 11 ms.
"""
