variable "name" {
  description = "The layer's name, at most 64 characters."
  type        = string
  nullable    = false
}

variable "zip" {
  description = "The file that holds bin/ffmpeg and bin/ffprobe, at most 50 MB."
  type        = string
  nullable    = false
}

variable "architecture" {
  description = "What the binaries run on: `x86_64` or `arm64`."
  type        = string
  nullable    = false
}
