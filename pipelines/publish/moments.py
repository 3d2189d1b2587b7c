"""What a reader means by a moment: the published histories tell local time, without a zone.

`now()` has a zone. Cast to a time without one it becomes the time of the reader's machine, which on a server is often UTC:
seven hours early, and a history that began today would be empty without a word.
"""

from __future__ import annotations

from typing import Final

# Vietnam's clock is seven hours ahead of UTC all year; this needs no extension for time zones in the reader's tool.
LOCAL_MOMENT: Final = """\
CASE WHEN typeof(moment) = 'TIMESTAMP WITH TIME ZONE'
            THEN make_timestamp(epoch_us(CAST(moment AS TIMESTAMPTZ)) + 25200000000) ELSE CAST(moment AS TIMESTAMP) END"""
