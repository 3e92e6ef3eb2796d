variable "account" {
  description = "Where the table lives: `id`, `partition` and `region`, for its ARN."
  type        = object({ id = string, partition = string, region = string })
  nullable    = false
}

variable "name" {
  description = "The table's name, at most 255 characters."
  type        = string
  nullable    = false
}

variable "existing_name" {
  description = "The name of a table to use instead of making one."
  type        = string
  default     = null
}

variable "key" {
  description = "The attributes, both strings, that the table is keyed by: `hash`, and `range` if there are two."
  type        = object({ hash = string, range = optional(string) })
  nullable    = false
}

variable "verify" {
  description = "Whether to look the existing table and its key up."
  type        = bool
  default     = false
  nullable    = false
}

variable "point_in_time_recovery" {
  description = "Whether the table can be restored to any second of the last 35 days."
  type        = bool
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted."
  type        = bool
  nullable    = false
}

variable "tags" {
  description = "Tags of the table."
  type        = map(string)
  default     = {}
  nullable    = false
}
