variable "account" {
  description = "Where the schedule lives: `id`, `partition` and `region`, for its ARNs."
  type        = object({ id = string, partition = string, region = string })
  nullable    = false
}

variable "name" {
  description = "The name of the schedule and of its group, at most 64 characters."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the schedule is for, in a sentence."
  type        = string
  nullable    = false
}

variable "expression" {
  description = "When it runs, as EventBridge Scheduler has it, such as `rate(3 hours)`."
  type        = string
  nullable    = false
}

# Not one object: a plan knows the name and the policy, and the ARN is known only once the function
# may do what it has to.
variable "function_name" {
  description = "The name of the function that is invoked."
  type        = string
  nullable    = false
}

variable "function_arn" {
  description = "The ARN of that function."
  type        = string
  nullable    = false
}

variable "invoke_policy" {
  description = "The policy document (JSON) of whoever may invoke that function, and nothing else."
  type        = string
  nullable    = false
}

variable "role" {
  description = "The role as which the Scheduler invokes: its `name`, its `path`, its `permissions_boundary` if any; or the `existing_name` of one, which gets the policy only with `attach_policies`."
  type = object({
    name                 = string
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
    existing_name        = optional(string)
    attach_policies      = optional(bool, false)
  })
  nullable = false
}

variable "alarms" {
  description = "Whether there are alarms (`enabled`), and the SNS topics (`topic_arns`) they tell."
  type        = object({ enabled = bool, topic_arns = list(string) })
  nullable    = false
}

variable "tags" {
  description = "Tags of everything made here; a schedule has its group's."
  type        = map(string)
  default     = {}
  nullable    = false
}
