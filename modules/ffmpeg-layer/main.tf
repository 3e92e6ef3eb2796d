resource "aws_lambda_layer_version" "this" {
  layer_name               = var.name
  description              = "Static ffmpeg and ffprobe in bin/."
  filename                 = var.zip
  source_code_hash         = filebase64sha256(var.zip)
  compatible_architectures = [var.architecture]

  # The functions move to the new version before the old one goes.
  lifecycle {
    create_before_destroy = true
  }
}
