variable "region" {
  description = "Where everything lives."
  type        = string
  default     = "eu-central-1"
  nullable    = false
}

variable "artifacts_directory" {
  description = "The folder of the built zips."
  type        = string
  default     = "../../build"
  nullable    = false
}

variable "architecture" {
  description = "What the zips were built for: `x86_64` or `arm64`."
  type        = string
  default     = "x86_64"
  nullable    = false
}

variable "runtime" {
  description = "The Python that the zips were built for."
  type        = string
  default     = "python3.13"
  nullable    = false
}
