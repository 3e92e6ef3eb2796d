variable "name" {
  description = "The dashboard's name, at most 255 letters, digits, hyphens and underscores; an account has it once for all its regions."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Where the metrics are."
  type        = string
  nullable    = false
}

variable "namespace" {
  description = "The namespace of the metrics that the functions emit themselves."
  type        = string
  nullable    = false
}

variable "functions" {
  description = "By route, each function: its `name`, the `service` it emits metrics as, `memory_mb` and `architecture` for what it costs."
  type = map(object({
    name         = string
    service      = string
    memory_mb    = number
    architecture = string
  }))
  nullable = false
}

variable "sweep" {
  description = "The sweep's function, as one of `functions`; null where there is none."
  type = object({
    name         = string
    service      = string
    memory_mb    = number
    architecture = string
  })
  default = null
}

variable "queues" {
  description = "By route, the names of its `queue` and of its `dead_letter_queue`; empty where nothing is taken in."
  type        = map(object({ queue = string, dead_letter_queue = string }))
  nullable    = false
}

variable "disk_percent" {
  description = "From which share of a function's disk on there is an alarm, drawn as a line."
  type        = number
  nullable    = false
}
