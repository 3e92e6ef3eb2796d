variable "artifacts" {
  description = <<-EOT
    Where the built zips are. They are checked against the JSON that the build writes beside them.

    - `directory` (required): the folder that holds `image-processor.zip`, `video-processor.zip`,
      `sweep.zip` and `ffmpeg-layer.zip`, each with its `.zip.json`; those that `media`, `sweep` and
      `ffmpeg_layer` make needless may be missing.
    - `bucket` (the media bucket, if it is made here): a bucket by way of which a zip over 50 MB
      goes to Lambda.
  EOT
  type        = object({ directory = string, bucket = optional(string) })
  nullable    = false

  validation {
    condition = alltrue([for zip in local.artifact_names :
      !fileexists("${var.artifacts.directory}/${zip}.json") ||
      can(jsondecode(file("${var.artifacts.directory}/${zip}.json")).sha256)
    ])
    error_message = "A .json in ${var.artifacts.directory} is none that the build wrote: run `make build` again, or unpack the release again."
  }

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

  validation {
    condition = (
      var.artifacts.bucket != null || var.storage.existing_bucket_name == null ||
      !anytrue([for zip in local.artifact_names :
        try(jsondecode(file("${var.artifacts.directory}/${zip}.json")).bytes > local.most_bytes, false)
      ])
    )
    error_message = "A zip in ${var.artifacts.directory} is over 50 MB, so that it must go to Lambda by way of S3, and nothing is written to a bucket of yours unasked: set `artifacts.bucket` to one where it may lie, under artifacts/."
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

variable "ffmpeg_layer" {
  description = <<-EOT
    An existing layer in place of the one that is made of `ffmpeg-layer.zip`.

    - `existing_arn` (required): the ARN of its version, such as
      arn:aws:lambda:eu-central-1:123456789012:layer:ffmpeg:3. It must have `ffmpeg` and `ffprobe`,
      version 5.1 or later, in `bin/`, with libx264, libdav1d and libzimg, for `architecture`.
  EOT
  type        = object({ existing_arn = string })
  default     = null

  validation {
    condition = var.ffmpeg_layer == null || can(
      regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[^:]+:[0-9]+$", var.ffmpeg_layer.existing_arn)
    )
    error_message = "Give `ffmpeg_layer.existing_arn` with its version, such as arn:aws:lambda:eu-central-1:123456789012:layer:ffmpeg:3."
  }
}

variable "iam" {
  description = <<-EOT
    The functions' execution roles. The sweep, which may do more than they, has one of its own
    (`sweep.existing_role_name`). Every attribute is optional.

    - `existing_role_name` (none): a role of yours, which lambda.amazonaws.com may assume, for every
      function, instead of one being made for each; a name that a plan knows, such as
      `aws_iam_role.media.name`. The output `policies` says what it must allow.
    - `attach_policies` (false): add those policies, inline, to the existing role. With false it must
      have them before the first apply, for Lambda reads no queue for a role that may not.
    - `path` (/): such as `/media/`; of an existing role, its own.
    - `permissions_boundary` (none): the ARN of a policy, for a role that is made.
  EOT
  type = object({
    existing_role_name   = optional(string)
    attach_policies      = optional(bool, false)
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      var.iam.existing_role_name == null ||
      can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.iam.existing_role_name))
    )
    error_message = "Give `iam.existing_role_name` as a name, such as media-processing; where the role has a path, set `iam.path` too. An ARN is not taken."
  }

  validation {
    condition     = can(regex("^/([!-.0-~]+/)*$", var.iam.path))
    error_message = "Begin and end `iam.path` with a slash, such as `/media/`."
  }
}

variable "logs" {
  description = <<-EOT
    What the functions write. Every attribute is optional.

    - `existing_group_name` (none): a log group of yours for every function, instead of one being
      made for each; its retention stays as it is. A name that a plan knows, such as
      `aws_cloudwatch_log_group.media.name`.
    - `retention_days` (30): how long CloudWatch keeps it; 0 for ever.
    - `level` (INFO): DEBUG, INFO, WARN or ERROR.
  EOT
  type = object({
    existing_group_name = optional(string)
    retention_days      = optional(number, 30)
    level               = optional(string, "INFO")
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      var.logs.existing_group_name == null ||
      can(regex("^[A-Za-z0-9_/.#-]{1,512}$", var.logs.existing_group_name))
    )
    error_message = "Give `logs.existing_group_name` as a log group's name, such as /acme/media, not its ARN."
  }

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
