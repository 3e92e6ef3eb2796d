provider "aws" {
  region = var.region
}

# No upload starts anything: the application invokes the function for each job.
module "media" {
  source = "../.."

  name            = "video-jobs"
  artifacts       = { directory = var.artifacts_directory }
  architecture    = var.architecture
  runtime         = var.runtime
  delivery_domain = "acme-media.s3.${var.region}.amazonaws.com"

  media   = ["videos"]
  intake  = { enabled = false }
  storage = { existing_bucket_name = "acme-media" }
  catalog = { existing_table_name = "acme-videos" }

  recipe = {
    keys = {
      originals = "videos/{name}.{ext}"
      segments  = "processed/{job_id}/{output}"
    }

    videos = { jobs = "segments" }

    jobs = {
      key = { video_id = "job_id" }
      attributes = {
        status              = "status=='completed'&&'COMPLETED'||status=='failed'&&'FAILED'||'PROCESSING'"
        processing_stage    = "processing_stage"
        progress_percentage = "progress_percentage"
        output_s3_keys      = "outputs[].key"
        output_s3_urls      = "outputs[].url"
        error_message       = "error.message"
        segments_created    = "segmentsCreated"
        updated_at          = "updatedAt"
      }
    }
  }
}

# The web application may invoke this one function.
resource "aws_iam_user_policy" "invoke" {
  #checkov:skip=CKV_AWS_40:the application of this example has an IAM user, and invokes as that
  name   = "invoke-video-jobs"
  user   = "acme-web"
  policy = module.media.invoke_policies.videos
}
