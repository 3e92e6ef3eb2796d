locals {
  is_adopted = var.existing != null
}

resource "aws_s3_object" "zip" {
  count = !local.is_adopted && var.staging_bucket != null ? 1 : 0

  bucket      = var.staging_bucket
  key         = "artifacts/${var.name}/${filesha256(var.zip)}.zip"
  source      = var.zip
  source_hash = filesha256(var.zip)
}

resource "aws_lambda_layer_version" "this" {
  count = local.is_adopted ? 0 : 1

  layer_name               = var.name
  description              = "Static ffmpeg and ffprobe in bin/."
  filename                 = var.staging_bucket == null ? var.zip : null
  s3_bucket                = var.staging_bucket
  s3_key                   = one(aws_s3_object.zip[*].key)
  source_code_hash         = filebase64sha256(var.zip)
  compatible_architectures = [var.architecture]

  # The functions move to the new version before the old one goes.
  lifecycle {
    create_before_destroy = true
  }
}

# Terraform shows the line of a lookup that fails.
# tflint-ignore: terraform_unused_declarations # Looked up only to compare its architecture.
data "aws_lambda_layer_version" "existing" { # Set `ffmpeg_layer.existing_arn` to a layer version of this region, or leave it out.
  count = local.is_adopted && var.verify ? 1 : 0

  layer_name = local.layer_arn
  version    = local.layer_version

  lifecycle {
    postcondition {
      condition = (
        length(self.compatible_architectures) == 0 ||
        contains(self.compatible_architectures, var.architecture)
      )
      error_message = "The layer ${var.existing.arn} is for ${join(" and ", self.compatible_architectures)}, and the functions run on ${var.architecture}: set `architecture`, or name another layer in `ffmpeg_layer`."
    }
  }
}

locals {
  layer_arn     = try(regex("^(.*):[0-9]+$", var.existing.arn)[0], null)
  layer_version = try(tonumber(regex("[0-9]+$", var.existing.arn)), null)
}
