# A module for each of several callers, so that one plan shows what becomes of what they say.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}

variable "endpoint" {
  description = "Where something answers for STS."
  type        = string
}

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true

  endpoints {
    sts = var.endpoint
  }
}

module "media" {
  source   = "../../.."
  for_each = jsondecode(file("callers.json"))

  name            = "shop"
  artifacts       = { directory = "../../../artifacts" }
  delivery_domain = try(each.value.delivery_domain, null)
  recipe          = try(each.value.recipe, {})
  storage         = try(each.value.storage, {})
}

output "recipes" {
  description = "By caller, the whole recipe."
  value       = { for caller, media in module.media : caller => media.recipe }
}
