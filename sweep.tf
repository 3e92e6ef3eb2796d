# What the sweep is told and may do: it alone may list and delete.
locals {
  has_sweep = coalesce(var.sweep.enabled, var.intake.enabled)

  # Only where each attempt has a revision of its own does anything lie about that no record means.
  has_leftovers = local.has_media_records && contains(local.placeholders.outputs, "revision")

  # An attribute that a caller's own table happens to have must not be taken for ours.
  pending = (
    var.sweep.pending != null ? var.sweep.pending : var.catalog.existing_table_name != null ? null :
    { attributes = { status = "pending" }, created_at = "createdAt" }
  )

  # As AWS makes them of the names, so that a plan shows the environment in full.
  queue_urls = { for route in keys(local.processors) : route => join("/", [
    "https://sqs.${local.account.region}.${local.account.dns_suffix}", local.account.id,
    local.names["${route}_queue"],
  ]) if var.intake.enabled }

  sweep_permissions = { for reason, permission in {
    list-originals = {
      actions   = ["s3:ListBucket"]
      resources = [module.storage["media"].arn]
      condition = local.originals_prefix == "" ? null : {
        StringLike = { "s3:prefix" = "${local.originals_prefix}*" }
      }
    }
    read-originals = {
      actions   = ["s3:GetObject"]
      resources = ["${module.storage["media"].arn}/${local.forms.originals}"]
    }
    # S3 tells nothing of an encrypted object to whom its key is denied.
    use-bucket-key = var.storage.kms == null ? null : {
      actions   = ["kms:Decrypt"]
      resources = distinct(compact([var.storage.kms.key_arn, var.storage.kms.outputs_key_arn]))
    }
    find-records = {
      actions   = ["dynamodb:Scan"]
      resources = [module.catalog.arn]
    }
    keep-records = {
      actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [module.catalog.arn]
    }
    send-jobs = !var.intake.enabled ? null : {
      actions   = ["sqs:SendMessage", "sqs:GetQueueAttributes"]
      resources = values(local.queue_arns)
    }
    list-outputs = !local.has_leftovers ? null : {
      actions   = ["s3:ListBucket"]
      resources = [local.outputs_bucket.arn]
      condition = local.outputs_prefix == "" ? null : {
        StringLike = { "s3:prefix" = "${local.outputs_prefix}*" }
      }
    }
    delete-outputs = !local.has_leftovers ? null : {
      actions   = ["s3:DeleteObject"]
      resources = ["${local.outputs_bucket.arn}/${local.forms.outputs}"]
    }
  } : reason => permission if permission != null }
}
