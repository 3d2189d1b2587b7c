"""For systems that push instead of being asked: what they send is written into the folder that a contract pulls from.

Nothing here knows what a body means, and nothing here loads: the folder is a place outside like any other, and the
daily run pulls it as it pulls every folder. `inbox` keeps a body so that a crash loses none that was acknowledged;
`server` is the HTTP in front of it.
"""

from pipelines.receive.inbox import Inbox, Receipt
from pipelines.receive.senders import Senders
from pipelines.receive.server import Limits, serve

__all__ = ["Inbox", "Limits", "Receipt", "Senders", "serve"]
