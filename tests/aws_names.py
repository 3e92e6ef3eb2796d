"""What tests call the things that they create in an in-process AWS."""

REGION = "eu-central-1"
TABLE = "media"
BUCKET = "media-example"
