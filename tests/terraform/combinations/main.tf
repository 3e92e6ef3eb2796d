# A module for each way to let some of the five things be made and adopt the others.

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
  default     = "http://127.0.0.1:1"
}

variable "artifacts_directory" {
  description = "Where the zips are, as seen from where Terraform runs."
  type        = string
  default     = "../../../artifacts"
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

locals {
  things = ["bucket", "table", "role", "layer", "logs"]

  # By what is adopted, such as `bucket-table`.
  combinations = { for adopted in setproduct([for thing in local.things : [true, false]]...) :
    join("-", concat(
      anytrue(adopted) ? [] : ["nothing"],
      [for at, thing in local.things : thing if adopted[at]],
    )) => zipmap(local.things, adopted)
  }
}

module "media" {
  source   = "../../.."
  for_each = local.combinations

  name      = "shop"
  artifacts = { directory = var.artifacts_directory }
  storage   = { existing_bucket_name = each.value.bucket ? "acme-media" : null }
  catalog   = { existing_table_name = each.value.table ? "acme-items" : null }
  iam       = { existing_role_name = each.value.role ? "acme-lambda" : null, path = "/acme/" }
  logs      = { existing_group_name = each.value.logs ? "/acme/media" : null }
  sweep     = { existing_role_name = each.value.role ? "acme-sweep" : null }
  ffmpeg_layer = each.value.layer ? {
    existing_arn = "arn:aws:lambda:eu-central-1:123456789012:layer:acme-ffmpeg:3"
  } : null
}

output "media" {
  description = "By combination, all that the module gives but the recipe."
  value = { for name, media in module.media : name => {
    adopted            = local.combinations[name]
    bucket             = media.bucket
    outputs_bucket     = media.outputs_bucket
    table              = media.table
    functions          = media.functions
    sweep              = media.sweep
    queues             = media.queues
    ffmpeg_layer_arn   = media.ffmpeg_layer_arn
    eventbridge_switch = media.eventbridge_switch
  } }
}

output "adopted" {
  description = "By combination, whether each thing is adopted."
  value       = local.combinations
}

output "policies" {
  description = "By combination, the policy documents, all of which a plan knows."
  value       = { for name, media in module.media : name => media.policies }
}
