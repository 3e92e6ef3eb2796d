variable "endpoint" {
  description = "Where the embedded AWS listens, such as `http://127.0.0.1:5000`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https?://[^/]+$", var.endpoint))
    error_message = "Write `endpoint` as scheme, host and port alone, such as http://127.0.0.1:5000."
  }
}

variable "artifacts_directory" {
  description = "The folder that `make build` fills, relative to this one or absolute."
  type        = string
  default     = "../../build"
  nullable    = false
}

variable "name" {
  description = "What the names of everything begin with."
  type        = string
  default     = "demo"
  nullable    = false
}

variable "region" {
  description = "The region that the embedded AWS plays."
  type        = string
  default     = "us-east-1"
  nullable    = false
}

variable "architecture" {
  description = "What the artifacts were built for: `x86_64` or `arm64`."
  type        = string
  default     = "x86_64"
  nullable    = false
}

variable "runtime" {
  description = "The Python that the artifacts were built for, such as `python3.13`."
  type        = string
  default     = "python3.13"
  nullable    = false
}
