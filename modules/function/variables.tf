variable "account" {
  description = "Where the function lives: `id`, `partition` and `region`, for its ARNs."
  type        = object({ id = string, partition = string, region = string })
  nullable    = false
}

variable "name" {
  description = "The function's name, at most 64 characters."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the function is for, in a sentence."
  type        = string
  nullable    = false
}

variable "zip" {
  description = "The function's deployment package."
  type        = string
  nullable    = false
}

variable "staging_bucket" {
  description = "The bucket by way of which the zip goes to Lambda, which takes 50 MB at most directly; null for directly."
  type        = string
  default     = null
}

variable "handler" {
  description = "The function that Lambda calls, as `module.function`."
  type        = string
  nullable    = false
}

variable "runtime" {
  description = "The Lambda runtime, such as `python3.13`."
  type        = string
  nullable    = false
}

variable "architecture" {
  description = "`x86_64` or `arm64`."
  type        = string
  nullable    = false
}

variable "layers" {
  description = "ARNs of layer versions, at most five."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "sizing" {
  description = "What an invocation may take: `memory_mb`, `timeout_seconds`, `storage_mb` of /tmp."
  type        = object({ memory_mb = number, timeout_seconds = number, storage_mb = number })
  nullable    = false
}

variable "role" {
  description = "The execution role: its `name`, its `path`, its `permissions_boundary` if any; or the `existing_name` of one, which gets the policies only with `attach_policies`, and which all of `assumed_by` must be able to assume; `said_in` is how the caller knows that name."
  type = object({
    name                 = string
    said_in              = optional(string, "iam.existing_role_name")
    assumed_by           = optional(list(string), ["lambda.amazonaws.com"])
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
    existing_name        = optional(string)
    attach_policies      = optional(bool, false)
  })
  nullable = false
}

variable "permissions" {
  description = "By reason, what the function may do besides writing its log; `condition` is as IAM has it."
  type = map(object({
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(string)))
  }))
  nullable = false

  validation {
    condition = alltrue(flatten([for permission in values(var.permissions) : [
      [for action in permission.actions : !strcontains(action, "*")],
      [for resource in permission.resources : resource != "*"],
    ]]))
    error_message = "Name each action in full, and the ARN of what it is for: no `*` in their place."
  }
}

variable "environment" {
  description = "The function's environment variables, at most 4096 bytes in all."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "logs" {
  description = "`retention_days` of the log group, the `level` from which lines are kept, and the `existing_group_name` of a group to use instead of making one."
  type = object({
    retention_days      = number
    level               = string
    existing_group_name = optional(string)
  })
  nullable = false
}

variable "verify" {
  description = "Whether to look an existing role and an existing log group up."
  type        = bool
  default     = false
  nullable    = false
}

variable "alarms" {
  description = "Whether there are alarms (`enabled`), and the SNS topics (`topic_arns`) they tell."
  type        = object({ enabled = bool, topic_arns = list(string) })
  nullable    = false
}

variable "watches" {
  description = "What of Lambda's own metrics there are alarms on: `errors`, `throttles`, `duration`."
  type        = set(string)
  default     = ["errors", "throttles", "duration"]
  nullable    = false
}

variable "own_alarms" {
  description = "Alarms on what the function itself emits, by name: the `statistic` of a metric over `period` seconds (300), or what `expression` makes of those of several, named in lower case, must not pass `threshold`; `description` says what to look at first, and the log group's name is added to it."
  type = map(object({
    metrics     = list(string)
    expression  = optional(string)
    statistic   = string
    period      = optional(number, 300)
    threshold   = number
    description = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for alarm in var.own_alarms : alarm.expression != null || length(alarm.metrics) == 1])
    error_message = "Say in `expression` what the alarm makes of several metrics."
  }
}

variable "redelivery_seconds" {
  description = "After how long a queue hands out again what crashed, so that a single error is not worth an alarm; null where nothing does, and each is."
  type        = number
  default     = null
}

variable "tags" {
  description = "Tags of everything made here."
  type        = map(string)
  default     = {}
  nullable    = false
}
