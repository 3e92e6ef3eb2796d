"""What Terraform sets in a function's environment and Powertools reads when it is imported."""

import os

os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "MediaPipeline"
os.environ["POWERTOOLS_SERVICE_NAME"] = "images"
