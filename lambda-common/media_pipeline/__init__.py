"""From an upload's event to its completed record: what both Lambdas share."""
