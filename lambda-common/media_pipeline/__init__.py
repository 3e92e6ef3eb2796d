"""From an upload's event to its completed record: what the Lambdas share."""
