variable "account" {
  description = "Where the route lives: `id`, `partition` and `region`, for its ARNs, and `dns_suffix`, for its URLs."
  type        = object({ id = string, partition = string, region = string, dns_suffix = string })
  nullable    = false
}

variable "route" {
  description = "The route as the caller's `functions` has it, such as `images`."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The name of the rule and of the queue, at most 64 characters."
  type        = string
  nullable    = false
}

variable "dead_letter_name" {
  description = "The name of the dead-letter queue, at most 80 characters."
  type        = string
  nullable    = false
}

variable "bucket" {
  description = "The name of the bucket whose uploads come in; it must send its events to EventBridge."
  type        = string
  nullable    = false
}

variable "suffixes" {
  description = "How the keys of this route end, such as `.jpg`, in any case."
  type        = list(string)
  nullable    = false
}

variable "key_prefix" {
  description = "How the keys of this route begin; empty for any."
  type        = string
  nullable    = false
}

variable "key_wildcard" {
  description = "What the keys of this route look like, `*` standing for anything, where `key_prefix` is not enough to tell them from others."
  type        = string
  default     = null
}

# Not one object with what follows: the queue takes its visibility from that, and the ARN is known
# only once the function's role may read that queue.
variable "function_arn" {
  description = "The function that the route feeds, known once its role may read the queue."
  type        = string
  nullable    = false
}

variable "log_group" {
  description = "The name of that function's log group, for whoever is told of an alarm."
  type        = string
  nullable    = false
}

variable "visibility_seconds" {
  description = "How long a message that is in work is hidden from others; six times the function's timeout, as AWS advises."
  type        = number
  nullable    = false
}

variable "concurrency" {
  description = "How many messages may be in work at once, 2 to 1000."
  type        = number
  nullable    = false
}

variable "max_receives" {
  description = "How often a message is handed out before it becomes a dead letter."
  type        = number
  nullable    = false
}

variable "alarms" {
  description = "Whether there are alarms (`enabled`), and the SNS topics (`topic_arns`) they tell."
  type        = object({ enabled = bool, topic_arns = list(string) })
  nullable    = false
}

variable "tags" {
  description = "Tags of everything made here."
  type        = map(string)
  default     = {}
  nullable    = false
}
