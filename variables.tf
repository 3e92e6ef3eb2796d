variable "name" {
  description = "What the names of everything made here begin with; also the namespace of its metrics."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,62}[a-z0-9]$", var.name))
    error_message = "Write `name` in 2 to 64 lower-case letters, digits and hyphens, beginning with a letter, such as `shop` or `shop-staging`."
  }
}

variable "media" {
  description = "What is processed: `images`, `videos` or both. Each has a function, and a route, of its own."
  type        = set(string)
  default     = ["images", "videos"]
  nullable    = false

  validation {
    condition = (
      length(var.media) > 0 && length(setsubtract(var.media, ["images", "videos"])) == 0
    )
    error_message = "Give `media` as `images`, `videos` or both, such as [\"videos\"]."
  }
}

variable "intake" {
  description = <<-EOT
    How uploads come in. Every attribute is optional.

    - `enabled` (true): each upload is taken in by itself, through an EventBridge rule and a queue
      for each of `media`. With false there are neither, and the functions only do what they are
      invoked for.
  EOT
  type        = object({ enabled = optional(bool, true) })
  default     = {}
  nullable    = false
}

variable "storage" {
  description = <<-EOT
    The media bucket. Every attribute is optional.

    - `existing_bucket_name` (none): a bucket of yours, in this region, to use instead of making
      one. Nothing of it is written, and of what follows only `existing_outputs_bucket_name`,
      `manage_bucket_notifications` and `kms` count; `eventbridge_switch` says what it needs. The
      name must be known to a plan: `aws_s3_bucket.media.bucket` is, its `id` is not at first.
    - `existing_outputs_bucket_name` (the same bucket): another bucket of yours for all that is made.
    - `manage_bucket_notifications` (true, but false for an existing bucket): write the bucket's
      notification document, so that it tells EventBridge of uploads. S3 keeps one such document
      per bucket: this REPLACES every queue, topic and function that an existing bucket notifies.
      Without `intake` it is never written.
    - `bucket_name` (the name, the account and the region): globally unique.
    - `versioning` (true): keep what is overwritten or deleted for `expire_noncurrent_days`.
    - `kms` (none: S3's own keys): `key_arn`, a key of yours that encrypts the objects, or already
      does so in an existing bucket, and `outputs_key_arn`, that of an existing outputs bucket.
    - `cors` (none): rules for browsers that upload or read directly, by a name of your own:
      `allowed_origins` (required), `allowed_methods` (GET, HEAD, PUT), `allowed_headers` (all),
      `expose_headers` (ETag and, for players that read ranges, Accept-Ranges, Content-Length and
      Content-Range), `max_age_seconds` (3600).
    - `abort_incomplete_uploads_days` (7): when the parts of an unfinished upload go.
    - `expire_noncurrent_days` (30): when an overwritten or deleted object is gone for good.
    - `expire_days` (none): when objects go, by key prefix, such as `{ "processed/" = 30 }`.
    - `force_destroy` (false): let `terraform destroy` delete the objects too.
  EOT
  type = object({
    existing_bucket_name         = optional(string)
    existing_outputs_bucket_name = optional(string)
    manage_bucket_notifications  = optional(bool)
    bucket_name                  = optional(string)
    versioning                   = optional(bool, true)
    kms = optional(object({
      key_arn         = optional(string)
      outputs_key_arn = optional(string)
    }))
    cors = optional(map(object({
      allowed_origins = list(string)
      allowed_methods = optional(list(string), ["GET", "HEAD", "PUT"])
      allowed_headers = optional(list(string), ["*"])
      expose_headers = optional(
        list(string), ["ETag", "Accept-Ranges", "Content-Length", "Content-Range"]
      )
      max_age_seconds = optional(number, 3600)
    })), {})
    abort_incomplete_uploads_days = optional(number, 7)
    expire_noncurrent_days        = optional(number, 30)
    expire_days                   = optional(map(number), {})
    force_destroy                 = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name in [
        var.storage.bucket_name, var.storage.existing_bucket_name,
        var.storage.existing_outputs_bucket_name,
      ] : name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name))
    ])
    error_message = "Write the names of buckets in `storage` in 3 to 63 lower-case letters, digits, dots and hyphens, without `s3://` or a path, or leave them out."
  }

  validation {
    condition     = var.storage.bucket_name == null || var.storage.existing_bucket_name == null
    error_message = "Give `storage` either a `bucket_name`, for a bucket to be made, or an `existing_bucket_name`."
  }

  validation {
    condition = alltrue([
      for arn in [try(var.storage.kms.key_arn, null), try(var.storage.kms.outputs_key_arn, null)] :
      arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))
    ])
    error_message = "Give the keys in `storage.kms` as their own ARNs (arn:aws:kms:...:key/...), not an alias or an id: the functions' policies name them."
  }

  validation {
    condition = alltrue([for days in concat(
      [var.storage.abort_incomplete_uploads_days, var.storage.expire_noncurrent_days],
      values(var.storage.expire_days),
    ) : days >= 1 && floor(days) == days])
    error_message = "Give the `..._days` of `storage` as whole numbers from 1."
  }
}

variable "catalog" {
  description = <<-EOT
    The media table. Every attribute is optional.

    - `existing_table_name` (none): a table of yours, in this region, to use instead of making one.
      Name its key in `recipe.record.key` and `recipe.jobs.key` unless it is `id` and `projectId`. If
      a KMS key of yours encrypts it, let that key's policy admit the functions' roles. The name
      must be known to a plan: `aws_dynamodb_table.media.name` is, its `id` is not at first.
    - `table_name` (the name and `-media`).
    - `hash_key` (`id`, or the only attribute): the one of the recipe's key by which a table that is
      made is partitioned, for good.
    - `point_in_time_recovery` (true): restorable to any second of the last 35 days.
    - `deletion_protection` (true): `terraform destroy` fails until this is false.
  EOT
  type = object({
    existing_table_name    = optional(string)
    table_name             = optional(string)
    hash_key               = optional(string)
    point_in_time_recovery = optional(bool, true)
    deletion_protection    = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name in [var.catalog.table_name, var.catalog.existing_table_name] :
      name == null || can(regex("^[A-Za-z0-9_.-]{3,255}$", name))
    ])
    error_message = "Write the table's name in `catalog` in 3 to 255 letters, digits, dots, hyphens and underscores (a name, not an ARN), or leave it out."
  }

  validation {
    condition     = var.catalog.table_name == null || var.catalog.existing_table_name == null
    error_message = "Give `catalog` either a `table_name`, for a table to be made, or an `existing_table_name`."
  }
}

variable "delivery_domain" {
  description = "The host name that serves the bucket, such as a CDN's; records then hold a `url` for each output."
  type        = string
  default     = null

  validation {
    condition = (
      var.delivery_domain == null ||
      can(regex("^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?[.])+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])$", var.delivery_domain))
    )
    error_message = "Write `delivery_domain` as a host name alone, such as `media.example.com`, without `https://` or a path."
  }
}

variable "verify_existing" {
  description = "Whether a plan looks up every bucket, table, role, layer and log group that is said to exist, which needs permission to read them."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags of everything made here, besides the provider's own `default_tags`."
  type        = map(string)
  default     = {}
  nullable    = false
}
