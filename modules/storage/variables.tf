variable "account" {
  description = "Where the bucket lives: `partition`, `region` and `dns_suffix`, for its ARN and its host name."
  type        = object({ partition = string, region = string, dns_suffix = string })
  nullable    = false
}

variable "name" {
  description = "The bucket's name, at most 63 characters."
  type        = string
  nullable    = false
}

variable "existing_name" {
  description = "The name of a bucket to use instead of making one; nothing but its notifications is ever written."
  type        = string
  default     = null
}

variable "manage_notifications" {
  description = "Whether to write the bucket's notification document, which replaces the one there is: EventBridge on, and nothing else."
  type        = bool
  nullable    = false
}

variable "verify" {
  description = "Whether to look the existing bucket up."
  type        = bool
  default     = false
  nullable    = false
}

variable "force_destroy" {
  description = "Whether destroying the bucket may take the objects in it along."
  type        = bool
  nullable    = false
}

variable "versioning" {
  description = "Whether an overwritten or deleted object stays as a noncurrent version."
  type        = bool
  nullable    = false
}

variable "kms_key_arn" {
  description = "The KMS key that encrypts the objects; null for S3's own keys (AES256)."
  type        = string
  default     = null
}

variable "cors" {
  description = "Rules for browsers that upload or read directly, by a name of your own."
  type = map(object({
    allowed_origins = list(string)
    allowed_methods = list(string)
    allowed_headers = list(string)
    expose_headers  = list(string)
    max_age_seconds = number
  }))
  default  = {}
  nullable = false
}

variable "abort_incomplete_uploads_days" {
  description = "Days after which the parts of an unfinished multipart upload are removed."
  type        = number
  nullable    = false
}

variable "expire_noncurrent_days" {
  description = "Days after which a noncurrent version is removed."
  type        = number
  nullable    = false
}

variable "expire_days" {
  description = "Days after which objects are removed, by key prefix."
  type        = map(number)
  default     = {}
  nullable    = false
}

variable "tags" {
  description = "Tags of the bucket."
  type        = map(string)
  default     = {}
  nullable    = false
}
