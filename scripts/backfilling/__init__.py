"""Objects that lie in the bucket already, sent through the queues as if just uploaded.

`scripts/backfill.py` is the command. `listing` reads the bucket, `verdicts` says by the records
what is to send, `sending` sends it, `progress` and `estimate` tell of it.
"""
