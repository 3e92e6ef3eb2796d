variable "account" {
  description = "Where the topic lives: `id`, `partition` and `region`, for its ARN."
  type        = object({ id = string, partition = string, region = string })
  nullable    = false
}

variable "name" {
  description = "The topic's name, at most 256 characters."
  type        = string
  nullable    = false
}

variable "emails" {
  description = "Addresses that are told, once whoever reads them has followed the link in SNS's first mail."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "tags" {
  description = "Tags of the topic."
  type        = map(string)
  default     = {}
  nullable    = false
}
