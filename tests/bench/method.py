"""How each figure is taken, in the words of the report."""

from typing import Final

METHOD: Final = """\
Everything runs on one machine: PostgreSQL (the embedded server with its own settings, room for 250
connections, `fsync` and `synchronous_commit` on, data on disk), the gateway as `cartbridge serve`
in a process of its own, and whoever calls it in another one. Callers use keep-alive sockets and
requests that were made and signed before the clock starts, so that calling costs little. Every
figure that compares takes its runs by turns (ours, theirs, ours, theirs …) and compares medians.
Seeds are fixed: the same carts come in the same order each time.

**Accept.** `cartbridge serve --no-work` gets the canonical webhook of one shop: a cart of three
lines in 4 KiB, Standard Webhooks signature, each with its own id, over 64 connections as fast as
answers come. An answer counts once it is a 2xx, and a 2xx is given only after the commit. CPU is
user and system time of the server's process, read from the kernel before and after, divided by the
answers. *Bare* is an aiohttp handler that answers 200 and does nothing else. *Transaction per
request* is a handler that checks the signature, parses with pydantic and inserts and commits one
row through a pool of 16. Half of saturation is a steady rate of half of what was reached; there, a
request that has to wait for a free socket is counted from when it was due.

**Append.** 128 callers hand commands to one writer, each waiting for its own outcome: a bare one
has one event of about a kilobyte in a new stream, no view and no message; a whole one has two
events, view, command id, chain and a message for the outbox, in the rows that the journal's own
face makes of it. `pgbench` (prepared statements, 128 clients) inserts one row with the same
columns, sizes and indexes per transaction; batched, 128 rows per transaction, it shows the ceiling.
For the whole append it calls the very function the writer calls, with one command per call; the
better of 128 and 16 clients counts. `eventsourcing` stores events of the same size through its own
PostgreSQL recorder; the better of 1 and 8 threads counts.

**End to end.** New carts are sent by webhook while a reader follows the feed (`/v1/events` as a
stream). A cart counts when its fact comes by; its view was written in the same transaction.
*Sustained* divides all carts by the time from the first webhook sent to the last cart seen. At a
steady rate each cart is timed from when its webhook was due. *One process* does everything; *loops
apart* is `serve --workers 2`: one process for calls, two for the loops.

**Claims.** *Full inbox*: carts are known, then hooks of other carts of the same shop fill the
inbox of a gateway whose loops stand still, and the sorter passes them, as it does in a rush: it is
several times quicker than the appliers. A gateway with its loops (`serve --workers 1`) is started,
and for each cart a change is sent, accepted, and the cart claimed at once. The claim has to show
the change. *Busy*:
claims at a steady rate from as many terminals as keys, each for another cart, while new carts come
by webhook at another steady rate.

**Outbox.** Messages of one kilobyte over many lanes, sent by our own worker's loops to nowhere, in
order per lane (checked), until the table is empty; PgQueuer runs its own worker in draining mode
with batches of 100 and a handler that does nothing, without any order.

**Journal size.** A cart's life of 20 events is copied, under other ids, until the journal is full;
the lives of a thousand carts of each shard lie side by side. Vacuum and analyze have run. The work
is the gateway's own (two looks, two edits and one claim in five) on carts from all over the
journal, 16 at a time; the same number of carts in the big and in the small one, by turns.

**Memory.** Resident memory of `cartbridge serve --no-work` as the kernel tells it, after the first
and after the last of the webhooks.

**History.** One cart that was changed until it had that many events; one request after the other
over HTTP, at versions drawn by chance.

**Rebuild.** All views are removed, then `rebuild` makes them anew from a journal of carts of 20
events each; the events it folded per second.

The load average beside each figure is the machine's at its end: with a quiet machine it is what the
benchmark itself needs.
"""
