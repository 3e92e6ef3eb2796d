variable "region" {
  description = "The region of everything."
  type        = string
  default     = "us-east-1"
  nullable    = false
}

variable "eventbridge" {
  description = "Whether the media bucket tells EventBridge of uploads too."
  type        = bool
  default     = false
  nullable    = false
}
