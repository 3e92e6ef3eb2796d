variable "name" {
  description = "The layer's name, at most 64 characters."
  type        = string
  nullable    = false
}

variable "zip" {
  description = "The file that holds bin/ffmpeg and bin/ffprobe; not read if there is an `existing` layer."
  type        = string
  nullable    = false
}

variable "staging_bucket" {
  description = "The bucket by way of which the zip goes to Lambda, which takes 50 MB at most directly; null for directly."
  type        = string
  default     = null
}

# An object, so that a plan knows that there is a layer even where its ARN is still to come.
variable "existing" {
  description = "A layer version to use instead of making one: its `arn`."
  type        = object({ arn = string })
  default     = null
}

variable "verify" {
  description = "Whether to look the existing layer up."
  type        = bool
  default     = false
  nullable    = false
}

variable "architecture" {
  description = "What the binaries run on: `x86_64` or `arm64`."
  type        = string
  nullable    = false
}
