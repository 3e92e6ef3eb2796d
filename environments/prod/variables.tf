variable "project" {
  description = "What the names of everything begin with, before `-prod`; also the tag `project`."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The AWS account this is for; credentials of another one are refused."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Write `account_id` as the account's twelve digits, in quotes, such as \"123456789012\"."
  }
}

variable "region" {
  description = "Where everything is made, such as `eu-central-1`."
  type        = string
  nullable    = false
}

variable "artifacts_directory" {
  description = "The folder of the zips, relative to this one or absolute: what `make build` fills, or an unpacked release."
  type        = string
  default     = "../../build"
  nullable    = false
}

variable "architecture" {
  description = "What the artifacts were built for: `x86_64` or `arm64`."
  type        = string
  default     = "x86_64"
  nullable    = false
}

variable "recipe" {
  description = "The module's `recipe`: differences to the default one."
  type        = any
  default     = {}
  nullable    = false
}

variable "alarm_topic_arns" {
  description = "The SNS topics that the alarms tell, one to five."
  type        = list(string)
  nullable    = false

  validation {
    condition = length(var.alarm_topic_arns) > 0 && alltrue([
      for arn in var.alarm_topic_arns : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:", arn))
    ])
    error_message = "Give `alarm_topic_arns` at least one topic's ARN, such as arn:aws:sns:eu-central-1:123456789012:on-call: an alarm in production must reach someone."
  }
}
