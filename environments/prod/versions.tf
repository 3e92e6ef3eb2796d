terraform {
  # 1.11 brought the S3 backend's own lock file.
  required_version = ">= 1.11"

  # The rest is in backend.hcl: `init -backend-config=backend.hcl`.
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}
