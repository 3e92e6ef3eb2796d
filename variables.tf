variable "name" {
  description = "What the names of everything made here begin with; also the namespace of its metrics."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,62}[a-z0-9]$", var.name))
    error_message = "Write `name` in 2 to 64 lower-case letters, digits and hyphens, beginning with a letter, such as `shop` or `shop-staging`."
  }
}

variable "artifacts" {
  description = <<-EOT
    Where the built zips are. They are checked against the JSON that the build writes beside them.

    - `directory` (required): the folder that holds `image-processor.zip`, `video-processor.zip`
      and `ffmpeg-layer.zip`, each with its `.zip.json`.
  EOT
  type        = object({ directory = string })
  nullable    = false

  validation {
    condition = alltrue([for zip in local.artifact_names :
      fileexists("${var.artifacts.directory}/${zip}") &&
      fileexists("${var.artifacts.directory}/${zip}.json")
    ])
    error_message = format(
      "%s lacks %s: run `make build`, or unpack a release there.",
      var.artifacts.directory,
      join(", ", flatten([for zip in local.artifact_names : [for file in [zip, "${zip}.json"] :
        file if !fileexists("${var.artifacts.directory}/${file}")
      ]])),
    )
  }

  validation {
    condition = alltrue([for zip in local.artifact_names :
      !fileexists("${var.artifacts.directory}/${zip}.json") || try(
        jsondecode(file("${var.artifacts.directory}/${zip}.json")).architecture == var.architecture,
        false,
      )
    ])
    error_message = "The artifacts in ${var.artifacts.directory} are not all built for ${var.architecture}: run `make build ARCH=${var.architecture}`, or set `architecture` to what their .json says."
  }

  # A layer is built for no runtime in particular, and says null.
  validation {
    condition = alltrue([for zip in local.artifact_names :
      !fileexists("${var.artifacts.directory}/${zip}.json") || try(
        coalesce(
          jsondecode(file("${var.artifacts.directory}/${zip}.json")).runtime, var.runtime,
        ) == var.runtime,
        false,
      )
    ])
    error_message = "The artifacts in ${var.artifacts.directory} are not all built for ${var.runtime}: run `make build RUNTIME=${var.runtime}`, or set `runtime` to what their .json says."
  }

  validation {
    condition = alltrue([for zip in local.artifact_names :
      !fileexists("${var.artifacts.directory}/${zip}") ||
      !fileexists("${var.artifacts.directory}/${zip}.json") || try(
        jsondecode(file("${var.artifacts.directory}/${zip}.json")).sha256 ==
        filesha256("${var.artifacts.directory}/${zip}"),
        false,
      )
    ])
    error_message = "A zip in ${var.artifacts.directory} is not the one that its .json describes (other SHA-256): run `make build` again, or unpack the release again."
  }
}

variable "architecture" {
  description = "What the functions run on, `x86_64` or `arm64`; the artifacts must be built for it."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "Set `architecture` to `x86_64` or `arm64`."
  }
}

variable "runtime" {
  description = "The functions' Lambda runtime; the artifacts must be built for it."
  type        = string
  default     = "python3.13"
  nullable    = false

  validation {
    condition     = contains(["python3.11", "python3.12", "python3.13"], var.runtime)
    error_message = "Set `runtime` to `python3.11`, `python3.12` or `python3.13`."
  }
}

variable "functions" {
  description = <<-EOT
    What one photo and one video may take, and how many of each are in work at once. Every
    attribute is optional, of `images` and of `videos`; the defaults suit a new account.

    - `memory_mb` (1769, one whole processor; 3008, the most that a new account has): 128 to 10240.
    - `timeout_seconds` (120; 900): 30 to 900.
    - `storage_mb` (512, which costs nothing; 10240, which adds less than 1 % to what the memory
      costs): room for the original and what is made of it, 512 to 10240. A video that needs more
      room, or more time than `timeout_seconds`, is refused before the work begins.
    - `concurrency` (5; 5): how many are in work at once, 2 to 1000.
  EOT
  type = object({
    images = optional(object({
      memory_mb       = optional(number, 1769)
      timeout_seconds = optional(number, 120)
      storage_mb      = optional(number, 512)
      concurrency     = optional(number, 5)
    }), {})
    videos = optional(object({
      memory_mb       = optional(number, 3008)
      timeout_seconds = optional(number, 900)
      storage_mb      = optional(number, 10240)
      concurrency     = optional(number, 5)
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue(flatten([for function in values(var.functions) : [
      for attribute, range in local.function_ranges :
      function[attribute] >= range.from && function[attribute] <= range.to &&
      floor(function[attribute]) == function[attribute]
    ]]))
    error_message = "Give each of `functions` whole numbers: `memory_mb` from 128 to 10240, `timeout_seconds` from 30 (less leaves no time for a job) to 900 (the most that Lambda gives), `storage_mb` from 512 to 10240, `concurrency` from 2 to 1000."
  }
}

variable "storage" {
  description = <<-EOT
    The media bucket. Every attribute is optional.

    - `bucket_name` (the name, the account and the region): globally unique.
    - `versioning` (true): keep what is overwritten or deleted for `expire_noncurrent_days`.
    - `kms_key_arn` (none: S3's own keys): a key of yours that encrypts the objects.
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
    bucket_name = optional(string)
    versioning  = optional(bool, true)
    kms_key_arn = optional(string)
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
    condition = (
      var.storage.bucket_name == null ||
      can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.storage.bucket_name))
    )
    error_message = "Write `storage.bucket_name` in 3 to 63 lower-case letters, digits, dots and hyphens, or leave it out."
  }

  validation {
    condition = (
      var.storage.kms_key_arn == null ||
      can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.storage.kms_key_arn))
    )
    error_message = "Give `storage.kms_key_arn` as the key's own ARN (arn:aws:kms:...:key/...), not an alias or an id: the functions' policies name it."
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

    - `table_name` (the name and `-media`).
    - `point_in_time_recovery` (true): restorable to any second of the last 35 days.
    - `deletion_protection` (true): `terraform destroy` fails until this is false.
  EOT
  type = object({
    table_name             = optional(string)
    point_in_time_recovery = optional(bool, true)
    deletion_protection    = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      var.catalog.table_name == null ||
      can(regex("^[A-Za-z0-9_.-]{3,255}$", var.catalog.table_name))
    )
    error_message = "Write `catalog.table_name` in 3 to 255 letters, digits, dots, hyphens and underscores, or leave it out."
  }
}

variable "delivery_domain" {
  description = "The host name that serves the bucket, such as a CDN's; records then hold a `url` for each output."
  type        = string
  default     = null

  validation {
    condition = (
      var.delivery_domain == null ||
      can(regex("^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?[.])+[A-Za-z]{2,}$", var.delivery_domain))
    )
    error_message = "Write `delivery_domain` as a host name alone, such as `media.example.com`, without `https://` or a path."
  }
}

variable "logs" {
  description = <<-EOT
    What the functions write. Every attribute is optional.

    - `retention_days` (30): how long CloudWatch keeps it; 0 for ever.
    - `level` (INFO): DEBUG, INFO, WARN or ERROR.
  EOT
  type        = object({ retention_days = optional(number, 30), level = optional(string, "INFO") })
  default     = {}
  nullable    = false

  validation {
    condition = contains([
      0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
      2922, 3288, 3653,
    ], var.logs.retention_days)
    error_message = "Set `logs.retention_days` to one of the periods that CloudWatch has, such as 7, 14, 30, 90 or 365, or to 0 for ever."
  }

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN", "ERROR"], var.logs.level)
    error_message = "Set `logs.level` to `DEBUG`, `INFO`, `WARN` or `ERROR`."
  }
}

variable "alarms" {
  description = <<-EOT
    CloudWatch alarms. Every attribute is optional.

    - `enabled` (true): errors, throttles and durations of each function, and dead letters.
    - `topic_arns` (none): the SNS topics that are told.
  EOT
  type        = object({ enabled = optional(bool, true), topic_arns = optional(list(string), []) })
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.alarms.topic_arns) <= 5
    error_message = "Give `alarms.topic_arns` at most five topics, which is what an alarm takes."
  }
}

variable "iam" {
  description = <<-EOT
    What the functions' execution roles are made with. Every attribute is optional.

    - `path` (/): such as `/media/`.
    - `permissions_boundary` (none): the ARN of a policy.
  EOT
  type        = object({ path = optional(string, "/"), permissions_boundary = optional(string) })
  default     = {}
  nullable    = false

  validation {
    condition     = can(regex("^/([!-.0-~]+/)*$", var.iam.path))
    error_message = "Begin and end `iam.path` with a slash, such as `/media/`."
  }
}

variable "tags" {
  description = "Tags of everything made here, besides the provider's own `default_tags`."
  type        = map(string)
  default     = {}
  nullable    = false
}
